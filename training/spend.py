"""Spend in the horizon, given that there is a purchase: two opinions of its whole distribution, mixed.

- log-normal in shape, fifteen parts in sixteen: log spend = level of the season + the mean of two opinions, what the
  purchase process expects + trees, and a regression on logs of features that starts from it (training.linear); a scale by
  trees of its own; the residual's distribution is empirical, from predictions for members that the trees did not see;
- the purchase process's own, one part in sixteen: how many purchases come and what they are worth (training.process_spend).

Together with the churn forecast this is the whole distribution of spend: 0 with probability p_churn, and otherwise this.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.operators import Floats, Integers
from training.linear import Linear
from training.process import Process, Purchases
from training.process_spend import Cells
from training.residuals import Residuals
from training.season import Season
from training.tabulated import TabulatedTrees

TINY: Final = 1e-3
"""In currency: the least that a purchase is taken for on a scale of logs."""
_MOST_LOG: Final = 50.0
_NEAR: Final = 1e-4
"""In log money: so near is a quantile."""
_FAR: Final = 16.0
"""In log money: no quantile of the process's part is looked for further from what it expects."""
PROCESS_SHARE: Final = 0.0625


@dataclass(frozen=True, eq=False)
class SpendIfAny:
    """The positive part for some rows: the distribution of spend given a purchase in the horizon, in currency.

    ``mean`` and ``scale`` (n_rows,) are those of log spend; ``own_mean`` is what the process expects, in currency.
    """

    mean: Floats
    scale: Floats
    own_mean: Floats
    residuals: Residuals
    process: Process
    of: Purchases
    days: int

    def exceeds(self, need: Floats) -> Floats:
        """P(spend >= need | a purchase), elementwise; 1 where nothing is needed.

        Parameters
        ----------
        need : (n_rows, n_needs) or (n_rows,) in currency
        """
        if need.ndim == 1:
            return self.exceeds(need[:, None])[:, 0]
        z = (np.log(np.maximum(need, TINY)) - self.mean[:, None]) / self.scale[:, None]
        log_normal = np.where(need > 0, 1.0 - self.residuals.cdf(z), 1.0)
        return (1.0 - PROCESS_SHARE) * log_normal + PROCESS_SHARE * self._own_exceeds(need)

    def _own_exceeds(self, need: Floats) -> Floats:
        of = self.of
        assert of.mean_spend is not None
        return self.process.spend.exceeds(
            of.repeats, of.age, float(self.days), of.repeats + 1.0, of.mean_spend, need, self._cells
        )

    @cached_property
    def _cells(self) -> Cells:
        return self.process.spend.cells(self.of.repeats, self.of.age, float(self.days))

    def levels(self, rank: Floats) -> Floats:
        """(n_rows, n_ranks) rising amounts about where the distribution function is ``rank``: the log-normal part's."""
        z = self.residuals.quantiles(rank)
        return np.exp(np.minimum(self.mean[:, None] + self.scale[:, None] * z, _MOST_LOG))

    def quantiles(self, rank: Floats) -> Floats:
        """(n_rows, n_ranks) where the distribution function is ``rank``, to a ten-thousandth, in currency.

        With F the log-normal part, G the process's and s its share, the answer x has F(x) = (rank - s G(x)) / (1 - s). What
        this says of any x is the lower the higher x is, so that the answer lies between the two.

        Parameters
        ----------
        rank : (n_rows, n_ranks) in [0, 1); at 0 it is 0, without a search
        """
        ends = self.residuals.quantiles(np.array([1e-9, 1.0 - 1e-9]))
        own = np.log(self.own_mean)[:, None]
        low = np.minimum(self.mean[:, None] + self.scale[:, None] * ends[0], own - _FAR) + 0.0 * rank
        high = np.maximum(self.mean[:, None] + self.scale[:, None] * ends[1], own + _FAR) + 0.0 * rank
        found = np.empty(rank.shape)
        self._narrow(rank, low, high, np.arange(len(rank)), found)
        return np.where(rank > 0.0, np.exp(found), 0.0)

    def _narrow(self, rank: Floats, low: Floats, high: Floats, row: Integers, found: Floats) -> None:
        """Write logs of the quantiles into ``found``, row by row as each lies in an interval that is small enough."""
        own, x = self, self._log_level(np.maximum(rank, 1e-9))
        before_x, before_y = x, x
        slope = np.full(rank.shape, PROCESS_SHARE / (1.0 - PROCESS_SHARE))
        while len(row):
            need = np.where(rank > 0.0, np.exp(x), 0.0)  # nothing needed is nothing to sum
            level = (rank - PROCESS_SHARE * (1.0 - own._own_exceeds(need))) / (1.0 - PROCESS_SHARE)
            inside = own._log_level(np.clip(level, 1e-9, 1.0 - 1e-9))
            y = np.where(level <= 0.0, low, np.where(level >= 1.0, high, inside))
            was = high - low
            low, high = np.maximum(low, np.minimum(x, y)), np.minimum(high, np.maximum(x, y))
            middle, wide = 0.5 * (low + high), (high - low > _NEAR) & (rank > 0.0)
            found[row] = middle
            # By how much y falls as x rises tells where they meet; where that helps too little, the interval is halved.
            step = x - before_x
            slope = np.where(step != 0.0, np.maximum((before_y - y) / np.where(step != 0.0, step, 1.0), 0.0), slope)
            next_x = np.where(high - low < 0.5 * was, (y + slope * x) / (1.0 + slope), middle)
            before_x, before_y = x, y
            x = np.where(wide, np.clip(next_x, low, high), x)
            left: npt.NDArray[np.bool_] = np.asarray(wide.any(axis=1))
            if not left.all():
                rank, low, high, row, x, slope = rank[left], low[left], high[left], row[left], x[left], slope[left]
                before_x, before_y, own = before_x[left], before_y[left], own._select(left)

    def _select(self, rows: npt.NDArray[np.bool_]) -> SpendIfAny:
        part = replace(
            self, mean=self.mean[rows], scale=self.scale[rows], own_mean=self.own_mean[rows], of=self.of.select(rows)
        )
        vars(part)["_cells"] = self._cells.select(rows)
        return part

    def _log_level(self, rank: Floats) -> Floats:
        """(n_rows, n_ranks) log of where the log-normal part's distribution function is ``rank``."""
        return self.mean[:, None] + self.scale[:, None] * self.residuals.quantiles(rank)

    def expected(self) -> Floats:
        """(n_rows,) E[spend | a purchase]."""
        log_normal = np.exp(self.mean) * self.residuals.mean_exp(self.scale)
        return (1.0 - PROCESS_SHARE) * log_normal + PROCESS_SHARE * self.own_mean


