from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import TIERS, action, audience, catalogue

from features.errors import ConfigError
from retention.plan.action import OnReturn
from retention.plan.gains import Points, gains_of, points_gained, standard_error


@settings(max_examples=30)
@given(seed=st.integers(0, 1000), added=st.floats(-0.3, 0.3), more=st.floats(-0.5, 0.5), kept=st.floats(-0.2, 0.2))
def test_the_gain_is_the_difference_of_two_worlds(seed: int, added: float, more: float, kept: float) -> None:
    """An oracle member by member: what is expected without the action, and with it."""
    who = audience(40, seed)
    cost = {"fixed": 1.0, "per_return": 2.0, "per_spend": 0.05}
    effect = {"return": {"mean": added}, "spend": {"mean": more}, "tier": {"mean": kept}}
    made = catalogue(action(cost=cost, effect=effect), tier_is_worth={"Gold": 40.0, "Silver": 10.0}, margin_share=0.25)
    found = gains_of(made, who)
    for i in range(len(who)):
        returns = 1.0 - who.p_churn[i]
        then = min(max(returns + added, 0.0), 1.0)
        before = returns * who.if_stays[i] + who.p_churn[i] * who.otherwise[i]
        extra = more * who.spend[i]
        after = then * (who.if_stays[i] + 0.25 * extra) + (1.0 - then) * who.otherwise[i]
        keeps = min(max(who.p_keep[i] + kept, 0.0), 1.0)
        worth = {"Base": 0.0, "Silver": 10.0, "Gold": 40.0}[TIERS[who.tier[i]]]
        after += (keeps - who.p_keep[i]) * worth
        costs = 1.0 + then * (2.0 + 0.05 * max(who.spend[i] + extra, 0.0))
        assert found.gain[i, 0] == pytest.approx(after - costs - before, abs=1e-9)
        assert found.cost[i, 0] == pytest.approx(costs)
        assert found.returns[i, 0] == pytest.approx(then - returns)


@settings(max_examples=30)
@given(p=st.floats(0.0, 1.0), mean=st.floats(-1.0, 1.0), log_odds=st.floats(-8.0, 8.0))
def test_no_effect_makes_a_probability_of_what_is_none(p: float, mean: float, log_odds: float) -> None:
    for change in (OnReturn(mean=mean), OnReturn(mean=log_odds, scale="log_odds")):
        then = 1.0 - p + points_gained(change, np.array([p]))[0]
        assert -1e-12 <= then <= 1.0 + 1e-12
    added = points_gained(OnReturn(mean=log_odds, scale="log_odds"), np.array([p]))[0]
    if 0.01 < p < 0.99:
        odds = (1.0 - p + added) / (p - added)
        assert np.log(odds) == pytest.approx(np.log((1.0 - p) / p) + log_odds, abs=1e-6)


def test_everything_counts_the_whole_value_at_risk() -> None:
    who = audience(20)
    sure = action(cost=0.0, effect={"return": {"mean": 1.0}})
    everything = gains_of(catalogue(sure, return_is_worth="everything"), who).saved[:, 0]
    np.testing.assert_allclose(everything, who.value_at_risk)
    added = gains_of(catalogue(sure), who).saved[:, 0]
    np.testing.assert_allclose(added, who.value_at_risk - who.p_churn * who.otherwise)


def test_spend_as_an_experiment_measures_it_is_not_counted_twice() -> None:
    """The same truth said in two ways: per buyer, and per member with what comes of returning in it."""
    who = audience(1)
    returns, spend = 1.0 - who.p_churn[0], who.spend[0]
    per_member = (returns + 0.01) * (spend + 4.0) - returns * spend
    effects = [{"mean": 4.0, "scale": "absolute"}, {"mean": per_member, "scale": "per_member"}]
    cost = {"fixed": 0.5, "per_spend": 0.1}
    gains = [
        gains_of(catalogue(action(cost=cost, effect={"return": {"mean": 0.01}, "spend": effect})), who) for effect in effects
    ]
    assert gains[0].gain[0, 0] == pytest.approx(gains[1].gain[0, 0])
    assert gains[0].cost[0, 0] == pytest.approx(gains[1].cost[0, 0])


def test_of_spend_a_share_is_left() -> None:
    made = catalogue(action(cost=1.0))
    spend, margin = (gains_of(made, replace(audience(5), value_of=of)).saved for of in ("spend", "margin"))
    np.testing.assert_allclose(spend, 0.3 * margin)


