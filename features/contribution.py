"""Contribution: what a member brings in, over the window [T - w, T) before a cutoff.

- sales = gross spend - returned
- profit = sales - (cost - returned cost), where the log has costs
- marginal contribution = (profit of the later half - of the earlier) / (units of the later half - of the earlier): the
  extra profit of an extra unit. It needs costs and quantities, and as many units in both halves leave it undefined.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.between import Floats, Integers, net_between, sum_between
from features.histories import Histories
from features.money import to_currency
from features.operators import ratio


@dataclass(frozen=True, eq=False)
class Contribution:
    """(n_members,) each, in currency; NaN where it is not available.

    ``returned_share`` is what was returned over gross spend, NaN without spend.
    """

    sales: Floats
    profit: Floats
    marginal: Floats
    returned_share: Floats


def contributions(histories: Histories, day: int, window_days: int) -> Contribution:
    """Contribution of all members at a cutoff.

    Parameters
    ----------
    day : cutoff as a day number, excluded
    window_days : w; of an odd number, the middle day belongs to neither half
    """
    nothing = np.full(len(histories), np.nan)
    if not histories.has_amounts:
        return Contribution(nothing, nothing, nothing, nothing)
    first, half = day - window_days, window_days // 2
    sales = to_currency(net_between(histories, first, day))
    gross = to_currency(sum_between(histories.visits, "gross", first, day))
    returned = to_currency(sum_between(histories.returns, "returned", first, day))
    profit = marginal = nothing
    if "cost" in histories.columns:
        profit = to_currency(profit_between(histories, first, day))
    if {"cost", "quantity"} <= histories.columns:
        more_profit = profit_between(histories, day - half, day) - profit_between(histories, first, first + half)
        more_units = _quantity(histories, day - half, day) - _quantity(histories, first, first + half)
        marginal = ratio(to_currency(more_profit), to_currency(more_units))
    return Contribution(sales, profit, marginal, ratio(returned, gross))


def profit_between(histories: Histories, first: int, end: int) -> Integers:
    """(n_members,) net spend less net cost on days [first, end), in fixed-point units; needs costs."""
    cost = sum_between(histories.visits, "cost", first, end)
    return net_between(histories, first, end) - cost + sum_between(histories.returns, "returned_cost", first, end)


def _quantity(histories: Histories, first: int, end: int) -> Integers:
    back = sum_between(histories.returns, "returned_quantity", first, end)
    return sum_between(histories.visits, "quantity", first, end) - back
