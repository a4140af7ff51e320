from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from effects import write_campaign

import features
from features.histories import Histories
from features.policy import TierPolicy
from retention.effect.campaign import Campaign, read_campaign
from retention.effect.intended import Intended, read_intended
from retention.effect.measured import measure
from retention.effect.planning import planned
from retention.effect.power import detectable
from serving.describing.effect_text import to_text


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("campaign")
    write_campaign(folder, 900, more_return=0.1)
    return folder


@pytest.fixture(scope="module")
def histories(place: Path) -> Histories:
    return features.from_log(features.check(str(place / "log.csv")))


@pytest.fixture(scope="module")
def campaign(place: Path) -> Campaign:
    return read_campaign(place / "campaign.csv")


def test_the_truth_is_within_the_interval(place: Path, histories: Histories, campaign: Campaign) -> None:
    found = measure(campaign, histories, intended=read_intended(place / "actions.yaml"))
    assert not found.findings.refused
    returned = found.findings.overall("returned")
    assert returned is not None
    assert returned.told.low < 0.1 < returned.told.high
    assert returned.told.adjusted
    assert {one.by for one in found.findings.found} == {"all", "tier", "temperature_band", "action"}
    tiers = [one.slice for one in found.findings.found if (one.by, one.outcome) == ("tier", "returned")]
    assert tiers == ["Gold", "Member", "Silver"]  # without a policy nobody knows which is higher
    assert found.worth is not None
    assert found.worth.cost == 1.5 * campaign.treated.sum()
    assert found.worth.margin is not None


def test_tiers_and_bands_stand_from_the_highest_on(place: Path, histories: Histories, campaign: Campaign) -> None:
    found = measure(campaign, histories, TierPolicy.from_yaml(place / "policy.yaml")).findings.found
    of_tiers, of_bands = (
        [one.slice for one in found if (one.by, one.outcome) == (by, "returned")] for by in ("tier", "temperature_band")
    )
    assert of_tiers == ["Gold", "Silver", "Member"]
    assert of_bands == ["warm", "cold"]


def test_what_the_plan_could_see_is_near_what_was_seen(histories: Histories, campaign: Campaign) -> None:
    found = measure(campaign, histories)
    before = planned(campaign, histories.before(campaign.as_of))
    assert before == found.planned
    for outcome, least in before.items():
        one = found.findings.overall(outcome)
        assert one is not None
        assert one.detectable == detectable(one.told.se)
        assert 0.4 < least / one.detectable < 1.7


def test_the_files_own_shares_are_what_was_meant(histories: Histories, campaign: Campaign) -> None:
    for share, refused in ((0.2, []), (0.1, ["sample_ratio"])):
        numbers = {**campaign.numbers, "hold_out_share": np.full(len(campaign), share)}
        found = measure(replace(campaign, numbers=numbers), histories)
        assert [one.reason for one in found.findings.refused] == refused
        assert len(found.findings.checks[0].ratios) == 4


def test_nobody_held_out_is_refused(histories: Histories, campaign: Campaign) -> None:
    found = measure(replace(campaign, treated=np.ones(len(campaign), bool)), histories)
    assert [one.reason for one in found.findings.refused] == ["no_hold_out"]
    assert found.worth is None


def test_a_file_that_tells_of_no_draw_is_refused_unless_somebody_does(histories: Histories, campaign: Campaign) -> None:
    bare = replace(campaign, drawn=False)
    found = measure(bare, histories)
    assert [one.reason for one in found.findings.refused] == ["not_drawn"]
    assert not found.findings.found
    assert not measure(bare, histories, intended=Intended(0.2)).findings.refused


def test_a_treatment_that_followed_the_forecast_is_refused(histories: Histories, campaign: Campaign) -> None:
    found = measure(replace(campaign, treated=campaign.numbers["p_churn"] > 0.4), histories)
    assert [one.reason for one in found.findings.refused] == ["followed"]
    assert "p_churn" in found.findings.refused[0].said.en
    assert not found.findings.found


def test_who_has_nobody_to_be_compared_with_is_in_no_sum(histories: Histories, campaign: Campaign) -> None:
    """Three treated members in a tier of their own: neither what they brought nor what they cost is counted."""
    own = np.isin(np.arange(len(campaign)), np.flatnonzero(campaign.treated)[:3])
    alone = replace(campaign, texts={**campaign.texts, "tier": np.where(own, "Diamond", campaign.texts["tier"])})
    found = measure(alone, histories)
    assert found.worth is not None
    assert found.findings.sizes["treated"] - found.worth.treated == 3
    assert found.worth.cost == 1.5 * found.worth.treated
    returned = found.findings.overall("returned")
    assert returned is not None
    assert found.worth.returned is not None
    assert found.worth.returned.value == pytest.approx(returned.told.value * found.worth.treated)
    assert "in no comparison: 3 members of strata" in to_text(found.findings, [found.worth])
