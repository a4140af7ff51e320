"""What a member is worth over the next horizons, and how much of that is at risk.

The first horizon is the forecast's: with probability 1 - p a purchase, then worth s on the mean. What follows is the
purchase process's word, for who bought and for who did not: they differ in being alive at all. With N_j purchases in horizon
j of h days, and s / E[N_1 | N_1 >= 1] a purchase::

    if the member stays   V1 = margin · s · (1 + Σ_j δ^(j-1) E[N_j | N_1 >= 1] / E[N_1 | N_1 >= 1])     j = 2 … K
    if not                V0 = margin · s ·      Σ_j δ^(j-1) E[N_j | N_1 = 0]  / E[N_1 | N_1 >= 1]
    expected value           = (1 - p) V1 + p V0
    value at risk            = p V1

Both expectations are exact. Silence for h days is a history h days older: E[N_j | N_1 = 0] is the process's forecast for
(x, recency, age + h), one horizon nearer. Who buys is alive, so given a purchase recency falls out::

    E[N_j | N_1 >= 1] = (e_j(x, age) - quiet · e_(j-1)(x, age + h)) / (1 - quiet)

with e_j the purchases expected in horizon j of whoever is alive, and quiet the chance of none in the first. Nothing is
divided by 1 - p. Where the forecast's p is the process's own, later horizons are E[N_j] of it. No season and no trend of
prices is in them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from features.operators import Floats
from training.purchase import PurchaseProcess

_YEAR_DAYS: Final = 365.0


class Worth(BaseModel):
    """How far ahead value is counted, and in what.

    ``horizons`` ahead; ``yearly_discount``: money a year later is worth 1 / (1 + it); ``margin_share`` of spend that is
    left, for logs without costs (training.margin); None takes the log's costs.

    >>> Worth(horizons=3, yearly_discount=0.21).discounts(182.5).round(3).tolist()
    [1.0, 0.909, 0.826]
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    horizons: Annotated[int, Field(ge=1, le=60, strict=True)] = 4
    yearly_discount: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)] = 0.10
    margin_share: Annotated[float, Field(gt=0, le=1)] | None = None

    def discounts(self, horizon_days: float) -> Floats:
        """(horizons,) what money of each horizon counts; that of the first in full."""
        years = np.arange(float(self.horizons)) * (horizon_days / _YEAR_DAYS)
        return np.exp(-math.log1p(self.yearly_discount) * years)


COUNTED: Final = Worth()
"""As it is counted where nothing else is said."""


@dataclass(frozen=True, eq=False)
class Value:
    """(n_rows,) each, in the currency of margin or of spend, as Margin.of says."""

    expected: Floats
    if_stays: Floats
    at_risk: Floats


def values_ahead(
    process: PurchaseProcess,
    x: Floats,
    recency: Floats,
    age: Floats,
    p_churn: Floats,
    spend_if_buys: Floats,
    margin_share: Floats | float,
    horizon_days: float,
    worth: Worth,
) -> Value:
    """Expected value over ``worth.horizons`` horizons, the same if the member buys in the first, and value at risk.

    Over one horizon the expected value is ``margin_share`` x (1 - ``p_churn``) x ``spend_if_buys``: the forecast's own.

    Parameters
    ----------
    x, recency, age : (n_rows,) as in PurchaseProcess
    p_churn : (n_rows,) forecast probability of no purchase within ``horizon_days``, in [0, 1]
    spend_if_buys : (n_rows,) forecast of spend in the horizon given a purchase, in currency
    margin_share : (n_rows,) or one for all, of Margin.shares

    >>> cdnow = PurchaseProcess("mbg", r=0.525, alpha=43.3, a=0.891, b=1.614)
    >>> x, recency, age = np.array([2.0, 2.0]), np.array([213.0, 213.0]), np.array([272.0, 272.0])
    >>> found = values_ahead(cdnow, x, recency, age, np.array([0.2, 0.9]), np.array([50.0, 50.0]), 0.3, 91.0, Worth())
    >>> found.expected.round(2).tolist(), found.at_risk.round(2).tolist()
    ([27.64, 10.53], [6.51, 29.27])
    """
    discounts = worth.discounts(horizon_days)[1:]
    once = margin_share * np.asarray(spend_if_buys, np.float64)
    bought, silent = _later(process, x, age, horizon_days, discounts)
    if_stays = once * (1.0 + bought)
    still_there = process.p_alive(x, recency, age + horizon_days)
    expected = (1.0 - p_churn) * if_stays + p_churn * (once * still_there * silent)
    return Value(expected, if_stays, p_churn * if_stays)


def _later(process: PurchaseProcess, x: Floats, age: Floats, days: float, discounts: Floats) -> tuple[Floats, Floats]:
    """(n_rows,) discounted later purchases over E[N_1 | N_1 >= 1]: given a first one; given none, and alive.

    They depend on ``x`` and ``age`` alone, so equal pairs are reckoned once.
    """
    if not len(discounts) or not len(x):
        return np.zeros(len(x)), np.zeros(len(x))
    x, age, row = np.asarray(x, np.float64), np.asarray(age, np.float64), np.zeros(1, np.intp)
    if len(x) > 1:
        counts, by_count = np.unique(x, return_inverse=True)
        ages, by_age = np.unique(age, return_inverse=True)
        pairs, row = np.unique(by_count * len(ages) + by_age, return_inverse=True)
        x, age = counts[pairs // len(ages)], ages[pairs % len(ages)]
    ahead = days * np.arange(1.0, len(discounts) + 2.0)[:, None]
    alive = np.diff(process.expected_if_alive(x, age, ahead), axis=0, prepend=0.0)
    after = np.diff(process.expected_if_alive(x, age + days, ahead[:-1]), axis=0, prepend=0.0)
    log_quiet = process.log_quiet(x, age, days)
    some = -np.expm1(log_quiet)
    first = np.maximum(alive[0] / some, 1.0)
    bought, silent = np.zeros_like(age), np.zeros_like(age)
    # One by one: a product of matrices rounds otherwise for one member than for many.
    for discount, if_alive, if_silent in zip(discounts, alive[1:], after, strict=True):
        bought += discount * np.maximum(if_alive - np.exp(log_quiet) * if_silent, 0.0) / some
        silent += discount * np.maximum(if_silent, 0.0)
    return (bought / first)[row], (silent / first)[row]
