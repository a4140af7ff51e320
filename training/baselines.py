"""What a sceptic would try first: rules and small models that a forecast has to beat. Fitted on the same training rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.feature_table import FeatureTable
from features.operators import Floats, Integers
from features.registry import by_name
from training.dataset import Dataset

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def churn_baselines(data: Dataset, table: FeatureTable) -> dict[str, Floats]:
    """Probability of leaving for the rows of ``table`` by each rule.

    'base rate': everyone alike. 'recency rule': the longer silent, the likelier gone (logistic in log recency).
    'logistic RFM': logistic in log recency, frequency (visits in a year) and monetary value (spend in a year).
    """
    y = data.labels.churned
    rate = float(y.mean())
    forecasts = {"base rate": np.full(len(table), rate)}
    rules = {
        "recency rule": ("recency_days",),
        "logistic RFM": ("recency_days", "visits_364d", "spend_364d"),
    }
    for name, columns in rules.items():
        if y.all() or not y.any() or not len(table):
            forecasts[name] = forecasts["base rate"]
            continue
        model = _logistic()
        model.fit(_logs(data.table, columns), y)
        forecasts[name] = model.predict_proba(_logs(table, columns))[:, 1]
    return forecasts


def tier_baselines(data: Dataset, table: FeatureTable) -> dict[str, Floats]:
    """Probability of each next tier for the rows of ``table``, (n_rows, n_tiers), by each rule.

    'same tier': everyone stays as often as training members did; who moves goes where movers went. 'Markov': training
    frequencies of the next tier given the tier held. Both add half a member to each cell.
    """
    assert data.table.state is not None
    assert data.labels.next_tier is not None
    assert table.state is not None
    assert data.table.policy is not None
    n = len(data.table.policy.tiers)
    now, then = data.table.state.tier, data.labels.next_tier
    counts = np.full((n, n), 0.5)
    np.add.at(counts, (now, then), 1.0)
    return {
        "same tier": _same(now, then, n)[table.state.tier],
        "Markov": (counts / counts.sum(axis=1, keepdims=True))[table.state.tier],
    }


def _same(now: Integers, then: Integers, n: int) -> Floats:
    """(n, n) transition matrix with one common probability of staying."""
    stays = (float((now == then).sum()) + 0.5) / (len(now) + 1.0)
    moved = np.bincount(then[now != then], minlength=n) + 0.5
    matrix = np.tile(moved, (n, 1))
    np.fill_diagonal(matrix, 0.0)
    off = matrix.sum(axis=1, keepdims=True)
    matrix = np.where(off > 0, matrix / np.maximum(off, 1e-12) * (1.0 - stays), 0.0)
    np.fill_diagonal(matrix, stays if n > 1 else 1.0)
    return matrix


def _logs(table: FeatureTable, columns: tuple[str, ...]) -> Floats:
    return np.log1p(np.nan_to_num(table.values(by_name(columns)), nan=0.0))


def _logistic() -> Pipeline:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
