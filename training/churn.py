"""The probability of no purchase in the horizon: the mean of two opinions, in log-odds.

    guided = level + bias + trees on features, which move only as each feature declares
    rhythm = level + a + w1 · log p - w2 · log(1 - p) + trees on features, likewise

p is the purchase process's probability of no purchase in the horizon, ``level`` that of the season (training.season). Rhythm knows
how often a member buys by itself, guided lets features speak; the mean of both was better than either on every log tried. Where
trees find nothing to say, rhythm alone is the forecast. All of it adds up, so the explanation is exact: contributions of features
by both sets of trees, of the buying rhythm, and of the season.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from features.operators import Floats
from training.dataset import Dataset
from training.foreseen import Foreseen
from training.season import Levels, Season, churn_level, season
from training.tabulated import TabulatedTrees
from training.trees import Boosted, boost

_SHARE: Final = 0.5
_RIDGE: Final = 10.0
"""How many rows' worth of trust the process has: what pulls w1 and w2 towards 1."""


@dataclass(frozen=True)
class Rhythm:
    """a + w1 · log p - w2 · log(1 - p), taken ``share`` times; ``usual`` is its mean over training rows."""

    share: float
    a: float
    w1: float
    w2: float
    usual: float

    def log_odds(self, log_none: Floats, log_some: Floats) -> Floats:
        """(n_rows,) the process's part of the log-odds of leaving."""
        return self.share * (self.a + self.w1 * log_none - self.w2 * log_some)


@dataclass(frozen=True)
class ChurnModel:
    """Log-odds of leaving = trees + rhythm + season. ``trees`` are both sets, each taken for its share."""

    trees: TabulatedTrees
    rhythm: Rhythm
    season: Season

    @property
    def base(self) -> float:
        """Where contributions start: the mean over training rows, at the usual level of the season."""
        return self.trees.base + self.rhythm.usual + self.season.usual

    def log_odds(self, x: Floats, log_none: Floats, log_some: Floats, cutoff: int) -> Floats:
        """(n_rows,) log-odds of no purchase in the horizon.

        Parameters
        ----------
        x : (n_rows, n_features)
        log_none, log_some : (n_rows,) logs of the process's P(no purchase) and P(a purchase) in the horizon
        cutoff : day number
        """
        return self.trees.score(x) + self.rhythm.log_odds(log_none, log_some) + self.season.level(cutoff)

    def contributions(self, x: Floats, log_none: Floats, log_some: Floats, cutoff: int) -> Floats:
        """(n_rows, n_features + 2) what each feature, the rhythm and the season add to ``base``: exact SHAP values."""
        rhythm = self.rhythm.log_odds(log_none, log_some) - self.rhythm.usual
        season_ = np.full(len(x), self.season.above_usual(cutoff))
        return np.column_stack([self.trees.contributions(x), rhythm, season_])


@dataclass(frozen=True, eq=False)
class FittedChurn:
    """What was fitted, before it is tabulated. ``held_out``: (n_rows,) log-odds by models that saw none of the member's rows."""

    guided: Boosted
    own: Boosted
    bias: float
    rhythm: Rhythm
    season: Season
    levels: Levels
    held_out: Floats

    def to_dict(self) -> dict[str, Any]:
        """What is not in the trees' text, as plain values."""
        return {"bias": self.bias, "rhythm": vars(self.rhythm), "season": self.season.to_dict()}


def from_dict(plain: dict[str, Any], guided: str, own: str, n_features: int) -> ChurnModel:
    """A model from ``FittedChurn.to_dict`` and the texts of both sets of trees."""
    rhythm = Rhythm(**plain["rhythm"])
    parts = [(guided, 1.0 - rhythm.share), (own, rhythm.share)]
    trees = TabulatedTrees(parts, (1.0 - rhythm.share) * plain["bias"], n_features)
    return ChurnModel(trees, rhythm, Season.from_dict(plain["season"]))


def probability(log_odds: Floats) -> Floats:
    """Log-odds as probabilities.

    >>> probability(np.array([0.0])).tolist()
    [0.5]
    """
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)))


def fit_churn(data: Dataset) -> FittedChurn:
    """Fit both opinions; churn may move with a feature only in the direction that the feature declares."""
    table, foreseen = data.table, data.foreseen
    directions = tuple(feature.direction for feature in table.features)
    y, member = data.labels.churned.astype(np.float64), table.panel.member
    levels, level = churn_levels(data)
    one = np.ones((len(y), 1))
    (bias,) = _logistic(one, y, level, np.zeros(1), np.full(1, 1e-6)).tolist()
    z = _terms(foreseen)
    w = _logistic(z, y, level, np.array([0.0, 1.0, 1.0]), np.array([1e-6, _RIDGE, _RIDGE]))
    common: dict[str, Any] = {"objective": "binary", "directions": directions}
    guided = boost(table.x, y, member, level + bias, **common)
    own = boost(table.x, y, member, level + z @ w, **common)
    share = _SHARE if guided.rounds else 1.0
    a, w1, w2 = w.tolist()
    rhythm = Rhythm(share, a, w1, w2, share * float((z @ w).mean()))
    held_out = (1.0 - share) * guided.held_out + share * own.held_out
    return FittedChurn(guided, own, bias, rhythm, season(levels, foreseen.year.churn, foreseen.year.why), levels, held_out)


def churn_levels(data: Dataset) -> tuple[Levels, Floats]:
    """Levels of the training cutoffs; and (n_rows,) those of the rows, noise taken out."""
    cutoff, y = data.table.panel.cutoff, data.labels.churned
    log_odds = data.foreseen.log_none - data.foreseen.log_some
    days, place = np.unique(cutoff, return_inverse=True)
    found = [churn_level(log_odds[place == i], y[place == i]) for i in range(len(days))]
    levels = Levels(days.astype(np.int64), *np.array(found).T)
    return levels, levels.drawn_in[place]


def _terms(foreseen: Foreseen) -> Floats:
    return np.column_stack([np.ones(len(foreseen.log_none)), foreseen.log_none, -foreseen.log_some])


def _logistic(z: Floats, y: Floats, offset: Floats, towards: Floats, ridge: Floats) -> Floats:
    """Weights of a logistic regression with an offset, pulled towards some; by Newton's method."""
    w = towards.copy()
    for _ in range(100):
        p = probability(offset + z @ w)
        slope = z.T @ (y - p) - ridge * (w - towards)
        bend = (z * (p * (1.0 - p))[:, None]).T @ z + np.diag(ridge)
        step = np.linalg.solve(bend, slope)
        w = w + step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < 1e-10:
            break
    return w
