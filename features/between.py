"""Sums of a history's rows over days [first, end), for all members at once: one pass over the rows, no loop."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from features.histories import Histories, Ragged
from features.snapshot import known_before

Integers: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]


def sum_between(rows: Ragged, column: npt.NDArray[Any] | str | None, first: int, end: int) -> Integers:
    """(n_members,) sums over rows on days [first, end).

    Parameters
    ----------
    column : (n_rows,) numbers or truths, the name of a value, or None to count rows

    >>> rows = Ragged(np.array([0, 2, 3]), np.array([1, 5, 5], np.int32), {"orders": np.array([1, 2, 3])})
    >>> sum_between(rows, "orders", 1, 5).tolist(), sum_between(rows, None, 0, 9).tolist()
    ([1, 0], [2, 1])
    """
    inside = (rows.day >= first) & (rows.day < end)
    values = rows.values[column] if isinstance(column, str) else column
    kept = inside if values is None else np.where(inside, values, 0)
    running = np.concatenate(([0], np.cumsum(kept, dtype=np.int64)))
    sums: Integers = running[rows.offsets[1:]] - running[rows.offsets[:-1]]
    return sums


def net_between(histories: Histories, first: int, end: int) -> Integers:
    """(n_members,) spend less what was returned, on days [first, end), in fixed-point units."""
    gross = sum_between(histories.visits, "gross", first, end)
    return gross - sum_between(histories.returns, "returned", first, end)


def last_day(rows: Ragged, end: int) -> Integers:
    """(n_members,) the last day before a day number that has a row, -1 where there is none.

    >>> last_day(Ragged(np.array([0, 2, 3]), np.array([1, 5, 5], np.int32), {}), 5).tolist()
    [1, -1]
    """
    start, stop = known_before(rows.day, rows.offsets, end)
    if not len(rows.day):
        return np.full(len(start), -1, np.int64)
    return np.where(stop > start, rows.day[np.maximum(stop - 1, 0)], -1).astype(np.int64)


def known_at(histories: Histories, day: int) -> npt.NDArray[np.bool_]:
    """(n_members,) whom there was to know of before a day number: by a row, or by having joined."""
    known: npt.NDArray[np.bool_] = (last_day(histories.visits, day) >= 0) | (last_day(histories.returns, day) >= 0)
    if histories.joined is not None:
        known |= (histories.joined >= 0) & (histories.joined < day)
    return known
