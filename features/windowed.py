"""Tiers that follow from one window's sum, without a walk: many members as array operations, one member as plain Python.

For policies whose tier on a morning T is the highest reached by rows in the window before T, whatever was before
(``Rules.memoryless``). For all others see features.walk, which gives the same for these.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from features.calendars import months_on
from features.histories import Histories
from features.ledger import Ledger
from features.rulebook import (
    COLUMN,
    DAYS,
    FULL_ORDERS,
    FULL_SPEND,
    IS_SCORE,
    JOIN_ALL,
    MONTHS_BACK,
    N_METRICS,
    ORDERS,
    VISIT_DAYS,
    W_LOYAL,
    W_ORDERS,
    W_SPEND,
    WIDTH,
    WINDOW,
    Rulebook,
)

Integers: TypeAlias = npt.NDArray[np.int64]
State: TypeAlias = tuple[Integers, Integers, Integers, Integers, Integers, Integers, Integers]
"""Fields of a ``TierState`` in their order, without the scale."""

_EVER: Final = 1 << 30
"""Days in a lifetime."""


def windowed_tiers(book: Rulebook, log: Ledger, cutoffs: Integers) -> Integers:
    """(n_members, n_cutoffs) tiers held, -1 of whom nothing was known."""
    members = np.arange(len(log.joined))
    out = np.full((len(members), len(cutoffs)), -1, np.int64)
    for j, cutoff in enumerate(cutoffs.tolist()):
        joined = log.joined_as_known(cutoff)
        here = members[(joined >= 0) & (joined < cutoff)]
        until = log.rows_before(here, np.full(len(here), cutoff))
        since = log.rows_before(here, np.full(len(here), _start(book, cutoff)))
        values = [_metric(book, log, m, since, until) for m in range(book.rules[N_METRICS])]
        out[here, j] = _reached(book, values, len(here))
    return out


def windowed_state(book: Rulebook, log: Ledger, member: Integers, cutoff: Integers, horizon: int) -> State:
    """The policy's word on pairs, for one additive metric in a window of days or over the lifetime."""
    width = _width(book)
    total = log.totals[book.specs[COLUMN]]
    reach = np.array(book.reach, np.int64)
    until = log.rows_before(member, cutoff)
    since = log.rows_before(member, cutoff - width)
    stays = np.minimum(log.rows_before(member, cutoff + (horizon - width)), until)
    spend, carry = total[until] - total[since], total[until] - total[stays]
    tier = np.searchsorted(reach[1:], spend, side="right")
    secured = np.searchsorted(reach[1:], carry, side="right")
    need = np.maximum(reach[None, :] - carry[:, None], 0)
    need[:, 0] = 0
    keep_by = np.full(len(member), -1, np.int64)
    leaving = np.where(tier > 0, stays - since, 0)
    pair = np.repeat(np.arange(len(member)), leaving)
    row = np.repeat(since - (np.cumsum(leaving) - leaving), leaving) + np.arange(len(pair))
    short = total[until[pair]] - total[row + 1] < reach[tier[pair]]
    falls, at = np.unique(pair[short], return_index=True)
    keep_by[falls] = log.day[row[short][at]] + width
    return spend, carry, tier, secured, need, np.ones(len(member), np.int64), keep_by


def one_state(book: Rulebook, histories: Histories, member: int, cutoff: int, horizon: int) -> State:
    """The same for one pair and a metric of spend: adding up one history is faster than preparing arrays for it."""
    width, reach = _width(book), book.reach
    column = book.columns[0]
    visits, returns = histories.visits, histories.returns
    moves: dict[int, int] = {}
    for rows, name, sign in ((visits, "gross", 1), (returns, "returned", -1)):
        if sign < 0 and not column.net:
            break
        own = slice(int(rows.offsets[member]), int(rows.offsets[member + 1]))
        for day, value in zip(rows.day[own].tolist(), rows.values[name][own].tolist(), strict=True):
            if cutoff - width <= day < cutoff:
                moves[day] = moves.get(day, 0) + sign * value
    spend = sum(moves.values())
    tier = secured = 0
    while tier + 1 < len(reach) and spend >= reach[tier + 1]:
        tier += 1
    left, keep_by = spend, -1
    for day in sorted(moves):
        if day >= cutoff + horizon - width:
            break
        left -= moves[day]
        if keep_by < 0 and left < reach[tier] and tier > 0:
            keep_by = day + width
    while secured + 1 < len(reach) and left >= reach[secured + 1]:
        secured += 1
    need = np.array([[max(threshold - left, 0) for threshold in reach]], np.int64)
    need[0, 0] = 0
    row = np.array([spend, left, tier, secured, 1, keep_by], np.int64)
    return row[:1], row[1:2], row[2:3], row[3:4], need, row[4:5], row[5:]


def _width(book: Rulebook) -> int:
    return book.rules[WIDTH] if book.rules[WINDOW] == DAYS else _EVER


def _start(book: Rulebook, cutoff: int) -> int:
    if book.rules[WINDOW] == MONTHS_BACK:
        return months_on(cutoff, -book.rules[WIDTH])
    return cutoff - _width(book)


def _metric(book: Rulebook, log: Ledger, metric: int, since: Integers, until: Integers) -> Integers:
    spec = book.spec(0, metric)

    def total(column: int) -> Integers:
        totals = log.totals[column]
        return np.asarray(totals[until] - totals[since], np.int64)

    if not spec[IS_SCORE]:
        return total(spec[COLUMN])
    score = _part(spec[W_SPEND], total(spec[COLUMN]), spec[FULL_SPEND])
    score += _part(spec[W_ORDERS], total(spec[ORDERS]) * 10_000, spec[FULL_ORDERS])
    days = total(spec[VISIT_DAYS])
    score += _part(spec[W_LOYAL], np.maximum(days - 1, 0), np.maximum(days, 1))
    return score


def _part(weight: int, value: Integers, full: int | Integers) -> Integers:
    share = np.clip(value, 0, full) / full
    return np.floor(100 * weight * share + 0.5).astype(np.int64)


def _reached(book: Rulebook, values: list[Integers], n: int) -> Integers:
    tier = np.zeros(n, np.int64)
    join = np.logical_and if book.rules[JOIN_ALL] else np.logical_or
    for k in range(1, book.most_tiers):
        at = k * book.most_metrics
        tier[join.reduce([value >= book.reach[at + m] for m, value in enumerate(values)])] = k
    return tier