@dataclass(frozen=True)
class SpendModel:
    """``mean`` scores log spend over what the process expects, ``log_scale`` the log of its spread.

    ``mean`` is taken for its share already, ``share`` is that of the regression.
    """

    mean: TabulatedTrees
    linear: Linear
    share: float
    log_scale: TabulatedTrees
    residuals: Residuals
    season: Season

    def given(self, x: Floats, process: Process, of: Purchases, cutoff: int, days: int) -> SpendIfAny:
        """The distribution for rows of features ``x``, at a cutoff (day number), for so many days."""
        own_mean = process.expected_spend(of, days)
        log_own = np.log(own_mean)
        regression = self.linear.log_odds(x, log_own, np.zeros(len(x)))
        mean = self.mean.score(x) + (1.0 - self.share) * log_own + self.share * regression + self.season.level(cutoff)
        return SpendIfAny(mean, np.exp(self.log_scale.score(x)), own_mean, self.residuals, process, of, days)

    def contributions(self, x: Floats, process: Process, of: Purchases, cutoff: int, days: int) -> tuple[float, Floats]:
        """What log spend given a purchase adds up from: a base, and (n_rows, n_features + 2) contributions.

        The last two are the buying rhythm's, against a purchase worth 1 of the currency, and the season's.
        """
        log_own = np.log(process.expected_spend(of, days))
        features = self.mean.contributions(x) + self.share * self.linear.contributions(x)
        rhythm = (1.0 - self.share) * log_own + self.share * self.linear.rhythm(log_own, np.zeros(len(x)))
        above = np.full(len(x), self.season.above_usual(cutoff))
        return self.mean.base + self.season.usual, np.column_stack([features, rhythm, above])


def from_dict(plain: dict[str, Any], mean: str, log_scale: str, n_features: int) -> SpendModel:
    """A model from ``FittedSpend.to_dict`` and the texts of both sets of trees."""
    share = plain["share"]
    return SpendModel(
        TabulatedTrees([(mean, 1.0 - share)], (1.0 - share) * plain["mean_bias"], n_features),
        Linear.from_dict(plain["linear"]),
        share,
        TabulatedTrees.one(log_scale, plain["log_scale_bias"], n_features),
        Residuals.from_dict(plain["residuals"]),
        Season.from_dict(plain["season"]),
    )
