"""RFM: recency, frequency and monetary of a member, and scores from 1 to 5 against fixed bounds.

========== ============================================================== ===========================================
part       meaning                                                        score 5 … 1
========== ============================================================== ===========================================
recency    days from the last purchase to the cutoff                      up to each of ``recency``, or beyond
frequency  orders in the window before the cutoff                         from each of ``orders_per_period``, or under
monetary   spend less returns in the window, in currency                  from each of ``spend_per_period``, or under
========== ============================================================== ===========================================

A period's bound is compared with the window's total over its number of periods, for a new member too: a score is earned.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.between import Floats, Integers, last_day, net_between, sum_between
from features.bounds import StandingBounds
from features.histories import Histories
from features.money import to_currency, to_units


@dataclass(frozen=True, eq=False)
class Rfm:
    """One value a member, NaN where there is none; scores are 1 to 5, 0 where there is none.

    Without a purchase before the cutoff there is no score; without amounts, or bounds for them, none for monetary.
    """

    recency_days: Floats
    frequency: Integers
    monetary: Floats
    recency_score: npt.NDArray[np.int8]
    frequency_score: npt.NDArray[np.int8]
    monetary_score: npt.NDArray[np.int8]


def score_rfm(histories: Histories, day: int, bounds: StandingBounds, pace: float | None = None) -> Rfm:
    """RFM of all members at a cutoff.

    Parameters
    ----------
    day : cutoff as a day number, excluded
    pace : spend a day that reaches the policy's second tier (see ``StandingBounds.spend``)
    """
    first = day - bounds.window_days
    last = last_day(histories.visits, day)
    bought = last >= 0
    recency = np.where(bought, day - last, np.nan)
    orders = sum_between(histories.visits, "orders", first, day)
    net = net_between(histories, first, day)
    recency_score = 5 - np.searchsorted(np.array(bounds.recency), day - last, side="left")
    order_bounds = np.array(bounds.orders_per_period) * bounds.periods
    monetary_score = np.zeros(len(histories), np.int64)
    steps = bounds.spend(pace)
    if steps is not None and histories.has_amounts:
        # In whole units, so that a total exactly on a bound is on the same side everywhere.
        units = [to_units(step * bounds.periods) for step in steps]
        monetary_score = 1 + np.searchsorted(np.array(units), net, side="right")
    return Rfm(
        recency,
        orders,
        to_currency(net) if histories.has_amounts else np.full(len(histories), np.nan),
        _scores(recency_score, bought),
        _scores(1 + np.searchsorted(order_bounds, orders, side="right"), bought),
        _scores(monetary_score, bought),
    )


def _scores(scores: npt.NDArray[np.int64], bought: npt.NDArray[np.bool_]) -> npt.NDArray[np.int8]:
    return np.where(bought, scores, 0).astype(np.int8)
