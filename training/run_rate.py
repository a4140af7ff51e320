"""Spend in the horizon without learning: the member goes on as it did.

A member's own past is cut into spans as long as the horizon, back over a year; what it spent in each is as likely as in any
other. As nobody's few spans hold all that may come, they are mixed with how all members' spend came out beside their rates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from features.feature_table import FeatureTable
from features.money import UNITS
from features.operators import Floats, Integers, Panel

YEAR: Final = 364
STRENGTH: Final = 4.0
"""Spans' worth of everybody's distribution that a member's own are mixed with; what comes is flat from 3 to 8."""


@dataclass(frozen=True, eq=False)
class RunRate:
    """What everybody's spend was beside the own rate: ``relative`` (n_rows,), sorted, of past cutoffs."""

    relative: Floats
    least: float
    net: bool

    @classmethod
    def fit(cls, table: FeatureTable, spend: Integers) -> RunRate:
        """From training rows.

        Parameters
        ----------
        spend : (n_rows,) in the horizon, in fixed-point units
        """
        net = table.policy is not None and table.policy.returns == "net"
        rate = _rate(table.panel, net)
        positive = rate[rate > 0]
        least = float(np.quantile(positive, 0.01)) if len(positive) else 1.0
        return cls(np.sort(spend / UNITS / np.maximum(rate, least)), least, net)

    def of(self, panel: Panel) -> OwnSpend:
        """The members' spend as forecast."""
        horizon = panel.horizon_days
        tenure = np.nan_to_num(panel.tenure())
        spans = range(1, max(1, YEAR // horizon) + 1)
        past = np.stack([_spend(panel, self.net, horizon * k, horizon * (k - 1)) for k in spans], axis=1)
        past[tenure[:, None] < horizon * np.array(spans)] = np.nan
        return OwnSpend(np.maximum(_rate(panel, self.net), 0.0), past, self)

    def share(self, relative: Floats) -> Floats:
        """Share of all with at least so much beside their rate, elementwise, never 0."""
        below = np.searchsorted(self.relative, relative, side="left")
        return np.asarray((len(self.relative) - below + 0.5) / (len(self.relative) + 1.0), np.float64)


@dataclass(frozen=True, eq=False)
class OwnSpend:
    """Spend in the horizon by row: ``mean`` (n_rows,), the own rate; ``past`` (n_rows, n_spans), NaN where too young."""

    mean: Floats
    past: Floats
    everybody: RunRate

    def exceeds(self, need: Floats) -> Floats:
        """(n_rows,) P(spend >= need), 1 where nothing is: (spans with as much + 4 x everybody's share) / (spans + 4)."""
        spans = (~np.isnan(self.past)).sum(axis=1)
        reached = (self.past >= need[:, None]).sum(axis=1)
        share = self.everybody.share(need / np.maximum(self.mean, self.everybody.least))
        return np.where(need > 0, (reached + STRENGTH * share) / (spans + STRENGTH), 1.0)


def _rate(panel: Panel, net: bool) -> Floats:
    """(n_rows,) spend in a span of the horizon's length at the pace of the last year, or since the first purchase."""
    days = np.clip(np.nan_to_num(panel.tenure()), panel.horizon_days, YEAR)
    return _spend(panel, net, max(YEAR, panel.horizon_days), 0) / days * panel.horizon_days


def _spend(panel: Panel, net: bool, days: int, until: int) -> Floats:
    units = panel.units("gross", days, until)
    return (units - panel.units("returned", days, until) if net else units) / float(UNITS)
