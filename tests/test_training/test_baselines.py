from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import simulated
from sklearn.metrics import roc_auc_score

from features.feature_table import build
from features.histories import Histories
from training.baselines import churn_baselines, tier_baselines
from training.fit import Fitted


def test_churn_rules_are_what_they_are_called(small: Histories, small_fitted: Fitted) -> None:
    data = small_fitted.data
    table = build(small, [simulated.AS_OF], **simulated.SPANS, policy=simulated.NET)
    found = churn_baselines(data, table)
    assert list(found) == ["base rate", "recency rule", "logistic RFM"]
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
    labels = dataclasses.replace(small_fitted.data.labels, churned=np.full(len(small_fitted.data.table), left))
    data = dataclasses.replace(small_fitted.data, labels=labels)
    for p in churn_baselines(data, data.table).values():
        assert set(p) == {float(left)}


def test_with_nobody_to_forecast_there_is_nothing(small: Histories, small_fitted: Fitted) -> None:
    import datetime as dt

    later = simulated.AS_OF + dt.timedelta(days=500)
    nobody = build(small, [later], **simulated.SPANS, policy=simulated.NET)
    assert len(nobody) == 0
    assert [len(p) for p in churn_baselines(small_fitted.data, nobody).values()] == [0, 0, 0]
    assert [p.shape for p in tier_baselines(small_fitted.data, nobody).values()] == [(0, 3), (0, 3)]


def test_without_amounts_money_is_left_out(visits_fitted: Fitted) -> None:
    found = churn_baselines(visits_fitted.data, visits_fitted.data.table)
    assert np.isfinite(found["logistic RFM"]).all()


def test_tier_rules_are_frequencies(small_fitted: Fitted) -> None:
    data = small_fitted.data
    found = tier_baselines(data, data.table)
    assert data.table.state is not None
    assert data.labels.next_tier is not None
    now, then = data.table.state.tier, data.labels.next_tier
    for p in found.values():
        np.testing.assert_allclose(p.sum(axis=1), 1.0)
        assert (p > 0).all()
    rows = np.arange(len(now))
    stays = (np.sum(now == then) + 0.5) / (len(now) + 1)
    np.testing.assert_allclose(found["same tier"][rows, now], stays)
    for k in range(3):
        share = (np.array([np.sum((now == k) & (then == j)) for j in range(3)]) + 0.5) / (np.sum(now == k) + 1.5)
        np.testing.assert_allclose(found["Markov"][now == k], np.tile(share, (np.sum(now == k), 1)))
