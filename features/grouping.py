"""Lines in memory → member x day: the fold of features.daily on arrays.

Two forms with the same whole numbers: numpy's sorts, and counting sorts compiled by numba, which are several times faster on
tens of millions of lines and not worth loading for fewer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from features.compiling import compiled, has_numba

Integers: TypeAlias = npt.NDArray[np.int64]

COMPILE_FROM_LINES: Final = 2_000_000
_FEW: Final = 32


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines of a log in memory, in any order.

    ``member`` (n_lines,) is a code from 0 on; ``units`` holds amounts in fixed-point units, and ~size where the line is a
    return; ``order`` tells orders of one member and day apart; ``more`` holds further values to sum by name, (n_lines,)
    each, 0 on the other side of the day; ``minute`` is None where it is not asked for.
    """

    member: npt.NDArray[np.int32]
    day: npt.NDArray[np.int32]
    units: Integers
    order: Integers
    more: Mapping[str, Integers]
    minute: npt.NDArray[np.int32] | None = None

    def __len__(self) -> int:
        return len(self.member)


@dataclass(frozen=True, eq=False)
class Days:
    """Member x day rows, sorted; ``offsets`` (n_members + 1,), the rest (n_rows,)."""

    offsets: Integers
    day: npt.NDArray[np.int32]
    values: dict[str, Integers]


def by_day(lines: Lines, members: int, *, compile_: bool | None = None) -> Days:
    """Fold lines to member x day.

    Parameters
    ----------
    members : how many codes there are
    compile_ : force the compiled (True) or the numpy form (False); None chooses by size
    """
    if compile_ is None:
        compile_ = len(lines) >= COMPILE_FROM_LINES and has_numba()
    return _compiled_days(lines, members) if compile_ else _numpy_days(lines, members)


def _numpy_days(lines: Lines, members: int) -> Days:
    sorting = np.lexsort((lines.day, lines.member))
    member, day, units = lines.member[sorting], lines.day[sorting], lines.units[sorting]
    starts = _starts(member, day)
    row = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(member))))
    bought = units >= 0
    values = {
        "orders": _distinct(row[bought], lines.order[sorting][bought], len(starts)),
        "gross": np.add.reduceat(np.where(bought, units, 0), starts),
        "returned": np.add.reduceat(np.where(bought, 0, ~units), starts),
    }
    offsets = np.searchsorted(member[starts], np.arange(members + 1)).astype(np.int64)
    return Days(offsets, day[starts], {**values, **_more(lines, sorting, bought, starts)})


def _compiled_days(lines: Lines, members: int) -> Days:
    columns: list[Any] = [lines.member, lines.day, lines.units, lines.order]
    sorting = None
    if np.any(lines.day[1:] < lines.day[:-1]):  # a log is mostly in order of time
        sorting = _sorting(lines.day - lines.day.min())
        columns = [column[sorting] for column in columns]
    member, *unplaced = columns
    first = np.concatenate(([0], np.cumsum(np.bincount(member, minlength=members))))
    placed = [np.empty_like(column) for column in unplaced]
    compiled(_place)(member, first[:-1].copy(), *unplaced, *placed)
    day, units, order = placed
    rows = compiled(_count_days)(first, day)
    offsets = np.empty(members + 1, np.int64)
    out_day = np.empty(rows, np.int32)
    starts, orders, gross, returned = (np.empty(rows, np.int64) for _ in range(4))
    compiled(_merge)(first, day, units, order, offsets, starts, out_day, orders, gross, returned)
    values = {"orders": orders, "gross": gross, "returned": returned}
    if lines.more or lines.minute is not None:
        by_member = _sorting(member)
        whole = by_member if sorting is None else sorting[by_member]
        values |= _more(lines, whole, units >= 0, starts)
    return Days(offsets, out_day, values)


def _sorting(code: npt.NDArray[np.int32]) -> Integers:
    """Positions in order of code, stable."""
    first = np.concatenate(([0], np.cumsum(np.bincount(code))))
    positions = np.empty(len(code), np.int64)
    compiled(_count_sort)(code, first, positions)
    return positions


