"""Which rows of a log can be used, and why the others cannot: an Ibis expression, run where the data is.

Each row gets the first reason that holds, or none. What is refused can be counted and kept (quarantine); nothing is
dropped in silence.
"""

from __future__ import annotations

import datetime as dt
import functools
import operator
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from features import money
from features.cells import (
    TIME_REASONS,
    blank,
    count_by_reason,
    first_reason,
    member_cell,
    no_reason,
    product_cell,
    text_cell,
    time_cell,
    time_conditions,
    time_source,
)
from features.csv_files import AS_IT_SHOWS, Layout
from features.csv_tables import FILE
from features.dialects import DateOrder, Dates, dates_of, is_format, numbers_of
from features.engine import Source, fetch, open_table
from features.errors import ColumnError, ConfigError, SourceError, UnusableLogError, listed
from features.number_formats import NumberFormat
from features.repetition import DUPLICATES, Duplicates, marked
from features.row_rules import Rule, refusing
from features.schema import LABELS, NUMBERS, ColumnMap, resolve
from features.stray_times import log_end
from features.suspicions import one_currency, zones_agree
from features.zones import UTC, zone_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

REASONS: Final[Mapping[str, str]] = {
    **TIME_REASONS,
    "no_amount": "no amount, in a log that has amounts",
    "comma_amount": "amount has a comma: 1234.50 is expected; for 1.234,50 say decimal_comma: true, else number_format",
    "unparsable_amount": "amount is not a finite number (1234.50 is expected; for others say number_format, as '$1,234.50')",
    "amount_too_large": f"amount of {money.MAX_AMOUNT:.0e} or more",
    "unusable_number": f"cost, discount, coupon, points or quantity is not a number below {money.MAX_AMOUNT:.0e}",
    "ruled_out": "refused by a rule of the settings",
    "stray_time": "time after the log's own end: a typo's year",
    "repeated": "repetition of another row (refused on request)",
}
"""Reason code → what it means, in the order in which they are tried."""

_OWN: Final = (
    *("tc_member", "tc_time", "tc_amount", "tc_order", "tc_copy", "tc_again", "tc_reason", "tc_good"),
    FILE,
    *(f"tc_{name}" for name in (*NUMBERS, *LABELS)),
)


@dataclass(frozen=True)
class Checked:
    """A log with each row's verdict.

    ``judged`` is the source's table with each contract column typed under its own name (``tc_member``, ``tc_time``, ...),
    ``tc_reason``, null where the row is usable as far as can be told from the row alone, and ``tc_good``, whether it
    is. ``whole_log`` says whether the log has an end of its own, after which times are strays.
    """

    source: ir.Table
    judged: ir.Table
    columns: ColumnMap
    duplicates: Duplicates
    whole_log: bool
    rules: tuple[Rule, ...] = ()
    time_zone: str = UTC
    numbers: NumberFormat | None = None
    dates: Dates = None

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
        """Usable rows: customer_id, timestamp, amount and order_id (null where the log has none), what else it has."""
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
        columns = [name for name in self.source.columns if name not in _OWN]
        return refused.select(*columns, **{"tc_reason" if taken else "reason": refused.tc_reason})

    def nothing_usable(self) -> UnusableLogError:
        """The error for a log of which no row can be used."""
        from features.suggestions import suggestions

        hints = suggestions(self, count_by_reason(self.judged))
        fix = "; ".join(hints) or "see 'tiercast check' for why each row was refused"
        return UnusableLogError("a log has usable rows", "none", fix)


