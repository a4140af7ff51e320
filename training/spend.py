"""Spend in the horizon, given that there is a purchase: log-normal in shape, with boosted mean and scale.

log(spend) = mean(x) + scale(x) * residual. Mean and scale are trees; the residual's distribution is empirical, from
predictions for members that the trees did not see. Together with the churn forecast this is the whole distribution of spend:
0 with probability p_churn, and otherwise this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from features.money import UNITS
from features.operators import Floats
from training.dataset import Dataset
from training.residuals import Residuals
from training.tabulated import TabulatedTrees
from training.trees import Boosted, boost

_TINY = 1e-3


@dataclass(frozen=True)
class SpendModel:
    """The positive part. ``mean`` scores log spend in currency, ``log_scale`` the log of its spread."""

    mean: TabulatedTrees
    log_scale: TabulatedTrees
    residuals: Residuals

    def parameters(self, x: Floats) -> tuple[Floats, Floats]:
        """(n_rows,) mean and scale of log spend."""
        return self.mean.score(x), np.exp(self.log_scale.score(x))

    def exceeds(self, mean: Floats, scale: Floats, need: Floats) -> Floats:
        """P(spend >= need | purchase), elementwise over rows; 1 where nothing is needed.

        Parameters
        ----------
        mean, scale : (n_rows,) from ``parameters``
        need : (n_rows,) in currency
        """
        z = (np.log(np.maximum(need, _TINY)) - mean) / scale
        return np.where(need > 0, 1.0 - self.residuals.cdf(z), 1.0)

    def expected(self, mean: Floats, scale: Floats) -> Floats:
        """(n_rows,) expected spend given a purchase, in currency."""
        return np.exp(mean) * self.residuals.mean_exp(scale)


@dataclass(frozen=True)
class FittedSpend:
    """What was fitted, before it is tabulated."""

    mean: Boosted
    log_scale: Boosted
    residuals: Residuals

    def to_dict(self) -> dict[str, Any]:
        """What is not in the trees' text, as plain values."""
        return {
            "mean_bias": self.mean.bias,
            "log_scale_bias": self.log_scale.bias,
            "residuals": self.residuals.to_dict(),
        }


def fit_spend(data: Dataset) -> FittedSpend:
    """Fit on the rows with a purchase in the horizon. Spend of 0 or less after returns is taken as a small amount."""
    assert data.labels.spend is not None
    bought = np.flatnonzero(~data.labels.churned)
    spend = data.labels.spend[bought] / float(UNITS)
    positive = spend[spend > 0]
    least = max(float(np.quantile(positive, 0.005)), _TINY) if len(positive) else _TINY
    y = np.log(np.maximum(spend, least))
    x, member = data.table.x[bought], data.table.panel.member[bought]
    mean = boost(x, y, member, objective="regression")
    left = y - mean.held_out
    log_spread = np.log(np.maximum(np.abs(left), 0.05))
    log_scale = boost(x, log_spread, member, objective="regression", seed=2)
    residuals = Residuals.fit(left / np.exp(log_scale.held_out))
    return FittedSpend(mean, log_scale, residuals)
