"""Fit the log-normal part of spend given a purchase: levels of the season, a regression, trees, and what is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from features.money import UNITS
from features.operators import Floats, Integers
from training.dataset import Dataset
from training.linear import Linear, fit_linear_spend, in_money
from training.residuals import Residuals
from training.season import Levels, Season, season, spend_level
from training.spend import TINY
from training.trees import Boosted, boost, boost_from_mean

_SHARE: Final = 0.5
"""Of the regression, where there are trees beside it."""


@dataclass(frozen=True, eq=False)
class FittedSpend:
    """What was fitted, before it is tabulated."""

    mean: Boosted
    mean_bias: float
    linear: Linear
    share: float
    log_scale: Boosted
    log_scale_bias: float
    residuals: Residuals
    season: Season
    levels: Levels

    def to_dict(self) -> dict[str, Any]:
        """What is not in the trees' text, as plain values."""
        return {
            "mean_bias": self.mean_bias,
            "linear": self.linear.to_dict(),
            "share": self.share,
            "log_scale_bias": self.log_scale_bias,
            "residuals": self.residuals.to_dict(),
            "season": self.season.to_dict(),
        }


def fit_spend(data: Dataset) -> FittedSpend:
    """Fit on the rows with a purchase in the horizon. Spend of 0 or less after returns is taken as a small amount."""
    assert data.labels.spend is not None
    assert data.foreseen.expected_spend is not None
    bought = np.flatnonzero(~data.labels.churned)
    spend = data.labels.spend[bought] / float(UNITS)
    positive = spend[spend > 0]
    least = max(float(np.quantile(positive, 0.005)), TINY) if len(positive) else TINY
    y, start = np.log(np.maximum(spend, least)), np.log(data.foreseen.expected_spend[bought])
    x, member = data.table.x[bought], data.table.panel.member[bought]
    levels, place = _levels(data, bought, y - start)
    level = levels.drawn_in[place]
    linear, drift = fit_linear_spend(x, y, start, level, place, in_money(data.table.features))
    level = level + drift[place]
    bias = float((y - start - level).mean()) if len(y) else 0.0
    mean = boost(x, y, member, start + level + bias, objective="regression", learning=data.learning)
    share = _SHARE if mean.rounds else 1.0
    left = y - (1.0 - share) * mean.held_out - share * (linear.log_odds(x, start, np.zeros(len(y))) + level)
    log_spread = np.log(np.maximum(np.abs(left), 0.05))
    log_scale, scale_bias = boost_from_mean(x, log_spread, member, objective="regression", learning=data.learning, seed=2)
    residuals = Residuals.fit(left / np.exp(log_scale.held_out))
    found = season(levels, data.foreseen.year.spend, data.foreseen.year.why, drift=float(drift[-1]))
    return FittedSpend(mean, bias, linear, share, log_scale, scale_bias, residuals, found, levels)


def _levels(data: Dataset, bought: Integers, log_ratio: Floats) -> tuple[Levels, Integers]:
    """Levels of the training cutoffs; and which of them each row that bought belongs to."""
    days, place = np.unique(data.table.panel.cutoff, return_inverse=True)
    place = place[bought]
    found = [spend_level(log_ratio[place == i]) for i in range(len(days))]
    levels = Levels(days.astype(np.int64), *np.array(found).T)
    return levels, place.astype(np.int64)
