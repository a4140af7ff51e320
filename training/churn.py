"""The probability of no purchase in the horizon: the mean of two opinions, in log-odds.

    trees  = bias + boosted trees on features, which move only as each feature declares
    linear = a logistic regression on logs of features, which starts from the purchase process (training.linear), and
             whose weights have to tell who buys at most once and at most twice, too
    log-odds of leaving = ½ (trees + linear) + level of the season (training.season)

Trees find bends and steps, the regression what grows steadily; the mean of both was better than either on every log tried.
Where trees find nothing, the regression alone is the forecast. All of it adds up, so that the explanation is exact:
contributions of features by both, of the buying rhythm, and of the season.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.operators import Floats
from training.dataset import Dataset
from training.linear import Linear, fit_linear, in_money
from training.season import Levels, Season, churn_level, season
from training.tabulated import TabulatedTrees
from training.trees import Boosted, boost

_LEAST_LOG_ODDS: Final = -700.0
_MOST: Final = float(np.nextafter(1.0, 0.0))
_SHARE: Final = 0.5
_FEW: Final = np.array([1, 2])
"""Days with a purchase in the horizon up to which the regression learns of a member as of one who nearly left."""


@dataclass(frozen=True)
class ChurnModel:
    """Log-odds of leaving = trees + ``share`` · linear + season; ``trees`` are taken for their share already."""

    trees: TabulatedTrees
    linear: Linear
    share: float
    season: Season

    @property
    def base(self) -> float:
        """Where contributions start: the mean over training rows, at the usual level of the season."""
        return self.trees.base + self.share * self.linear.usual + self.season.usual

    def log_odds(self, x: Floats, log_none: Floats, log_some: Floats, cutoff: int) -> Floats:
        """(n_rows,) log-odds of no purchase in the horizon.

        Parameters
        ----------
        x : (n_rows, n_features)
        log_none, log_some : (n_rows,) logs of the process's P(no purchase) and P(a purchase) in the horizon
        cutoff : day number
        """
        return self.trees.score(x) + self.share * self.linear.log_odds(x, log_none, log_some) + self.season.level(cutoff)

    def contributions(self, x: Floats, log_none: Floats, log_some: Floats, cutoff: int) -> Floats:
        """(n_rows, n_features + 2) what each feature, the rhythm and the season add to ``base``: exact SHAP values."""
        features = self.trees.contributions(x) + self.share * self.linear.contributions(x)
        rhythm = self.share * (self.linear.rhythm(log_none, log_some) - self.linear.usual)
        return np.column_stack([features, rhythm, np.full(len(x), self.season.above_usual(cutoff))])


@dataclass(frozen=True, eq=False)
class FittedChurn:
    """What was fitted, before it is tabulated: ``share`` is the regression's."""

    trees: Boosted
    bias: float
    linear: Linear
    share: float
    season: Season
    levels: Levels

    def to_dict(self) -> dict[str, Any]:
        """What is not in the trees' text, as plain values."""
        return {
            "bias": self.bias,
            "linear": self.linear.to_dict(),
            "share": self.share,
            "season": self.season.to_dict(),
        }


def from_dict(plain: dict[str, Any], text: str, n_features: int) -> ChurnModel:
    """A model from ``FittedChurn.to_dict`` and the trees' text."""
    share = plain["share"]
    trees = TabulatedTrees([(text, 1.0 - share)], (1.0 - share) * plain["bias"], n_features)
    return ChurnModel(trees, Linear.from_dict(plain["linear"]), share, Season.from_dict(plain["season"]))


def probability(log_odds: Floats) -> Floats:
    """Log-odds as probabilities, above 0 and below 1 however far the log-odds go: nothing is certain.

    >>> probability(np.array([0.0, 40.0])).tolist()
    [0.5, 0.9999999999999999]
    """
    return np.asarray(np.minimum(1.0 / (1.0 + np.exp(-np.maximum(log_odds, _LEAST_LOG_ODDS))), _MOST))


def fit_churn(data: Dataset) -> FittedChurn:
    """Fit both opinions; churn may move with a feature only in the direction that the feature declares."""
    table, foreseen = data.table, data.foreseen
    directions = tuple(feature.direction for feature in table.features)
    y = data.labels.churned.astype(np.float64)
    levels, place = churn_levels(data)
    level = levels.drawn_in[place]
    known = foreseen.log_none, foreseen.log_some
    few = data.labels.visits[:, None] <= _FEW
    linear, drift = fit_linear(
        table.x, y, *known, level, place, directions, in_money(table.features), alike=few.astype(np.float64)
    )
    level = level + drift[place]
    bias = churn_level(level, data.labels.churned)[0]
    trees = boost(
        table.x, y, table.panel.member, level + bias, objective="binary", directions=directions, learning=data.learning
    )
    found = season(levels, foreseen.year.churn, foreseen.year.why, drift=float(drift[-1]))
    return FittedChurn(trees, bias, linear, _SHARE if trees.rounds else 1.0, found, levels)


def churn_levels(data: Dataset) -> tuple[Levels, npt.NDArray[np.int64]]:
    """Levels of the training cutoffs; and (n_rows,) which of them each row belongs to."""
    cutoff, y = data.table.panel.cutoff, data.labels.churned
    log_odds = data.foreseen.log_none - data.foreseen.log_some
    days, place = np.unique(cutoff, return_inverse=True)
    found = [churn_level(log_odds[place == i], y[place == i]) for i in range(len(days))]
    return Levels(days.astype(np.int64), *np.array(found).T), place.astype(np.int64)