@pytest.mark.parametrize(
    ("value_of", "effect"), [("spend", {"return": {"mean": 0.1}}), ("margin", {"spend": {"mean": 0.1}})]
)
def test_somebody_has_to_say_what_is_left(value_of: str, effect: dict[str, Any]) -> None:
    made = catalogue(action(effect=effect), margin_share=None)
    with pytest.raises(ConfigError, match="margin_share"):
        gains_of(made, audience(5, value_of=value_of))


def test_effects_member_by_member_take_the_place_of_the_mean() -> None:
    who = audience(3)
    moved = np.array([0.5, -0.5, 0.0]) * np.array([who.p_churn[0], 1 - who.p_churn[1], 1.0])
    given = {"call": Points(moved, np.zeros(3))}
    np.testing.assert_allclose(gains_of(catalogue(action()), who, given).returns[:, 0], moved)


def test_uncertainty_is_that_of_the_effects() -> None:
    """Against a simulation: an effect drawn once for everybody, many times."""
    who, random = audience(60), np.random.default_rng(1)
    effect = {"return": {"mean": 0.2, "sd": 0.05, "scale": "log_odds"}, "spend": {"mean": 0.1, "sd": 0.04}}
    made = catalogue(action(effect=effect), action("other", effect={"return": {"mean": 0.01, "sd": 0.002}}))
    chosen = random.integers(-1, 2, len(who))
    sums = []
    for _ in range(400):
        drawn = {
            "return": {"mean": random.normal(0.2, 0.05), "scale": "log_odds"},
            "spend": {"mean": random.normal(0.1, 0.04)},
        }
        other = {"return": {"mean": random.normal(0.01, 0.002)}}
        gain = gains_of(catalogue(action(effect=drawn), action("other", effect=other)), who).gain
        sums.append(sum(gain[chosen == a, a].sum() for a in (0, 1)))
    assert standard_error(made, who, chosen) == pytest.approx(np.std(sums), rel=0.12)


def test_errors_of_single_members_take_the_place_of_the_catalogue_s() -> None:
    """Each member's own error in money, all in one direction; the action's other effects stay as uncertain as they were."""
    who = audience(40)
    made = catalogue(action(cost=0.0, effect={"return": {"mean": 0.4, "sd": 0.3}, "tier": {"mean": 0.01, "sd": 0.002}}),
                     tier_is_worth={"Gold": 50.0})  # fmt: skip
    chosen, sd = np.where(np.arange(40) < 30, 0, -1), np.linspace(0.0, 1e-4, 40)
    given = {"call": Points(np.full(40, 0.0), sd)}
    alone = standard_error(made, who, chosen, {"call": Points(np.full(40, 0.0), np.zeros(40))})
    assert alone == pytest.approx(0.002 * 50.0 * (who.tier[:30] == 2).sum())
    of_members = (sd * (who.if_stays - who.otherwise))[:30].sum()
    assert standard_error(made, who, chosen, given) == pytest.approx(np.hypot(of_members, alone), rel=1e-6)
    # An action of which the catalogue says nothing on return is as uncertain as its members' gains.
    tier = catalogue(action(cost=0.0, effect={"tier": {"mean": 0.01}}), tier_is_worth={"Gold": 50.0})
    assert standard_error(tier, who, chosen, given) == pytest.approx(of_members, rel=1e-6)


def test_returns_and_the_spend_they_bring_are_wrong_together() -> None:
    """One campaign measured both: the interval is at least that of any correlation from 0 to 1."""
    who, chosen = audience(30), np.zeros(30, np.int64)
    returning, spend = {"mean": 0.001, "sd": 1e-4}, {"mean": 2.0, "sd": 0.5, "scale": "per_member"}
    parts = [
        standard_error(catalogue(action(effect={"return": one, "spend": two})), who, chosen)
        for one, two in ((returning, {**spend, "sd": 0.0}), ({**returning, "sd": 0.0}, spend), (returning, spend))
    ]
    assert parts[2] == pytest.approx(parts[0] + parts[1])
    apart = [
        standard_error(catalogue(action(effect={"return": one, "spend": {"mean": 0.1, "sd": sd}})), who, chosen)
        for one, sd in ((returning, 0.0), ({**returning, "sd": 0.0}, 0.05), (returning, 0.05))
    ]
    assert apart[2] == pytest.approx(np.hypot(apart[0], apart[1]))
