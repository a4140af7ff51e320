"""The probability of no purchase in the horizon, with the log-odds that each feature adds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.operators import Floats
from training.dataset import Dataset
from training.tabulated import TabulatedTrees
from training.trees import Boosted, boost


@dataclass(frozen=True)
class ChurnModel:
    """log-odds of leaving = ``trees.base`` + the sum of contributions."""

    trees: TabulatedTrees

    def log_odds(self, x: Floats) -> Floats:
        """(n_rows,) log-odds of no purchase in the horizon."""
        return self.trees.score(x)

    def contributions(self, x: Floats) -> Floats:
        """(n_rows, n_features) what each feature adds to the log-odds, exact SHAP values."""
        return self.trees.contributions(x)


def probability(log_odds: Floats) -> Floats:
    """Log-odds as probabilities.

    >>> probability(np.array([0.0])).tolist()
    [0.5]
    """
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)))


def fit_churn(data: Dataset) -> Boosted:
    """Fit the trees; churn may move with a feature only in the direction that the feature declares."""
    directions = tuple(feature.direction for feature in data.table.features)
    y = data.labels.churned.astype(np.float64)
    return boost(data.table.x, y, data.table.panel.member, objective="binary", directions=directions)
