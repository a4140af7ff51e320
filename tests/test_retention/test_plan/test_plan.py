from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import CALL, MAIL, POINTS, SECRET, TIERS, action, audience, catalogue

from features.errors import ConfigError
from retention.plan import solver
from retention.plan.audience import Audience
from retention.plan.eligibility import eligible
from retention.plan.gains import Points, gains_of
from retention.plan.plan import HELD, TREATED, Plan, make_plan

LIMITS: dict[str, Any] = {
    "budget": {"total": 200.0, "tiers": {"Gold": 60.0, "Base": 50.0}},
    "capacity": {"phone": 25, "post": 120},
    "hold_out": {"share": 0.2, "tiers": {"Gold": 0.4}},
}


@settings(max_examples=6)
@given(seed=st.integers(0, 10_000), total=st.floats(0, 500), gold=st.floats(0, 200), phone=st.integers(0, 80))
def test_no_limit_is_broken_and_nobody_is_treated_who_may_not_be(seed: int, total: float, gold: float, phone: int) -> None:
    random = np.random.default_rng(seed)
    who = replace(
        audience(250, seed), consent=random.integers(-1, 2, 250).astype(np.int8), contacts=random.integers(0, 4, 250)
    )
    limits = {"budget": {"total": total, "tiers": {"Gold": gold}}, "capacity": {"phone": phone}}
    made = catalogue(**limits, pressure={"most": 2, "days": 30})
    plan = make_plan(made, who, SECRET)
    treated = np.flatnonzero(plan.treated)
    cost = gains_of(made, who).cost[treated, plan.choice[treated]]
    is_gold = who.tier[treated] == TIERS.index("Gold")
    assert cost.sum() <= total + 1e-6
    assert cost[is_gold].sum() <= gold + 1e-6
    assert (plan.choice[treated] == 0).sum() <= phone
    for i in np.flatnonzero(plan.choice >= 0):
        chosen = made.actions[plan.choice[i]]
        assert not chosen.needs_contact or (who.consent[i] == 1 and who.contacts[i] < 2)
        assert chosen.id != "points" or who.tier[i] > 0
    assert not (plan.treated & plan.held).any()
    assert plan.solution.gap < 1e-3
    counts = sum(each.left_out for each in plan.left_out) + int((plan.choice >= 0).sum())
    assert counts == len(who)
    assert plan.by_risk <= plan.solution.bound + 1e-6
    assert plan.by_value <= plan.solution.bound + 1e-6


def test_the_hold_out_has_its_share_and_stays() -> None:
    who = audience(6000)
    made = catalogue(hold_out=LIMITS["hold_out"])
    plan = make_plan(made, who, SECRET)
    for tier, share in ((0, 0.2), (1, 0.2), (2, 0.4)):
        own = plan.held[who.tier == tier]
        assert abs(own.mean() - share) < 4 * math.sqrt(share * (1 - share) / len(own))
    # Forecast again, with half the members gone and others in other tiers of the same share: nobody changes arms.
    random = np.random.default_rng(9)
    kept = random.permutation(6000)[:3000]
    again = audience(3000, 77, ids=who.ids[kept].tolist())
    again = replace(again, tier=np.where(who.tier[kept] == 2, 2, random.integers(0, 2, 3000)))
    np.testing.assert_array_equal(make_plan(made, again, SECRET).held, plan.held[kept])


def standardised(plan: Plan, who: Audience) -> list[float]:
    """Differences of the arms at the start, each over its standard error, within tiers of the same share."""
    own = who.tier < 2
    treated, held = (own & (plan.arm == arm) for arm in (TREATED, HELD))
    found = []
    for values in (who.p_churn, who.if_stays, who.spend, plan.choice.astype(float)):
        a, b = values[treated], values[held]
        found.append((a.mean() - b.mean()) / math.sqrt(a.var() / len(a) + b.var() / len(b)))
    # As many are held back as were to be: the plan chooses as often from either.
    share, n = held.sum() / (held.sum() + treated.sum()), held.sum() + treated.sum()
    return [*found, (share - 0.2) / math.sqrt(0.16 / n)]


def test_the_arms_differ_by_the_draw_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over campaigns, standardised differences at the start are those of chance: no bias, variance one."""
    monkeypatch.setattr(solver, "_CLOSE", 1e-3)  # plans soon found are as good here
    who = audience(700)
    found = np.array([standardised(make_plan(catalogue(**LIMITS, campaign=f"c{k}"), who, SECRET), who) for k in range(10)])
    assert np.abs(found.mean(axis=0)).max() < 3.5 / math.sqrt(10)
    assert 0.5 < np.sqrt((found**2).mean()) < 1.4
    assert np.abs(found).max() < 4.5


def test_better_than_greed_in_money() -> None:
    plan = make_plan(catalogue(**LIMITS), audience(500), SECRET)
    assert plan.solution.value > 1.2 * max(plan.by_risk, plan.by_value)


def test_members_without_a_tier_share_the_total_only() -> None:
    who = audience(200)
    who.tier[:50] = -1
    plan = make_plan(catalogue(CALL, MAIL, budget={"total": 40.0, "tiers": dict.fromkeys(TIERS, 0.0)}), who, SECRET)
    treated = np.flatnonzero(plan.treated)
    assert len(treated)
    assert (who.tier[treated] == -1).all()


def test_consent_has_to_be_known_of_somebody() -> None:
    unknown = audience(30, consent=None)
    with pytest.raises(
        ConfigError, match="nobody is contacted without consent; got no consent, and 'call' contacts members"
    ):
        make_plan(catalogue(), unknown, SECRET)
    assert make_plan(catalogue(POINTS), unknown, SECRET).treated.any()
    assert make_plan(catalogue(unknown_consent="included"), unknown, SECRET).treated.any()


def test_the_same_to_the_bit_again() -> None:
    plans = [make_plan(catalogue(**LIMITS), audience(120), SECRET) for _ in range(2)]
    np.testing.assert_array_equal(plans[0].choice, plans[1].choice)
    assert plans[0].solution.value == plans[1].solution.value


def test_a_measured_effect_moves_the_plan() -> None:
    who, said = audience(300), []
    nobody = make_plan(catalogue(action()), who, SECRET, {"call": Points(np.zeros(300), np.zeros(300))}, said.append)
    assert not nobody.treated.any()
    assert [each.left_out for each in nobody.left_out if each.rule == "no_gain"] == [300]
    assert eligible(catalogue(action()), who).members.all()
    assert said
