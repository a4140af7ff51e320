"""DuckDB's lines in this process → histories: streamed into arrays and folded there, faster than by its own grouping."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from features import money
from features.cells import blank
from features.chunks import Batches, merged, narrow, two_sides
from features.compiling import has_numba
from features.daily import TIME, sums
from features.engine import stream
from features.grouping import COMPILE_FROM_LINES, Days, Integers, Lines, by_day, by_label
from features.histories import Histories, Ragged, assemble
from features.ranks import codes, encoded, ranked
from features.schema import LABELS
from features.stray_times import usual_days

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from features.verdicts import Checked

_DAY_US: Final = 86_400_000_000
_MINUTE_US: Final = 60_000_000
_BATCH_LINES: Final = 32_768
"""So few that a batch stays in the cache while it is worked on."""
_FEW_RUNS: Final = 64


def streamed(checked: Checked, has: set[str]) -> Histories:
    """Histories of all usable rows of a checked log on DuckDB.

    Parameters
    ----------
    has : the contract's columns that are read, and ``time``

    Raises
    ------
    UnusableLogError
        no row is usable
    """
    kept, rows, kind = _kept(checked, has)
    ids, member = ranked(kept.pop("member"), kind)
    until = _last_usual(rows) if checked.whole_log else max(rows)
    if _is_plain(has) and has_numba() and sum(rows.values()) >= COMPILE_FROM_LINES:
        batches = Batches(member, kept["day"], kept["units"], kept["order"])
        if batches.in_order_of_days:
            return _long(ids, batches, has, until)
    return _folded(kept, ids, np.concatenate(member), has, until)


def _is_plain(has: set[str]) -> bool:
    return has <= {"amount", "order_id"}


def _long(ids: npt.NDArray[Any], batches: Batches, has: set[str], until: int) -> Histories:
    """Histories of a long log, in order of days, that has nothing but amounts and orders."""
    first, last = int(batches.day[0][0]), int(batches.day[-1][-1])
    there = np.full(len(ids), last <= until)
    if last > until:
        for member, day in zip(batches.member, batches.day, strict=True):
            there[member[day <= until]] = True
    visits, returns = two_sides(batches, len(ids), until)
    histories = Histories(ids, visits, returns, frozenset(has), first, min(until, last) + 1)
    return histories if there.all() else histories.select(np.flatnonzero(there))  # some had nothing but strays


def _folded(
    kept: dict[str, list[Any]], ids: npt.NDArray[Any], member: npt.NDArray[np.int32], has: set[str], until: int
) -> Histories:
    """Histories of any log."""
    names: dict[str, npt.NDArray[Any]] = {}
    labels: dict[str, Integers] = {}
    for name in LABELS:
        if name in has:
            names[name], labels[name] = codes(kept.pop(name))
    whole = {}
    for name in list(kept):
        whole[name] = np.concatenate(kept.pop(name))
    if int(whole["day"].max()) > until:
        usual = whole["day"] <= until
        member, whole = member[usual], {name: column[usual] for name, column in whole.items()}
        labels = {name: code[usual] for name, code in labels.items()}
    day, units, order = whole.pop("day"), whole.pop("units").astype(np.int64), whole.pop("order").astype(np.int64)
    minute = whole.pop("minute", None)
    days = by_day(Lines(member, day, units, order, whole, minute), len(ids))
    ragged = {}
    for name, code in labels.items():
        labelled_ = (units >= 0) & (code >= 0)
        ragged[name] = _ragged(by_label(member[labelled_], day[labelled_], code[labelled_], units[labelled_], len(ids)))
    histories = assemble(ids, days.offsets, days.day, days.values, has, ragged, names)
    there = np.diff(days.offsets) > 0
    return histories if there.all() else histories.select(np.flatnonzero(there))  # some had nothing but strays


def _kept(checked: Checked, has: set[str]) -> tuple[dict[str, list[Any]], dict[int, int], pa.DataType]:
    """The log's lines, batch by batch, in the form in which they are kept; how many there are by day; the type of ids."""
    kept: dict[str, list[Any]] = {}
    rows: Counter[int] = Counter()
    lines, kind = 0, None
    merging = _is_plain(has) and has_numba()
    for batch in stream(_columns(checked, has), _BATCH_LINES):
        kind = batch["member"].type
        if batch.num_rows:
            parts = _parts(batch, has)
            _count_days(parts["day"], rows)
            lines += batch.num_rows
            if merging and lines >= COMPILE_FROM_LINES:
                parts = _merged(parts)
            for name, part in parts.items():
                kept.setdefault(name, []).append(narrow(part) if name in ("units", "order") else part)
    if not kept:
        raise checked.nothing_usable()
    return kept, rows, kind


