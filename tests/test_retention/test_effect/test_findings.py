from __future__ import annotations

import numpy as np
import pytest
from trials import simulate

from retention.effect.corrected import holm
from retention.effect.difference import difference
from retention.effect.findings import findings
from retention.trial.table import TrialTable

NAMES = ("Member", "Silver", "Gold")


@pytest.fixture(scope="module")
def trial() -> TrialTable:
    """Three arms; the third does a lot."""
    rng = np.random.default_rng(1)
    made = simulate(rng, 2400, 0.4)
    arm = np.where(made.treated, np.where(rng.random(2400) < 0.25, 2, 1), 0)
    spend = made.spend + 40.0 * (arm == 2)
    return TrialTable(
        np.arange(2400),
        arm,
        ("none", "mail", "call"),
        {"returned": made.returned, "spend": spend},
        {"p_churn": made.p_churn, "expected_spend": made.expected_spend},
        made.strata,
        NAMES,
    )


def test_each_arm_against_the_control(trial: TrialTable) -> None:
    tier = np.array(NAMES)[trial.strata]
    adjust = {"returned": ("p_churn",), "spend": ("expected_spend",)}
    found = findings(trial, shares=(0.4, 0.45, 0.15), slices={"tier": tier}, adjust=adjust)
    assert not found.refused
    assert found.binary == {"returned"}
    assert [one.arm for one in found.checks] == ["mail", "call"]
    assert len(found.found) == 2 * 2 * (1 + 3)
    call = found.overall("spend", "call")
    assert call is not None
    assert call.told.low < 40 + 0.05 * 60 < call.told.high
    two = trial.against(2)
    own = difference(two.outcomes["spend"], two.treated(), two.strata, two.covariates["expected_spend"][:, None])
    assert call.told == own
    gold = next(one for one in found.found if (one.arm, one.outcome, one.slice) == ("mail", "returned", "Gold"))
    inside = trial.against(1).where(np.asarray(trial.against(1).strata) == 2)
    assert gold.plain == difference(inside.outcomes["returned"], inside.treated(), inside.strata)


def test_p_is_corrected_within_its_family(trial: TrialTable) -> None:
    found = findings(trial, slices={"tier": np.array(NAMES)[trial.strata]})
    overall = [one for one in found.found if one.by == "all"]
    assert [one.p for one in overall] == holm([one.told.p for one in overall])
    tiers = [one for one in found.found if (one.arm, one.outcome, one.by) == ("mail", "spend", "tier")]
    assert [one.p for one in tiers] == holm([one.told.p for one in tiers])


def test_an_arm_that_cannot_be_compared_has_no_difference(trial: TrialTable) -> None:
    rng = np.random.default_rng(2)
    followed = trial.where((trial.arm != 2) | (rng.random(2400) < trial.covariates["p_churn"]))
    found = findings(followed)
    assert {one.arm for one in found.refused} == {"call"}
    assert {one.arm for one in found.found} == {"mail"}
    assert found.overall("spend", "call") is None


def test_a_wrong_ratio_is_refused(trial: TrialTable) -> None:
    found = findings(trial, shares=dict.fromkeys(NAMES, (0.2, 0.6, 0.2)))
    assert {one.reason for one in found.refused} == {"sample_ratio"}
    assert not found.found


def test_slices_stand_in_the_order_that_is_asked_and_in_one_for_all_arms(trial: TrialTable) -> None:
    tier = np.array(["", "Gold", "Silver", "Member", "Bronze"])[np.arange(len(trial)) % 5]
    for orders, names in (({"tier": NAMES}, [*NAMES, "Bronze"]), ({}, ["Bronze", "Gold", "Member", "Silver"])):
        found = findings(trial, slices={"tier": tier}, orders=orders)
        for arm in ("mail", "call"):
            assert [one.slice for one in found.found if (one.arm, one.outcome) == (arm, "spend")] == ["all", *names]
