"""The purchase processes as rules to beat: fitted at a cutoff on the histories known then, with no other training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from features.feature_table import FeatureTable
from features.histories import Histories
from features.money import UNITS
from features.operators import Floats, Panel
from training.gamma_gamma import fit_gamma_gamma
from training.process_spend import SpendGivenPurchase
from training.purchase import PurchaseProcess, fit_process

BG: Final = "bg"
MBG: Final = "mbg"


@dataclass(frozen=True, eq=False)
class Process:
    """BG/NBD and MBG/NBD of everybody with a purchase before a cutoff, for the rows of a feature table there.

    ``money`` is MBG/NBD with gamma-gamma, None without amounts; ``net`` says that returns are taken off a member's mean.
    """

    bg: PurchaseProcess
    mbg: PurchaseProcess
    money: SpendGivenPurchase | None
    panel: Panel
    net: bool

    @classmethod
    def fit(cls, histories: Histories, day: int, table: FeatureTable) -> Process:
        """Fit on all members, also those who have long been silent: leaving them out would hide who left.

        Parameters
        ----------
        histories : as known at the cutoff
        day : the cutoff, a day number
        table : at that cutoff
        """
        count, horizon = len(histories), table.panel.horizon_days
        everybody = Panel(histories, np.arange(count), np.full(count, day, np.int32), horizon)
        some = ~np.isnan(everybody.tenure())
        x, recency, age = (column[some] for column in _counted(everybody))
        bg, mbg = (fit_process(x, recency, age, kind=kind) for kind in (BG, MBG))
        net = table.policy is not None and table.policy.returns == "net"
        money = None
        if histories.has_amounts:
            n, mean = (column[some] for column in _paid(everybody, net))
            money = SpendGivenPurchase(mbg, fit_gamma_gamma(n, mean))
        return cls(bg, mbg, money, table.panel, net)

    def p_churn(self) -> dict[str, Floats]:
        """(n_rows,) probability of no purchase in the horizon, by process."""
        x, recency, age = _counted(self.panel)
        days = float(self.panel.horizon_days)
        return {
            name: process.p_none(x, recency, age, days) for name, process in (("BG/NBD", self.bg), ("MBG/NBD", self.mbg))
        }

    def exceeds(self, need: Floats) -> Floats:
        """(n_rows,) P(spend in the horizon >= need), in currency; 1 where nothing is needed."""
        assert self.money is not None
        x, recency, age = _counted(self.panel)
        days = float(self.panel.horizon_days)
        buys = 1.0 - self.mbg.p_none(x, recency, age, days)
        given = self.money.exceeds(x, age, days, *_paid(self.panel, self.net), need[:, None])[:, 0]
        return np.where(need > 0, buys * given, 1.0)

    def expected(self) -> Floats:
        """(n_rows,) expected spend in the horizon, in currency."""
        assert self.money is not None
        x, recency, age = _counted(self.panel)
        days = float(self.panel.horizon_days)
        buys = 1.0 - self.mbg.p_none(x, recency, age, days)
        return buys * self.money.expected(x, age, days, *_paid(self.panel, self.net))


def _paid(panel: Panel, net: bool) -> tuple[Floats, Floats]:
    """Purchase days, and spend a purchase day, in currency."""
    spend = panel.units("gross") - panel.units("returned") if net else panel.units("gross")
    days = panel.total("visits")
    return days, spend / float(UNITS) / np.maximum(days, 1.0)


def _counted(panel: Panel) -> tuple[Floats, Floats, Floats]:
    """Repeat purchase days, days from the first to the last, and from the first to the cutoff."""
    tenure = panel.tenure()
    return panel.total("visits") - 1.0, tenure - panel.recency(), tenure


def quantiles(exceeds: Callable[[Floats], Floats], rows: int, levels: Sequence[float]) -> tuple[Floats, Floats]:
    """(n_rows, n_levels) least amounts that spend stays within at each level, and (n_rows,) the probability of none.

    Parameters
    ----------
    exceeds : (n_rows,) amounts in currency to P(spend >= amount)

    >>> uniform = lambda amount: np.clip(1.0 - amount / 8.0, 0.0, 1.0)
    >>> found, p_none = quantiles(uniform, 1, [0.25, 0.5])
    >>> found.round(3).tolist(), p_none.round(3).tolist()
    ([[2.0, 4.0]], [0.0])
    """
    least = np.full(rows, 1e-4)
    p_none = 1.0 - exceeds(least)
    found = np.zeros((rows, len(levels)))
    for i, level in enumerate(levels):
        low, high = np.zeros(rows), np.ones(rows)
        for _ in range(60):
            short = exceeds(high) > 1.0 - level
            if not short.any():
                break
            high = np.where(short, 2.0 * high, high)
        for _ in range(30):
            middle = 0.5 * (low + high)
            over = exceeds(middle) > 1.0 - level
            low, high = np.where(over, middle, low), np.where(over, high, middle)
        found[:, i] = np.where(p_none >= level, 0.0, high)
    return found, p_none