def _parts(batch: pa.RecordBatch, has: set[str]) -> dict[str, Any]:
    """A batch's columns in the form in which they are kept, with no more to work out."""
    time = batch["time"].view("int64").to_numpy()
    if "amount" in has:  # a usable row has one
        amount = batch["amount"].to_numpy(zero_copy_only=False)
        bought = amount >= 0
        units = np.floor(amount * money.UNITS + 0.5).astype(np.int64)
        units = np.where(bought, units, ~-units)
    else:
        bought, units = np.ones(len(time), bool), np.zeros(len(time), np.int64)
    parts: dict[str, Any] = {
        "member": encoded(batch["member"]),
        "day": (time // _DAY_US).astype(np.int32),
        "units": units,
        "order": _orders(batch["order"], time) if "order_id" in has else time,
        **{name: encoded(batch[name]) for name in LABELS if name in has},
    }
    if TIME in has:
        parts["minute"] = (time % _DAY_US // _MINUTE_US).astype(np.int32)
    for part in sums(has):
        if part.column != "amount":
            number = _units(batch[part.column].to_numpy(zero_copy_only=False))
            size = {"size": np.abs(number), "above": np.maximum(number, 0), "below": np.maximum(-number, 0)}[part.part]
            parts[part.value] = np.where(bought == (part.side == "visits"), size, 0)
    return parts


def _count_days(day: npt.NDArray[np.int32], rows: Counter[int]) -> None:
    """Add a batch's rows to those of each day."""
    starts = np.flatnonzero(day[1:] != day[:-1]) + 1
    if len(starts) < _FEW_RUNS:  # a log is mostly in order of time
        bounds = [0, *starts.tolist(), len(day)]
        for start, stop in itertools.pairwise(bounds):
            rows[int(day[start])] += stop - start
        return
    days, counts = np.unique(day, return_counts=True)
    for one, count in zip(days.tolist(), counts.tolist(), strict=True):
        rows[one] += count


def _merged(parts: dict[str, Any]) -> dict[str, Any]:
    """A batch's lines with the neighbours of one order as one: the fold of these is the same, and has less to move."""
    import pyarrow as pa

    member, *others = parts["member"], parts["day"], parts["units"], parts["order"]
    if isinstance(member, pa.DictionaryArray):
        code, *columns = merged(member.indices.to_numpy(), *others)
        return dict(zip(parts, (pa.DictionaryArray.from_arrays(code, member.dictionary), *columns), strict=True))
    return dict(zip(parts, merged(member, *others), strict=True)) if isinstance(member, np.ndarray) else parts


def _columns(checked: Checked, has: set[str]) -> ir.Table:
    row = checked.judged.filter(checked.judged.tc_good)
    columns: dict[str, Any] = {"member": row.tc_member, "time": row.tc_time.cast("timestamp(6)")}
    if "amount" in has:
        columns["amount"] = row.tc_amount
    if "order_id" in has:
        order = row[checked.columns.sources["order_id"][0]]
        # Whole numbers tell orders apart as they are, texts and numbers beyond int64 by 64 bits of hash.
        if order.type().is_integer() and not order.type().is_uint64():
            columns["order"] = order.cast("int64")
        else:
            columns["order"] = blank(order).ifelse(None, row.tc_order.hash())
    for name in sorted(has - {"amount", "order_id", TIME}):
        columns[name] = row[f"tc_{name}"]
    return row.select(**columns)


def _units(numbers: npt.NDArray[np.float64]) -> Integers:
    """Fixed-point units of numbers, 0 where there is none; the formula of features.money."""
    scaled = np.floor(np.nan_to_num(numbers) * money.UNITS + 0.5)
    return scaled.astype(np.int64)


def _orders(numbers: pa.Array, time: Integers) -> Integers:
    """What tells orders apart: the order's number, or for a line without one its time; the last bit says which."""
    import pyarrow.compute as pc

    none = numbers.null_count > 0
    number: Integers = (pc.fill_null(numbers, 0) if none else numbers).to_numpy().astype(np.int64, copy=False) * 2
    return np.where(numbers.is_null().to_numpy(zero_copy_only=False), time * 2 + 1, number) if none else number


def _last_usual(rows: Mapping[int, int]) -> int:
    """The log's own last day (see features.stray_times), of the rows on each."""
    days = sorted(rows)
    return days[usual_days(days, [rows[day] for day in days]) - 1]


def _ragged(days: Days) -> Ragged:
    return Ragged(days.offsets, days.day, days.values)
