"""Which rows of a log can be used, and why the others cannot: an Ibis expression, run where the data is.

Each row gets the first reason that holds, or none. What is refused can be counted and kept (quarantine); nothing is
dropped in silence.
"""

from __future__ import annotations

import datetime as dt
import functools
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from features import money
from features.cells import (
    TIME_REASONS,
    blank,
    first_reason,
    member_cell,
    product_cell,
    text_cell,
    time_cell,
    time_conditions,
)
from features.engine import Source, fetch, open_table
from features.errors import ColumnError, ConfigError, SourceError, listed
from features.schema import LABELS, NUMBERS, ColumnMap, resolve

if TYPE_CHECKING:
    import ibis.expr.types as ir

REASONS: Final[Mapping[str, str]] = {
    **TIME_REASONS,
    "no_amount": "no amount, in a log that has amounts",
    "unparsable_amount": "amount is not a finite number (1234.50 is expected)",
    "amount_too_large": f"amount of {money.MAX_AMOUNT:.0e} or more",
    "unusable_number": f"cost, discount, coupon, points or quantity is not a number below {money.MAX_AMOUNT:.0e}",
    "stray_time": "time after the log's own end: a typo's year",
    "repeated": "exact repetition of another row (refused on request)",
}
"""Reason code → what it means, in the order in which they are tried."""

_DUPLICATES: Final = ("keep", "drop")
_OWN: Final = (
    *("tc_member", "tc_time", "tc_amount", "tc_order", "tc_copy", "tc_reason"),
    *(f"tc_{name}" for name in (*NUMBERS, *LABELS)),
)
_STRAY_SHARE: Final = 0.01
_STRAY_MIN_GAP_DAYS: Final = 90
_STRAY_FEW_ROWS: Final = 10


@dataclass(frozen=True)
class Checked:
    """A log with each row's verdict.

    ``judged`` is the source's table with each contract column typed under its own name (``tc_member``, ``tc_time``,
    ``tc_amount``, ``tc_order``, ``tc_cost``, ...) and ``tc_reason``, null where the row is usable as far as can be told from
    the row alone. ``whole_log`` says whether the log has an end of its own, after which times are strays.
    """

    source: ir.Table
    judged: ir.Table
    columns: ColumnMap
    duplicates: str
    whole_log: bool

    @cached_property
    def end(self) -> dt.datetime | None:
        """The log's own end: its last usable time, None where there is none to tell. Counts rows by day when first asked."""
        return log_end(self.judged) if self.whole_log else None

    @cached_property
    def rows(self) -> ir.Table:
        """``judged`` with the last verdict, on strays after the log's own end."""
        if self.end is None:
            return self.judged
        import ibis

        row = self.judged
        stray = row.tc_reason.isnull() & (row.tc_time > ibis.literal(self.end))
        return row.mutate(tc_reason=stray.ifelse("stray_time", row.tc_reason))

    @property
    def clean(self) -> ir.Table:
        """Usable rows: customer_id, timestamp, amount (null where the log has none), order_id (likewise), and what else the
        log has of the contract.
        """
        return _contract(self.rows, self.columns)

    @property
    def lines(self) -> ir.Table:
        """The same with the strays still among them."""
        return _contract(self.judged, self.columns)

    @property
    def quarantine(self) -> ir.Table:
        """Refused rows: the source's columns and ``reason`` (``tc_reason`` where the source has a reason of its own)."""
        refused = self.rows.filter(self.rows.tc_reason.notnull())
        taken = "reason" in (column.lower() for column in self.source.columns)
        return refused.select(*self.source.columns, **{"tc_reason" if taken else "reason": refused.tc_reason})


def check(
    source: Source, mapping: Mapping[str, str] | None = None, *, duplicates: str = "keep", whole_log: bool = True
) -> Checked:
    """Give every row of a log its verdict. Lazy.

    Parameters
    ----------
    source : path, glob, frame or table
    mapping : contract column → source column
    duplicates : 'keep' or 'drop'; rows that repeat another in every column of the source
    whole_log : False for the lines of some members alone, which have no end of their own: no time is a stray then

    Raises
    ------
    ConfigError
        duplicates are neither kept nor dropped
    SourceError, ColumnError

    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer_id": [1, None, 2], "timestamp": ["2017-01-01", "2017-01-01", "soon"]})
    >>> check(log).quarantine.to_pyarrow()["reason"].to_pylist()
    ['no_member', 'unparsable_time']
    """
    import ibis

    if duplicates not in _DUPLICATES:
        raise ConfigError(f"duplicates is one of {listed(_DUPLICATES)}", repr(duplicates), "pass one of these")
    table = open_table(source)
    columns = resolve(table.columns, mapping)
    if own := [column for column in table.columns if column.lower() in _OWN]:
        raise ColumnError(f"the names {listed(_OWN)} are kept for verdicts", listed(own), "rename the column")
    if fetch(table.head(1)).num_rows == 0:
        raise SourceError("a log has rows", "a header and nothing below it", "check how the file was written")
    row = table.mutate(
        tc_member=member_cell(table[columns.sources["customer_id"][0]]),
        tc_time=time_cell(table[columns.sources["timestamp"][0]]),
        tc_amount=_amount(table, columns),
        tc_order=_order(table, columns),
        **{f"tc_{name}": product_cell(table, columns, name) for name in NUMBERS if name in columns.sources},
        **{f"tc_{name}": text_cell(table[columns.sources[name][0]]) for name in LABELS if name in columns.sources},
    )
    conditions = _conditions(table, row, columns)
    if duplicates == "drop":
        row = row.mutate(tc_copy=ibis.row_number().over(ibis.window(group_by=table.columns)))
        conditions["repeated"] = row.tc_copy > 0
    row = row.mutate(tc_reason=first_reason(conditions, REASONS))
    return Checked(table, row, columns, duplicates, whole_log)


