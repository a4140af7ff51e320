"""Forecasts of the next tier, fitted on a log: every kind of policy, and a real one."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simulated

from features.feature_table import FeatureTable, build
from features.histories import Histories, Ragged
from features.operators import Floats
from features.policy import TierPolicy
from features.snapshot import to_day
from training.added import AddedModel, At
from training.baselines import tier_baselines
from training.dataset import Dataset, dataset
from training.fit import Fitted
from training.labels import label
from training.metrics import calibration_error, class_log_losses
from training.next_tier import NextTier, from_needs
from training.next_tier_fit import FittedNextTier, fit_next_tier, fit_slip
from training.process import Purchases
from training.residuals import Residuals
from training.spend import from_dict as spend_from_dict
from training.spend_fit import fit_spend
from training.tabulated import TabulatedTrees

EXAMPLES = Path(__file__).parents[2] / "examples" / "policies"
NONE = TabulatedTrees.one("", 0.0, 0)
SPEND = AddedModel(NONE, NONE, Residuals.fit(np.random.default_rng(0).normal(size=2_000)), whole=False)


def policy(metric: Any, first: Any, second: Any, **more: Any) -> TierPolicy:
    counted = {"metrics": metric} if isinstance(metric, dict) and "a" in metric else {"metric": metric}
    tiers = [{"name": "Member"}, {"name": "Silver", "reach": first}, {"name": "Gold", "reach": second}]
    return TierPolicy.from_dict({"programme": "P", "tiers": tiers, "window": {"rolling_days": 60}, **counted, **more})


QUARTER = {"window": {"calendar": "quarter"}, "review": "period_end", "downgrade": "one_step"}
SCORE = {"score": {"contribution": {"weight": 0.6, "full": 300.0}, "frequency": {"weight": 0.4, "full": 8}}}
POLICIES = {
    "orders": policy("orders", 2, 5),
    "quarter": policy("spend", 60.0, 180.0, returns="ignore", **QUARTER),
    "points": policy("points_earned", 60, 180, points={"per_unit": 1}, validity={"until": "end_of_next_period"}, **QUARTER),
    "any": policy({"a": "spend", "b": "orders"}, {"a": 80.0, "b": 3}, {"a": 250.0, "b": 6}, join="any"),
    "score": policy(SCORE, 20.0, 60.0),
    "anniversary": policy("orders", 4, 10, window={"membership": "year"}, review="anniversary", grace_days=10),
    "events": policy({"events": ["survey"]}, 1, 3),
    "balance": policy("points_balance", 60, 180, window="lifetime", points={"expire_days": 200}),
}


@pytest.fixture(scope="module")
def log(small: Histories) -> Histories:
    """With a survey on every day that something came back, and points of which some are used."""
    back = small.returns
    surveys = Ragged(back.offsets, back.day, {"count": np.ones(len(back.day), np.int64)})
    return replace(small, events={"survey": surveys})


@pytest.fixture(scope="module")
def with_points(log: Histories) -> Histories:
    rng = np.random.default_rng(1)
    earned = log.visits.values["gross"]
    used = np.where(rng.random(len(earned)) < 0.2, earned * 3, 0)
    visits = replace(log.visits, values={**log.visits.values, "points_earned": earned, "points_used": used})
    return replace(log, visits=visits, columns=log.columns | {"points"})


def learn(known: Histories, rules: TierPolicy) -> tuple[Dataset, FittedNextTier, NextTier]:
    data = dataset(known, simulated.AS_OF, **simulated.SPANS, policy=rules)
    fitted = fit_next_tier(data)
    plain = json.loads(json.dumps(fitted.plain))
    spans = {"horizon_days": simulated.HORIZON, "lookback_days": simulated.LOOKBACK, "width": data.table.x.shape[1]}
    return data, fitted, NextTier.from_dict(plain, fitted.texts, rules, **spans)


def describe(known: Histories, data: Dataset, rules: TierPolicy) -> FeatureTable:
    return build(
        known.before(simulated.AS_OF), [simulated.AS_OF], **simulated.SPANS, policy=rules, features=data.table.features
    )


def forecast(model: NextTier, p: Floats, table: FeatureTable) -> Floats:
    spend = At(SPEND, np.full(len(table), 3.2), np.full(len(table), 0.7))
    found = model.probabilities(p, spend, table)
    assert found is not None
    return found


@pytest.mark.parametrize("name", POLICIES)
def test_every_kind_of_policy(name: str, log: Histories, with_points: Histories) -> None:
    rules, known = POLICIES[name], with_points if name == "balance" else log
    data, fitted, model = learn(known, rules)
    assert fitted.because is None
    table = describe(known, data, rules)
    assert len(table) > 100  # so that what is played is compiled
    p = np.random.default_rng(0).random(len(table))
    found = forecast(model, p, table)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=0, atol=1e-12)
    assert (np.ptp(found, axis=0) > 0).all()
    # One member alone, interpreted, is given the same numbers.
    for row in (0, len(table) // 2):
        own = known.select(table.panel.member[row : row + 1])
        alone = describe(own, data, rules)
        np.testing.assert_array_equal(forecast(model, p[row : row + 1], alone)[0], found[row])
    # It says more than where members are now.
    assert table.state is not None
    truth = label(table, known)
    assert truth.next_tier is not None
    if name not in ("events", "balance"):  # of these two the log knows no more than chance
        sure = forecast(model, truth.churned.astype(float), table)
        markov = tier_baselines(data, table)["Markov"]
        assert class_log_losses(truth.next_tier, sure).mean() < class_log_losses(truth.next_tier, markov).mean()


def test_a_sliding_window_of_spend_follows_from_its_needs(small: Histories) -> None:
    data, fitted, model = learn(small, simulated.NET)
    assert fitted.texts == {}
    assert {name for name, value in fitted.plain.items() if value} == {"slip", "rate"}
    table = describe(small, data, simulated.NET)
    p, mean, scale = np.random.default_rng(0).random((3, len(table)))
    spend = At(SPEND, mean, scale)
    assert table.state is not None
    np.testing.assert_array_equal(
        model.probabilities(p, spend, table), from_needs(p, spend, table.state, fitted.plain["slip"])
    )


def test_a_balance_falls_where_points_are_used(with_points: Histories) -> None:
    rules = POLICIES["balance"]
    data, _, model = learn(with_points, rules)
    table = describe(with_points, data, rules)
    found = forecast(model, np.zeros(len(table)), table)
    state = table.state
    assert state is not None
    high = state.secured == 2
    assert high.any()
    assert (found[high, :2].sum(axis=1) > model.slip).all()
    # the larger the balance, the less likely it falls below
    order = np.argsort(state.spend[high])
    third = len(order) // 3
    lost = found[high, :2].sum(axis=1)[order]
    assert lost[-third:].mean() < lost[:third].mean()


def test_what_cannot_be_said_is_not_said(log: Histories) -> None:
    mixed = policy({"a": "spend", "b": {"events": ["survey"]}}, {"a": 80.0, "b": 1}, {"a": 250.0, "b": 3})
    soon = policy("points_balance", 60, 180, window="lifetime", points={"per_unit": 1, "expire_days": 10})
    rare = policy({"events": ["never"]}, 1, 3)
    for rules, why in (
        (mixed, "the policy counts events beside something else, and the two are not forecast together"),
        (soon, "points earned in the horizon expire within it"),
        (rare, "only 0 horizons of the training data add to events"),
    ):
        data, fitted, model = learn(log, rules)
        assert fitted.because == model.because == why
        table = describe(log, data, rules)
        assert model.probabilities(np.zeros(len(table)), None, table) is None


def test_no_rows_are_no_forecasts(log: Histories) -> None:
    data, _, model = learn(log, POLICIES["quarter"])
    nobody = log.select(np.empty(0, np.int64))
    assert forecast(model, np.empty(0), describe(nobody, data, POLICIES["quarter"])).shape == (0, 3)


def test_a_real_log_by_an_example(journey: Histories) -> None:
    """Against who stays and who moves in training; and shares that come true."""
    rules = TierPolicy.from_yaml(EXAMPLES / "retail_points" / "policy.yaml").model_copy(update={"time_zone": "UTC"})
    as_of = dt.date(2017, 6, 19)
    spans: dict[str, int] = {"horizon_days": 28, "lookback_days": 91}
    known = journey.before(as_of)
    data = dataset(known, as_of, **spans, policy=rules)
    fitted = fit_next_tier(data)
    width = data.table.x.shape[1]
    model = NextTier.from_dict(fitted.plain, fitted.texts, rules, **spans, width=width)
    table = build(known, [as_of], **spans, policy=rules, features=data.table.features)
    spend = fit_spend(data)
    shape = spend_from_dict(spend.to_dict(), spend.mean.text, spend.log_scale.text, width)
    told = shape.given(table.x, data.foreseen.now, Purchases.of(table), to_day(as_of), spans["horizon_days"])
    truth = label(table, journey)
    assert truth.next_tier is not None
    # a rule of thumb for leaving, so that this is a test of tiers
    share = float(data.labels.churned.mean())
    found = model.probabilities(np.full(len(table), share), told, table)
    assert found is not None
    markov = tier_baselines(data, table)["Markov"]
    ours, theirs = (float(class_log_losses(truth.next_tier, p).mean()) for p in (found, markov))
    assert ours < 0.8 * theirs
    for tier in range(len(rules.tiers)):
        assert calibration_error((truth.next_tier == tier).astype(float), found[:, tier]) < 0.05


def test_slip_is_how_often_members_fell(small_fitted: Fitted) -> None:
    data = small_fitted.data
    assert data.table.state is not None
    assert data.labels.next_tier is not None
    pairs = list(zip(data.table.state.secured.tolist(), data.labels.next_tier.tolist(), strict=True))
    secured = [(held, then) for held, then in pairs if held > 0]
    fell = sum(then < held for held, then in secured)
    assert 0 < fell < len(secured) / 10
    assert fit_slip(data) == pytest.approx((fell + 0.5) / (len(secured) + 1))
    assert small_fitted.forecaster.next_tier is not None
    assert small_fitted.forecaster.next_tier.slip == fit_slip(data)


def test_with_nobody_secured_a_slip_is_drawn_in(small_fitted: Fitted) -> None:
    state = small_fitted.data.table.state
    assert state is not None
    none = replace(state, secured=np.zeros_like(state.secured))
    data = replace(small_fitted.data, table=replace(small_fitted.data.table, state=none))
    assert fit_slip(data) == 0.5
