"""The next tier of any policy: what always holds, whatever the rules."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from programmes import Pages, memoryless, pages, policies, to_histories

from features.feature_table import FeatureTable, build
from features.futures import Paths
from features.histories import Histories
from features.operators import Floats
from features.playing import WHOLE
from features.policy import TierPolicy
from features.rulebook import rulebook
from training.added import AddedModel, At
from training.next_tier import RANKS, NextTier, Other, by_needs
from training.paths import Bank
from training.residuals import Residuals
from training.tabulated import TabulatedTrees

HORIZON, LOOKBACK = 28, 120
NORMAL = Residuals.fit(np.random.default_rng(0).normal(size=2_000))


def constant(value: float) -> TabulatedTrees:
    return TabulatedTrees("", value, 0)


ADDED = AddedModel(constant(3.0), constant(0.0), NORMAL, False)


def next_tier(policy: TierPolicy, *, mean: float = 3.0) -> NextTier:
    """A forecast with everything constant: two paths, one early and one spread out, and columns that go together."""
    columns = len(rulebook(policy).columns)
    share = np.tile([[WHOLE, 1000, 3000, WHOLE]], (columns, 1))
    paths = Paths(np.array([0, 1, 4]), np.array([2, 5, 16, 25]), share, np.ones((columns, 2)))
    return NextTier(
        policy,
        HORIZON,
        LOOKBACK,
        0.0,
        added=replace(ADDED, mean=constant(mean)),
        bank=Bank(paths, np.empty(0, np.int64), 2),
        others=tuple(Other(c, constant(1.0), 0.5) for c in range(1, columns)),
        z=np.linspace(-3.0, 3.0, len(RANKS)),
    )


def described(diaries: list[Pages], policy: TierPolicy, after: int) -> tuple[Histories, FeatureTable, dt.date]:
    known = to_histories([(diary, None) for diary in diaries])
    cutoff = max(min(diary) for diary in diaries) + dt.timedelta(days=after)
    table = build(known, [cutoff], horizon_days=HORIZON, lookback_days=500, policy=policy, features=())
    return known, table, cutoff


def forecast(model: NextTier, p: float, table: FeatureTable) -> Floats:
    found = model.probabilities(np.full(len(table), p), None, table)
    assert found is not None
    return found


@settings(max_examples=40)
@given(st.lists(pages(), min_size=1, max_size=3), policies(), st.integers(1, 300), st.floats(0, 1))
def test_what_always_holds(diaries: list[Pages], content: dict[str, Any], after: int, p: float) -> None:
    policy = TierPolicy.from_dict(content)
    known, table, cutoff = described(diaries, policy, after)
    model = next_tier(policy)
    found = forecast(model, p, table)
    assert found.shape == (len(table), len(policy.tiers))
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=0, atol=1e-12)
    # nothing happens with probability p, and leaves what is secured
    assert table.state is not None
    nothing = np.eye(len(policy.tiers))[table.state.secured]
    np.testing.assert_array_equal(forecast(model, 1.0, table), nothing)
    np.testing.assert_allclose(found, p * nothing + (1.0 - p) * forecast(model, 0.0, table), rtol=0, atol=1e-12)
    # alone as beside others
    for row, member in enumerate(table.panel.member.tolist()):
        alone = build(
            known.select(np.array([member])), [cutoff], horizon_days=HORIZON, lookback_days=500, policy=policy, features=()
        )
        np.testing.assert_array_equal(forecast(model, p, alone)[0], found[row])


@settings(max_examples=40)
@given(pages(), memoryless(("spend", "orders", "earned", "score")), st.integers(1, 300), st.integers(1, 40))
def test_higher_thresholds_never_help_and_more_never_hurts(
    diary: Pages, content: dict[str, Any], after: int, more: int
) -> None:
    raised = json.loads(json.dumps(content))
    for tier in raised["tiers"][1:]:
        reach = tier["reach"]
        tier["reach"] = {name: value + more for name, value in reach.items()} if isinstance(reach, dict) else reach + more
    if "score" in str(content):
        raised = content  # a hundred is all that a score can be
    policy, harder = TierPolicy.from_dict(content), TierPolicy.from_dict(raised)

    def at_least(policy: TierPolicy, mean: float = 3.0) -> Floats:
        found = forecast(next_tier(policy, mean=mean), 0.3, described([diary], policy, after)[1])
        return found[:, ::-1].cumsum(axis=1)[:, ::-1]

    assert (at_least(harder) <= at_least(policy) + 1e-12).all()
    # Levels stand for the amounts around them, so a shift of the amounts is seen within a level.
    assert (at_least(policy, 3.5) >= at_least(policy) - 0.02).all()


@settings(max_examples=40)
@given(pages(), memoryless(("spend", "orders", "earned")), st.integers(1, 300), st.floats(0, 1))
def test_playing_agrees_with_needs(diary: Pages, content: dict[str, Any], after: int, p: float) -> None:
    """Where a sliding window's sum says everything, so do its needs: up to half a level."""
    policy = TierPolicy.from_dict(content)
    if not by_needs(policy, HORIZON):
        return
    whole = content["metric"] != "spend"
    mean = constant(1.0 if content["metric"] == "orders" else 3.0)  # about as much as a threshold
    model = replace(next_tier(policy), added=replace(ADDED, mean=mean, whole=whole))
    table = described([diary], policy, after)[1]
    found = forecast(model, p, table)
    np.testing.assert_allclose(found, forecast(replace(model, bank=None), p, table), rtol=0, atol=0.025)


@given(st.floats(0, 1))
def test_a_spend_forecast_is_used_as_it_is_given(p: float) -> None:
    """Spend counts as it is forecast, whichever model that is; points are that times their rate."""
    tiers = [{"name": "A"}, {"name": "B", "reach": 40}]
    diary = {dt.date(2016, 1, 1): {"orders": 1, "gross": 300_000, "cost": 0, "earned": 0, "used": 0}}
    window = {"window": {"calendar": "quarter"}, "review": "month_end"}
    spend = TierPolicy.from_dict({"programme": "P", "tiers": tiers, "metric": "spend", **window})
    points = {"metric": "points_earned", "points": {"per_unit": 2}}
    twice = TierPolicy.from_dict({"programme": "P", "tiers": [tiers[0], {"name": "B", "reach": 80}], **points, **window})
    found = []
    for policy, rate in ((spend, 1.0), (twice, 2.0)):
        known, _, _ = described([diary], spend, 20)
        known = replace(
            known,
            columns=frozenset({"amount"}),
            visits=replace(
                known.visits,
                values={name: column for name, column in known.visits.values.items() if not name.startswith("points")},
            ),
        )
        table = build(known, [dt.date(2016, 1, 21)], horizon_days=HORIZON, lookback_days=500, policy=policy, features=())
        given_spend = At(ADDED, np.full(len(table), 2.0), np.ones(len(table)))
        said = replace(next_tier(policy), added=None, rate=rate).probabilities(np.full(len(table), p), given_spend, table)
        assert said is not None
        found.append(said)
    np.testing.assert_allclose(found[0], found[1], rtol=0, atol=0.025)
    assert found[0][0, 1] <= 1.0 - p