def _more(lines: Lines, sorting: Any, bought: npt.NDArray[np.bool_], starts: Integers) -> dict[str, Integers]:
    values = {name: np.add.reduceat(column[sorting], starts) for name, column in lines.more.items()}
    if lines.minute is not None:
        latest = 24 * 60
        first = np.minimum.reduceat(np.where(bought, lines.minute[sorting], latest), starts)
        values["minute"] = np.where(first == latest, 0, first).astype(np.int64)
    return values


def by_label(
    member: npt.NDArray[np.int32], day: npt.NDArray[np.int32], code: Integers, units: Integers, members: int
) -> Days:
    """Fold purchases with a label to member x day x label, sorted: values code, lines and gross."""
    sorting = np.lexsort((code, day, member))
    member, day, code = member[sorting], day[sorting], code[sorting]
    starts = _starts(member, day, code)
    offsets = np.searchsorted(member[starts], np.arange(members + 1)).astype(np.int64)
    values = {
        "code": code[starts],
        "lines": np.diff(np.append(starts, len(member))),
        "gross": np.add.reduceat(units[sorting], starts) if len(starts) else units[:0],
    }
    return Days(offsets, day[starts], values)


def _starts(*keys: npt.NDArray[Any]) -> Integers:
    """Where runs of equal keys begin."""
    changed = np.zeros(max(len(keys[0]) - 1, 0), bool)
    for key in keys:
        changed |= key[1:] != key[:-1]
    return np.flatnonzero(np.concatenate((np.ones(min(len(keys[0]), 1), bool), changed)))


def _distinct(row: Integers, key: Integers, rows: int) -> Integers:
    sorting = np.lexsort((key, row))
    first = _starts(row[sorting], key[sorting])
    return np.bincount(row[sorting][first], minlength=rows).astype(np.int64)


def _count_sort(code: Any, start: Any, out: Any) -> None:
    for i in range(len(code)):
        out[start[code[i]]] = i
        start[code[i]] += 1


def _place(
    code: Any, start: Any, day: Any, units: Any, order: Any, out_day: Any, out_units: Any, out_order: Any
) -> None:  # fmt: skip
    """The columns in order of ``code``, stable."""
    for i in range(len(code)):
        to = start[code[i]]
        start[code[i]] = to + 1
        out_day[to] = day[i]
        out_units[to] = units[i]
        out_order[to] = order[i]


def _count_days(first: Any, day: Any) -> int:
    rows = 0
    for m in range(len(first) - 1):
        for i in range(first[m], first[m + 1]):
            if i == first[m] or day[i] != day[i - 1]:
                rows += 1
    return rows


def _merge(
    first: Any, day: Any, units: Any, order: Any,
    offsets: Any, starts: Any, out_day: Any, orders: Any, gross: Any, returned: Any,
) -> None:  # fmt: skip
    """Lines by member and day → rows."""
    row = 0
    for m in range(len(first) - 1):
        offsets[m] = row
        i = first[m]
        while i < first[m + 1]:
            j = i
            bought = 0
            back = 0
            distinct = 0
            while j < first[m + 1] and day[j] == day[i]:
                if units[j] < 0:
                    back += ~units[j]
                else:
                    bought += units[j]
                    if j - i < _FEW:
                        new = 1
                        for k in range(i, j):
                            if units[k] >= 0 and order[k] == order[j]:
                                new = 0
                                break
                        distinct += new
                j += 1
            if j - i > _FEW:  # comparing each with each would take too long
                keys = order[i:j][units[i:j] >= 0]
                keys.sort()
                distinct = 0
                for k in range(len(keys)):
                    if k == 0 or keys[k] != keys[k - 1]:
                        distinct += 1
            starts[row] = i
            out_day[row] = day[i]
            orders[row] = distinct
            gross[row] = bought
            returned[row] = back
            row += 1
            i = j
    offsets[len(first) - 1] = row
