"""The purchase process of a log at a cutoff: fitted on what was known then, and what it says of the rows of a table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from features.feature_table import FeatureTable
from features.histories import Histories
from features.money import UNITS
from features.operators import Floats, Integers
from features.registry import by_name
from features.snapshot import known_before
from training.gamma_gamma import GammaGamma, fit_gamma_gamma
from training.process_spend import SpendGivenPurchase
from training.purchase import PurchaseProcess, fit_process

READS: Final = ("visits_total", "recency_days", "tenure_days")
"""Features that the process is told, and ``spend_total`` where there are amounts."""
_PULL: Final = 0.05
"""Towards a plain process, with the weight of a twentieth of a member: pays below a few hundred members, unseen above."""


@dataclass(frozen=True, eq=False)
class Purchases:
    """(n_rows,) what the process is told of members.

    ``repeats`` purchase days after the first; ``recency`` days from the first purchase to the last, ``age`` to the cutoff;
    ``mean_spend`` gross spend of a purchase day in currency, None without amounts.
    """

    repeats: Floats
    recency: Floats
    age: Floats
    mean_spend: Floats | None

    @classmethod
    def of(cls, table: FeatureTable, *, spend: bool = True) -> Purchases:
        """What the rows of a table say, by the features of these names; ``spend`` is left out where nothing asks for it."""
        money = spend and table.panel.histories.has_amounts
        values = table.values(by_name((*READS, "spend_total") if money else READS))
        visits, silent, age = values[:, 0], values[:, 1], values[:, 2]
        return cls(visits - 1.0, age - silent, age, values[:, 3] / visits if money else None)

    @classmethod
    def everyone(cls, histories: Histories, cutoff: int, since: int | None = None) -> tuple[Integers, Purchases]:
        """Members with a purchase on days in [``since``, ``cutoff``), by position, and what those days say of them.

        ``since`` and ``cutoff`` are day numbers; None is the log's start.
        """
        visits = histories.visits
        start, stop = known_before(visits.day, visits.offsets, cutoff)
        if since is not None:
            start = known_before(visits.day, visits.offsets, since)[1]
        members = np.flatnonzero(stop > start)
        start, stop = start[members], stop[members]
        first, last = visits.day[start].astype(np.float64), visits.day[stop - 1].astype(np.float64)
        count, mean = (stop - start).astype(np.float64), None
        if histories.has_amounts:
            total = np.concatenate(([0], np.cumsum(visits.values["gross"])))
            mean = (total[stop] - total[start]) / (count * UNITS)
        return members, cls(count - 1.0, last - first, cutoff - first, mean)

    def select(self, rows: Any) -> Purchases:
        """Some rows."""
        mean = None if self.mean_spend is None else self.mean_spend[rows]
        return replace(self, repeats=self.repeats[rows], recency=self.recency[rows], age=self.age[rows], mean_spend=mean)


@dataclass(frozen=True)
class Process:
    """When purchases come, and what they are worth: ``money`` is None for a log without amounts."""

    purchases: PurchaseProcess
    money: GammaGamma | None

    @property
    def spend(self) -> SpendGivenPurchase:
        """Spend in a horizon with a purchase."""
        assert self.money is not None
        return SpendGivenPurchase(self.purchases, self.money)

    def log_chances(self, of: Purchases, days: int) -> tuple[Floats, Floats]:
        """(n_rows,) logs of P(no purchase) and of P(a purchase) in the next ``days``."""
        known = of.repeats, of.recency, of.age, float(days)
        return self.purchases.log_p_none(*known), self.purchases.log_p_some(*known)

    def expected_spend(self, of: Purchases, days: int) -> Floats:
        """(n_rows,) E[spend in the next ``days`` | a purchase], in currency."""
        assert of.mean_spend is not None
        return self.spend.expected(of.repeats, of.age, float(days), of.repeats + 1.0, of.mean_spend)

    def to_dict(self) -> dict[str, Any]:
        """Plain values; floats survive JSON exactly."""
        return {"purchases": self.purchases.to_dict(), "money": self.money.to_dict() if self.money else None}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Process:
        """Back from ``to_dict``."""
        money = GammaGamma.from_dict(plain["money"]) if plain["money"] else None
        return cls(PurchaseProcess.from_dict(plain["purchases"]), money)


def process_at(histories: Histories, cutoff: int, since: int | None = None) -> Process:
    """Fitted on purchases of all members on days in [``since``, ``cutoff``), day numbers."""
    return fitted(Purchases.everyone(histories, cutoff, since)[1])


def fitted(of: Purchases) -> Process:
    """Of the greatest likelihood for all members of a log."""
    money = None if of.mean_spend is None else fit_gamma_gamma(of.repeats + 1.0, of.mean_spend)
    return Process(fit_process(of.repeats, of.recency, of.age, pull=_PULL / max(len(of.age), 1)), money)