def check(
    source: Source,
    mapping: Mapping[str, str] | None = None,
    *,
    duplicates: Duplicates = "keep",
    rules: Sequence[Rule] = (),
    time_zone: str | None = None,
    decimal_comma: bool = False,
    number_format: str | None = None,
    date_order: DateOrder | None = None,
    date_format: str | None = None,
    layout: Layout = AS_IT_SHOWS,
    whole_log: bool = True,
) -> Checked:
    """Give every row of a log its verdict. Lazy.

    Parameters
    ----------
    source : path, glob, frame or table
    mapping : contract column → source column
    duplicates : 'keep', 'drop' rows that repeat another, or drop the 'overlap' of several files (features.repetition)
    rules : what else is known of rows (features.rules); those that do not keep rows refuse them
    time_zone : IANA name of the programme's; times with a zone are read as its clocks showed them, others as they are.
        Without it, times with a zone are read in UTC, and a log in which only some have one is refused
    decimal_comma, number_format : numbers are written as 1.234,50, or after an example, as '$1,234.50'
    date_order : of dates in text not in ISO 8601: 'dmy' (31.01.2017), 'mdy' (1/31/2017) or 'ymd' (2017/1/31)
    date_format : how all times are written instead, as '%d-%b-%y' or 'days since 2014-12-31' (features.date_formats)
    layout : what a CSV file does not say of itself: encoding, delimiter, header
    whole_log : False for the lines of some members alone, which have no end of their own: no time is a stray then

    Raises
    ------
    ConfigError
        duplicates are neither kept nor dropped, or a format is none
    SourceError, ColumnError

    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer_id": [1, None, 2], "timestamp": ["2017-01-01", "2017-01-01", "soon"]})
    >>> check(log).quarantine.to_pyarrow()["reason"].to_pylist()
    ['no_member', 'unparsable_time']
    """
    if duplicates not in DUPLICATES:
        raise ConfigError(f"duplicates is one of {listed(DUPLICATES)}", repr(duplicates), "pass one of these")
    dates, numbers = dates_of(date_order, date_format), numbers_of(decimal_comma, number_format)
    table = open_table(source, layout)
    columns = resolve([name for name in table.columns if name != FILE], mapping)
    if own := [column for column in table.columns if column.lower() in _OWN and column != FILE]:
        raise ColumnError(f"the names {listed(_OWN)} are kept for verdicts", listed(own), "rename the column")
    if fetch(table.head(1)).num_rows == 0:
        raise SourceError("a log has rows", "a header and nothing below it", "check how the file was written")
    zone = zone_of(time_zone) if time_zone else None
    if zone is None and not is_format(dates):
        zones_agree(table, time_source(table, columns))
    one_currency(table, columns)
    given = table
    if duplicates != "keep":
        table = marked(table, duplicates)
    row = table.mutate(
        tc_member=member_cell(table[columns.sources["customer_id"][0]]),
        tc_time=time_cell(time_source(table, columns), zone=zone, dates=dates),
        tc_amount=_amount(table, columns, numbers),
        tc_order=_order(table, columns),
        **{f"tc_{name}": product_cell(table, columns, name, numbers) for name in NUMBERS if name in columns.sources},
        **{f"tc_{name}": text_cell(table[columns.sources[name][0]]) for name in LABELS if name in columns.sources},
    )
    conditions = _conditions(table, row, columns, numbers)
    if refused := [rule.holds(table) for rule in refusing(rules)]:
        conditions["ruled_out"] = functools.reduce(operator.or_, refused)
    if duplicates != "keep":
        conditions["repeated"] = row.tc_again
    row = row.mutate(tc_reason=first_reason(conditions, REASONS), tc_good=no_reason(conditions))
    if (rules or duplicates != "keep") and table.get_backend().name == "duckdb":
        # Every later question would match patterns and sort the log again.
        row = table.get_backend().create_table(f"tc_{secrets.token_hex(8)}", row, temp=True)
    return Checked(given, row, columns, duplicates, whole_log, tuple(rules), time_zone or UTC, numbers, dates)


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


def _amount(table: ir.Table, columns: ColumnMap, numbers: NumberFormat | None) -> ir.Value:
    import ibis

    return product_cell(table, columns, "amount", numbers) if columns.has_amounts else ibis.null("float64")


def _order(table: ir.Table, columns: ColumnMap) -> ir.Value:
    import ibis

    return text_cell(table[columns.sources["order_id"][0]]) if "order_id" in columns.sources else ibis.null("string")


def _conditions(table: ir.Table, row: ir.Table, columns: ColumnMap, numbers: NumberFormat | None) -> dict[str, Any]:
    conditions = time_conditions(time_source(table, columns), row.tc_member, row.tc_time)
    if columns.has_amounts:
        parts = [blank(table[name]) for name in columns.sources["amount"]]
        conditions["no_amount"] = parts[0] if len(parts) == 1 else parts[0] | parts[1]
        commas = [table[name].contains(",") for name in columns.sources["amount"] if table[name].type().is_string()]
        if commas and numbers is None:
            conditions["comma_amount"] = row.tc_amount.isnull() & functools.reduce(operator.or_, commas)
        conditions["unparsable_amount"] = row.tc_amount.isnull() | row.tc_amount.isnan() | row.tc_amount.isinf()
        conditions["amount_too_large"] = row.tc_amount.abs() >= money.MAX_AMOUNT
    if others := [name for name in NUMBERS if name in columns.sources]:
        conditions["unusable_number"] = functools.reduce(operator.or_, (_unusable(table, row, columns, n) for n in others))
    return conditions


def _unusable(table: ir.Table, row: ir.Table, columns: ColumnMap, name: str) -> Any:
    """Whether an optional number is there and is none, or is out of all proportion."""
    number = row[f"tc_{name}"]
    empty = functools.reduce(operator.or_, (blank(table[source]) for source in columns.sources[name]))
    return ~empty & (number.isnull() | number.isnan() | (number.abs() >= money.MAX_AMOUNT))
