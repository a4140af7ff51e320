from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import simulated
from sklearn.metrics import roc_auc_score

from features.feature_table import build
from features.histories import Histories
from features.policy import TierPolicy
from features.snapshot import to_day
from training.baselines import churn_baselines, spend_baselines, tier_baselines
from training.dataset import dataset
from training.fit import Fitted
from training.labels import label
from training.metrics import class_log_losses
from training.process_baselines import Process


def test_churn_rules_are_what_they_are_called(small: Histories, small_fitted: Fitted) -> None:
    data = small_fitted.data
    table = build(small, [simulated.AS_OF], **simulated.SPANS, policy=simulated.NET)
    found = churn_baselines(data, table)
    assert list(found) == ["base rate", "recency rule", "logistic RFM", "RFM table"]
    assert set(found["base rate"]) == {data.labels.churned.mean()}
    recency = table.x[:, table.names.index("recency_days")]
    order = np.argsort(recency, kind="stable")
    assert (np.diff(found["recency rule"][order]) >= 0).all()
    again = churn_baselines(data, data.table)
    assert roc_auc_score(data.labels.churned, again["recency rule"]) > 0.5
    for p in found.values():
        assert p.shape == (len(table),)
        assert ((p > 0) & (p < 1)).all()


@pytest.mark.parametrize("left", [True, False])
def test_with_one_outcome_every_rule_says_the_rate(small_fitted: Fitted, left: bool) -> None:
    labels = dataclasses.replace(small_fitted.data.labels, visits=np.full(len(small_fitted.data.table), int(not left)))
    data = dataclasses.replace(small_fitted.data, labels=labels)
    for p in churn_baselines(data, data.table).values():
        assert set(p) == {float(left)}


def test_with_nobody_to_forecast_there_is_nothing(small: Histories, small_fitted: Fitted) -> None:
    import datetime as dt

    later = simulated.AS_OF + dt.timedelta(days=500)
    nobody = build(small, [later], **simulated.SPANS, policy=simulated.NET)
    assert len(nobody) == 0
    process = Process.fit(small, to_day(later), nobody)
    assert [len(p) for p in churn_baselines(small_fitted.data, nobody, process).values()] == [0] * 6
    assert [p.shape for p in tier_baselines(small_fitted.data, nobody, process).values()] == [(0, 3)] * 4
    assert [len(found.mean) for found in spend_baselines(small_fitted.data, nobody, process).values()] == [0, 0]


def test_without_amounts_money_is_left_out(visits_fitted: Fitted) -> None:
    found = churn_baselines(visits_fitted.data, visits_fitted.data.table)
    assert np.isfinite(found["logistic RFM"]).all()


def test_tier_rules_are_frequencies(small_fitted: Fitted) -> None:
    data = small_fitted.data
    found = tier_baselines(data, data.table)
    assert data.table.state is not None
    assert data.labels.next_tier is not None
    now, then = data.table.state.tier, data.labels.next_tier
    assert list(found) == ["same tier", "Markov", "carry + run rate"]
    for p in found.values():
        np.testing.assert_allclose(p.sum(axis=1), 1.0)
        assert (p > 0).all()
    rows = np.arange(len(now))
    stays = (np.sum(now == then) + 0.5) / (len(now) + 1)
    np.testing.assert_allclose(found["same tier"][rows, now], stays)
    for k in range(3):
        share = (np.array([np.sum((now == k) & (then == j)) for j in range(3)]) + 0.5) / (np.sum(now == k) + 1.5)
        np.testing.assert_allclose(found["Markov"][now == k], np.tile(share, (np.sum(now == k), 1)))


def test_what_carries_over_beats_frequencies(small: Histories, small_fitted: Fitted) -> None:
    known = small.before(simulated.AS_OF)
    table = build(known, [simulated.AS_OF], **simulated.SPANS, policy=simulated.NET)
    process = Process.fit(known, to_day(simulated.AS_OF), table)
    found = tier_baselines(small_fitted.data, table, process)
    assert list(found) == ["same tier", "Markov", "carry + run rate", "carry + MBG/NBD + gamma-gamma"]
    then = label(table, small).next_tier
    assert then is not None
    losses = {name: class_log_losses(then, p).mean() for name, p in found.items()}
    assert max(losses["carry + run rate"], losses["carry + MBG/NBD + gamma-gamma"]) < losses["Markov"] < losses["same tier"]
    for name in ("carry + run rate", "carry + MBG/NBD + gamma-gamma"):
        assert (found[name] > 0).all(), "returns may take a member below what is secured"


def test_spend_by_rule(small: Histories, small_fitted: Fitted) -> None:
    known = small.before(simulated.AS_OF)
    table = build(known, [simulated.AS_OF], **simulated.SPANS, policy=simulated.NET)
    found = spend_baselines(small_fitted.data, table, Process.fit(known, to_day(simulated.AS_OF), table))
    then = label(table, small).spend
    assert then is not None
    assert list(found) == ["run rate", "MBG/NBD + gamma-gamma"]
    came = then.sum() / 10_000
    assert found["MBG/NBD + gamma-gamma"].mean.sum() == pytest.approx(came, rel=0.3)
    assert came < found["run rate"].mean.sum() < 2.0 * came, "it knows of nobody's leaving"
    quantiles = found["run rate"].quantiles
    assert quantiles is not None
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert (then / 10_000 <= quantiles[:, 2]).mean() == pytest.approx(0.9, abs=0.07)


def test_a_rule_that_has_not_what_it_needs_is_left_out(visits_only: Histories, visits_fitted: Fitted) -> None:
    known = visits_only.before(simulated.AS_OF)
    table = build(known, [simulated.AS_OF], **simulated.SPANS, policy=simulated.NET)
    process = Process.fit(known, to_day(simulated.AS_OF), table)
    assert spend_baselines(visits_fitted.data, table, process) == {}
    assert list(churn_baselines(visits_fitted.data, table, process))[-2:] == ["BG/NBD", "MBG/NBD"]


def test_a_policy_on_orders_has_no_rules_of_spend(small: Histories) -> None:
    orders = TierPolicy.from_dict(
        {
            "programme": "Orders",
            "tiers": [{"name": "A"}, {"name": "B", "reach": 4}],
            "metric": "orders",
            "window": {"rolling_days": 60},
        }
    )
    data = dataset(small, simulated.AS_OF, **simulated.SPANS, policy=orders)
    table = build(small, [simulated.AS_OF], **simulated.SPANS, policy=orders)
    process = Process.fit(small.before(simulated.AS_OF), to_day(simulated.AS_OF), table)
    assert list(tier_baselines(data, table, process)) == ["same tier", "Markov"]
