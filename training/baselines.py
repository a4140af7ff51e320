"""What a sceptic would try first: rules and small models that a forecast has to beat.

All are fitted on the training rows of the forecast, or on histories known at its cutoff. A rule that the log or the policy
does not give what it needs is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from features.feature_table import FeatureTable
from features.operators import Floats, Integers
from features.registry import by_name
from training.dataset import Dataset
from training.figures import LEVELS, SpendForecast
from training.process_baselines import Process, quantiles
from training.rfm_table import RfmTable
from training.run_rate import OwnSpend, RunRate
from training.tier_rules import carried, counts_spend

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

_RFM: Final = ("recency_days", "visits_364d", "spend_364d")
RUN_RATE, PROCESS = "run rate", "MBG/NBD + gamma-gamma"


def churn_baselines(data: Dataset, table: FeatureTable, process: Process | None = None) -> dict[str, Floats]:
    """Probability of leaving for the rows of ``table`` by each rule.

    'base rate': everyone alike. 'recency rule': the longer silent, the likelier gone (logistic in log recency).
    'logistic RFM': logistic in log recency, frequency (visits in a year) and monetary value (spend in a year). 'RFM table':
    how many left of those alike in these three. 'BG/NBD', 'MBG/NBD': purchase processes, of members known at the cutoff.
    """
    y = data.labels.churned
    rate = float(y.mean())
    forecasts = {"base rate": np.full(len(table), rate)}
    told = bool(len(table) and y.any() and not y.all())
    for name, columns in (("recency rule", _RFM[:1]), ("logistic RFM", _RFM)):
        forecasts[name] = _by_logistic(data, table, columns) if told else forecasts["base rate"]
    forecasts["RFM table"] = (
        RfmTable.fit(_logs(data.table, _RFM), y).predict(_logs(table, _RFM)) if told else forecasts["base rate"]
    )
    return forecasts | (process.p_churn() if process is not None else {})


def tier_baselines(data: Dataset, table: FeatureTable, process: Process | None = None) -> dict[str, Floats]:
    """Probability of each next tier for the rows of ``table``, (n_rows, n_tiers), by each rule.

    'same tier': everyone stays as often as training members did; who moves goes where movers went. 'Markov': training
    frequencies of the next tier given the tier held. Both add half a member to each cell. 'carry + ...': what stays in the
    policy's window and what the member's own run rate, or the purchase process, adds; for policies that count spend. Of
    these, as many are given to Markov as fell below what carry had secured in training, and half a member.
    """
    assert data.table.state is not None
    assert data.labels.next_tier is not None
    assert table.state is not None
    assert data.table.policy is not None
    n = len(data.table.policy.tiers)
    now, then = data.table.state.tier, data.labels.next_tier
    counts = np.full((n, n), 0.5)
    np.add.at(counts, (now, then), 1.0)
    markov = (counts / counts.sum(axis=1, keepdims=True))[table.state.tier]
    found = {"same tier": _same(now, then, n)[table.state.tier], "Markov": markov}
    if data.labels.spend is not None and counts_spend(data.table.policy):
        fell = (np.sum(then < data.table.state.secured) + 0.5) / (len(then) + 1.0)
        own = _own_spend(data, table)
        found[f"carry + {RUN_RATE}"] = carried(table.state, own.exceeds, markov, fell)
        if process is not None and process.money is not None:
            found[f"carry + {PROCESS}"] = carried(table.state, process.exceeds, markov, fell)
    return found


def spend_baselines(data: Dataset, table: FeatureTable, process: Process | None = None) -> dict[str, SpendForecast]:
    """Spend in the horizon for the rows of ``table`` by each rule: the member's own run rate, and the purchase process."""
    if data.labels.spend is None:
        return {}
    own = _own_spend(data, table)
    found = {RUN_RATE: SpendForecast(own.mean, *quantiles(own.exceeds, len(table), LEVELS))}
    if process is not None and process.money is not None:
        found[PROCESS] = SpendForecast(process.expected())
    return found


def _own_spend(data: Dataset, table: FeatureTable) -> OwnSpend:
    assert data.labels.spend is not None
    return RunRate.fit(data.table, data.labels.spend).of(table.panel)


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


def _by_logistic(data: Dataset, table: FeatureTable, columns: tuple[str, ...]) -> Floats:
    model = _logistic()
    model.fit(_logs(data.table, columns), data.labels.churned)
    return np.asarray(model.predict_proba(_logs(table, columns))[:, 1])


def _logs(table: FeatureTable, columns: tuple[str, ...]) -> Floats:
    return np.log1p(np.maximum(np.nan_to_num(table.values(by_name(columns)), nan=0.0), 0.0))


def _logistic() -> Pipeline:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
