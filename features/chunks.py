"""The fold of a long log of members, times, amounts and orders, straight from the batches in which it is read.

To write a byte of memory for the first time costs far more than to work on it, so nothing is copied that need not be: each
batch is kept in its narrowest whole numbers, put in its place by a counting sort, and folded to purchases and returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from features.compiling import compiled
from features.histories import Ragged

Whole: TypeAlias = npt.NDArray[Any]

_INT32: Final = np.iinfo(np.int32)
_FEW: Final = 32


@dataclass(frozen=True, eq=False)
class Batches:
    """Lines in the order of the log, a list of arrays a column; see features.grouping.Lines."""

    member: list[Whole]
    day: list[Whole]
    units: list[Whole]
    order: list[Whole]

    @property
    def in_order_of_days(self) -> bool:
        """Whether no line is of an earlier day than the one before it."""
        firsts, lasts = [day[0] for day in self.day if len(day)], [day[-1] for day in self.day if len(day)]
        across = all(before <= after for before, after in zip(lasts, firsts[1:], strict=False))
        return across and not any(np.any(day[1:] < day[:-1]) for day in self.day)


def narrow(column: Whole) -> Whole:
    """A column in 32 bits where these hold all of it.

    >>> narrow(np.array([1, 2])).dtype, narrow(np.array([2**40])).dtype
    (dtype('int32'), dtype('int64'))
    """
    if len(column) and (column.max() > _INT32.max or column.min() < _INT32.min):
        return column
    return column.astype(np.int32)


def merged(member: Whole, day: Whole, units: Whole, order: Whole) -> tuple[Whole, Whole, Whole, Whole]:
    """Lines with each run of the same member, day, order and side as one line, whose amount is the run's.

    >>> lines = np.array([1, 1]), np.array([9, 9]), np.array([5, 7]), np.array([3, 3])
    >>> [column.tolist() for column in merged(*lines)]
    [[1], [9], [12], [3]]
    """
    columns = member, day, units, order
    out = [np.empty_like(column) for column in columns]
    lines = compiled(_merge)(*columns, *out)
    found = (column[:lines].copy() for column in out)
    return next(found), next(found), next(found), next(found)


def two_sides(batches: Batches, members: int, until: int) -> tuple[Ragged, Ragged]:
    """Purchases and returns by member and day, of lines on days up to ``until``; the batches are used up.

    Parameters
    ----------
    batches : in order of days
    members : how many codes there are
    until : the last day that counts, as a day number
    """
    first = np.zeros(members + 1, np.int64)
    for member, day in zip(batches.member, batches.day, strict=True):
        compiled(_count)(member, day, until, first)
    np.cumsum(first, out=first)
    # A line's numbers lie side by side: to write them where they belong takes one line of the cache and not three.
    placed = np.empty((first[-1], 3), _common((*batches.day, *batches.units, *batches.order)))
    start = first[:-1].copy()
    for member, *columns in _used_up(batches):
        alike = (column.astype(placed.dtype, copy=False) for column in columns)
        compiled(_place)(member, start, until, *alike, placed)
    # As much room as the lines could need: what is not written to is never taken from the machine.
    bought, returned = np.zeros(members + 1, np.int64), np.zeros(members + 1, np.int64)
    orders, gross, size = (np.empty(len(placed), np.int64) for _ in range(3))
    days = np.empty(len(placed), np.int32), np.empty(len(placed), np.int32)
    compiled(_fold)(first, placed, bought, days[0], orders, gross, returned, days[1], size)
    visits = {"orders": orders[: bought[-1]], "gross": gross[: bought[-1]]}
    returns = {"returned": size[: returned[-1]]}
    return Ragged(bought, days[0][: bought[-1]], visits), Ragged(returned, days[1][: returned[-1]], returns)


def _merge(
    member: Any, day: Any, units: Any, order: Any, out_member: Any, out_day: Any, out_units: Any, out_order: Any
) -> int:
    lines = 0
    for i in range(len(member)):
        back = units[i] < 0
        if (
            i > 0
            and order[i] == order[i - 1]
            and member[i] == member[i - 1]
            and day[i] == day[i - 1]
            and back == (units[i - 1] < 0)
        ):
            out_units[lines - 1] += units[i] + back  # ~a + ~b + 1 is ~(a + b)
        else:
            out_member[lines] = member[i]
            out_day[lines] = day[i]
            out_units[lines] = units[i]
            out_order[lines] = order[i]
            lines += 1
    return lines


def _common(column: Sequence[Whole]) -> Any:
    return np.int32 if all(part.dtype == np.int32 for part in column) else np.int64


def _used_up(batches: Batches) -> Any:
    """Batch after batch, each let go of when the next is asked for."""
    while batches.member:
        yield [column.pop(0) for column in (batches.member, batches.day, batches.units, batches.order)]


def _count(member: Any, day: Any, until: Any, count: Any) -> None:
    for i in range(len(member)):
        if day[i] <= until:
            count[member[i] + 1] += 1


def _place(member: Any, start: Any, until: Any, day: Any, units: Any, order: Any, out: Any) -> None:
    for i in range(len(member)):
        if day[i] <= until:
            to = start[member[i]]
            start[member[i]] = to + 1
            out[to, 0] = day[i]
            out[to, 1] = units[i]
            out[to, 2] = order[i]


def _fold(
    first: Any, lines: Any,
    visits: Any, visit_day: Any, orders: Any, gross: Any, returns: Any, return_day: Any, returned: Any,
) -> None:  # fmt: skip
    """Lines (day, units, order) by member and day → days with a purchase and with a return, and each member's first."""
    visit = 0
    back = 0
    for m in range(len(first) - 1):
        i = first[m]
        while i < first[m + 1]:
            j = i
            total = 0
            size = 0
            buys = 0
            distinct = 0
            while j < first[m + 1] and lines[j, 0] == lines[i, 0]:
                if lines[j, 1] < 0:
                    size -= lines[j, 1] + 1
                else:
                    buys = 1
                    total += lines[j, 1]
                    if j - i < _FEW:
                        new = 1
                        for k in range(i, j):
                            if lines[k, 1] >= 0 and lines[k, 2] == lines[j, 2]:
                                new = 0
                                break
                        distinct += new
                j += 1
            if j - i > _FEW:  # comparing each with each would take too long
                keys = lines[i:j, 2][lines[i:j, 1] >= 0]
                keys.sort()
                distinct = 0
                for k in range(len(keys)):
                    if k == 0 or keys[k] != keys[k - 1]:
                        distinct += 1
            if buys:
                visit_day[visit] = lines[i, 0]
                orders[visit] = distinct
                gross[visit] = total
                visit += 1
            if size > 0:
                return_day[back] = lines[i, 0]
                returned[back] = size
                back += 1
            i = j
        visits[m + 1] = visit
        returns[m + 1] = back
