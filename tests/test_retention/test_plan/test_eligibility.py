from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import CALL, MAIL, POINTS, TIERS, action, audience, catalogue

from features.errors import ConfigError
from retention.plan.eligibility import RULES, check_tiers, eligible


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_every_cell_by_the_rules_read_aloud(seed: int, data: st.DataObject) -> None:
    random = np.random.default_rng(seed)
    who = replace(
        audience(120, seed),
        consent=random.integers(-1, 2, 120).astype(np.int8),
        contacts=random.integers(0, 4, 120),
        since_contact=random.choice([1.0, 20.0, np.inf], 120),
    )
    narrow = {
        "tiers": data.draw(st.sampled_from([["Base"], ["Silver", "Gold"]])),
        "stages": ["loyal"],
        "bands": ["cool", "warm", "hot"],
        "p_churn": {"from": 0.05},
        "value_at_risk": {"to": 150.0},
        "since_contact_days": 14,
    }
    unknown = data.draw(st.sampled_from(["left_out", "included"]))
    made = catalogue(CALL, action("gift", who=narrow), POINTS, pressure={"most": 2, "days": 30}, unknown_consent=unknown)
    found = eligible(made, who)
    for i in range(len(who)):
        tier, agrees = TIERS[who.tier[i]], who.consent[i] == 1 or (who.consent[i] == -1 and unknown == "included")
        call = agrees and who.contacts[i] < 2
        gift = (
            call
            and tier in narrow["tiers"]
            and who.stage[i] == "loyal"
            and who.band[i] != "cold"
            and who.p_churn[i] >= 0.05
            and who.value_at_risk[i] <= 150
            and who.since_contact[i] >= 14
        )
        assert found.cells[i].tolist() == [call, gift, tier != "Base"]
    # Whoever is left out is left out by one rule.
    assert sum(each.left_out for each in found.left_out) == int((~found.members).sum())
    assert all(each.closed >= each.left_out for each in found.left_out)
    assert [each.rule for each in found.left_out] == [rule.name for rule in RULES]


def test_how_many_each_rule_leaves_out() -> None:
    who = replace(audience(6), consent=np.array([1, 0, 0, -1, 1, 1], np.int8), tier=np.array([0, 0, 2, 0, 2, 0]))
    found = {each.rule: (each.closed, each.left_out) for each in eligible(catalogue(CALL, MAIL, POINTS), who).left_out}
    assert found["no_consent"] == (2, 0)
    assert found["unknown_consent"] == (1, 0)
    assert found["tier"] == (4, 2)  # those without consent in a tier without an action that needs none


def test_without_money_nobody_is_planned_for() -> None:
    who = audience(3)
    who.if_stays[1] = np.nan
    assert eligible(catalogue(CALL), who).members.tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"budget": {"tiers": {"Platinum": 5}}}, r"budget\.tiers: this is a tier of the forecasts.*'Platinum'"),
        ({"actions": [action(who={"tiers": ["Bronze"]})]}, r"actions\[0\]\.who\.tiers: .*'Bronze'"),
    ],
)
def test_a_tier_that_nobody_knows(said: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_tiers(catalogue(**said), audience())
    check_tiers(catalogue(POINTS), audience())


def test_an_action_for_nobody() -> None:
    made = catalogue(CALL, action("gift", who={"value_at_risk": {"from": 1e9}}))
    with pytest.raises(ConfigError, match="nobody for 'gift' of 300 members: all that were left have another value at risk"):
        eligible(made, audience())


def test_nobody_has_agreed() -> None:
    with pytest.raises(ConfigError, match="all that were left have not agreed to be contacted"):
        eligible(catalogue(CALL), audience(consent=0))