def _contract(row: ir.Table, columns: ColumnMap) -> ir.Table:
    usable = row.filter(row.tc_reason.isnull())
    more = {name: usable[f"tc_{name}"] for name in (*NUMBERS, *LABELS) if name in columns.sources}
    return usable.select(
        customer_id=usable.tc_member,
        timestamp=usable.tc_time,
        amount=usable.tc_amount,
        order_id=usable.tc_order,
        **more,
    )


def _amount(table: ir.Table, columns: ColumnMap) -> ir.Value:
    import ibis

    return product_cell(table, columns, "amount") if columns.has_amounts else ibis.null("float64")


def _order(table: ir.Table, columns: ColumnMap) -> ir.Value:
    import ibis

    return text_cell(table[columns.sources["order_id"][0]]) if "order_id" in columns.sources else ibis.null("string")


def _conditions(table: ir.Table, row: ir.Table, columns: ColumnMap) -> dict[str, Any]:
    conditions = time_conditions(table[columns.sources["timestamp"][0]], row.tc_member, row.tc_time)
    if columns.has_amounts:
        parts = [blank(table[name]) for name in columns.sources["amount"]]
        conditions["no_amount"] = parts[0] if len(parts) == 1 else parts[0] | parts[1]
        conditions["unparsable_amount"] = row.tc_amount.isnull() | row.tc_amount.isnan() | row.tc_amount.isinf()
        conditions["amount_too_large"] = row.tc_amount.abs() >= money.MAX_AMOUNT
    if numbers := [name for name in NUMBERS if name in columns.sources]:
        conditions["unusable_number"] = functools.reduce(operator.or_, (_unusable(table, row, columns, n) for n in numbers))
    return conditions


def _unusable(table: ir.Table, row: ir.Table, columns: ColumnMap, name: str) -> Any:
    """Whether an optional number is there and is none, or is out of all proportion."""
    number = row[f"tc_{name}"]
    empty = functools.reduce(operator.or_, (blank(table[source]) for source in columns.sources[name]))
    return ~empty & (number.isnull() | number.isnan() | (number.abs() >= money.MAX_AMOUNT))


def log_end(row: ir.Table) -> dt.datetime | None:
    """Find the last time that is no typo: after it comes a gap longer than any before, and hardly a row.

    Times are strays when at most 1 % of the rows lie after a gap of more than 90 days and of more than three
    times the longest gap before it, leaving out gaps after fewer than 10 rows. Rows added later only ever move the
    end later, so what was usable at a cutoff stays so.
    """
    usable = row.filter(row.tc_reason.isnull())
    days = usable.group_by(day=usable.tc_time.date()).agg(rows=usable.count(), last=usable.tc_time.max()).order_by("day")
    table = fetch(days)
    if table.num_rows == 0:
        return None
    dates: list[dt.date] = table["day"].to_pylist()
    last: dt.datetime = table["last"][
        usual_days([date.toordinal() for date in dates], table["rows"].to_pylist()) - 1
    ].as_py()
    return last


def usual_days(days: Sequence[int], rows: Sequence[int]) -> int:
    """How many of a log's days, in order, come before the strays (see ``log_end``).

    Parameters
    ----------
    days : (n_days,) rising day numbers that have rows
    rows : (n_days,) rows on each

    >>> usual_days([0, 1, 2, 5000], [500, 500, 500, 1])
    3
    """
    total, seen, longest = sum(rows), 0, 0
    for i in range(1, len(days)):
        seen += rows[i - 1]
        gap = days[i] - days[i - 1]
        if gap > max(_STRAY_MIN_GAP_DAYS, 3 * longest) and total - seen <= _STRAY_SHARE * total:
            return i
        if seen >= _STRAY_FEW_ROWS:  # a gap after a few rows may be a typo's too, at the other end
            longest = max(longest, gap)
    return len(days)
