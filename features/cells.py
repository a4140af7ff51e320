"""What the cells of a source's columns are read as, and what is wrong with a time: the same for every kind of table.

Ibis expressions, run where the data is. A cell that cannot be read is null.
"""

from __future__ import annotations

import datetime as dt
import functools
import operator
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from features import dialects, money
from features.date_formats import Pattern, Since
from features.engine import fetch
from features.errors import ColumnError
from features.number_formats import NumberFormat
from features.schema import ColumnMap
from features.suspicions import has_zone
from features.zones import wall_clock

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    import ibis.expr.types as ir

EARLIEST: Final = dt.datetime(1980, 1, 1)
TIME_REASONS: Final[Mapping[str, str]] = {
    "no_member": "no member: customer_id is missing or blank",
    "no_time": "no time: timestamp is missing or blank",
    "unparsable_time": (
        "time cannot be read: 2017-01-31 or 2017-01-31T09:30:00 (ISO 8601) is expected; for 31.01.2017 or 31/1/2017 say "
        "date_order: dmy, for 1/31/2017 mdy, for 2017/1/31 ymd; for all else date_format, as '%d-%b-%y' for 31-Jan-17"
    ),
    "zero_date": "time before 1980: an empty date in disguise",
}
"""Reason code → what it means, for rows that say who and when; in the order in which they are tried."""
_LATEST: Final = dt.datetime.max
_FAR: Final = dt.datetime(2100, 1, 1)  # beyond, nobody knows what clocks will show
_INT64_DIGITS: Final = 18
"""Whole numbers of no more digits fit into 64 bits."""


def member_cell(column: ir.Column) -> ir.Value:
    """Ids as whole numbers, numbers or text; null where one is blank."""
    kind = column.type()
    if kind.is_uuid():
        return column.cast("string")
    if kind.is_decimal() and kind.scale == 0:
        return column.cast("int64" if kind.precision <= _INT64_DIGITS else "string")
    if kind.is_integer():
        return column
    if kind.is_string() or kind.is_floating():
        return blank(column).ifelse(None, column)
    raise ColumnError("customer_id is a number or text", f"a column of type {kind}", "cast it when writing the log")


def time_cell(
    column: ir.Column, name: str = "timestamp", zone: ZoneInfo | None = None, dates: dialects.Dates = None
) -> ir.Value:
    """Times without a zone: those with one as the clocks of a time zone showed them, in UTC without one.

    ``dates`` is how times in text or numbers are written that are not in ISO 8601.
    """
    time = _instant(column, name, dates)
    kind = column.type()
    typed = kind.is_date() or (kind.is_timestamp() and kind.timezone is None)
    formatted = isinstance(dates, Since | Pattern) and (kind.is_string() or kind.is_numeric())
    if zone is None or typed or (formatted and not dialects.is_zoned(dates)):
        return time
    usable = (time >= EARLIEST) & (time <= _FAR)
    bounds = fetch(time.as_table().agg(first=time.min(where=usable), last=time.max(where=usable))).to_pylist()[0]
    if bounds["first"] is None:
        return time
    shown = wall_clock(time, zone, bounds["first"], bounds["last"])
    return has_zone(column).ifelse(shown, time) if kind.is_string() and not formatted else shown


def time_source(table: ir.Table, columns: ColumnMap) -> ir.Column:
    """A time as the source says it: a column, or as text the day's column and the time of day's, null without a day.

    A day without a time of day is a day.
    """
    parts = [table[source] for source in columns.sources["timestamp"]]
    if len(parts) == 1:
        return parts[0]
    day, clock = (_as_said(part) for part in parts)
    joined = clock.isnull().ifelse(day, day + " " + clock)
    return joined.name("timestamp")


def _as_said(part: ir.Column) -> Any:
    """A day or a time of day as text, null where it is blank; a day's own midnight is left out."""
    kind = part.type()
    if kind.is_floating():  # hours as whole numbers, of which some are missing
        part = blank(part).ifelse(None, part).cast("int64")
    text = part.cast("string").strip()
    return text.nullif("").re_replace("[T ]00:00(:00)?([.]0+)?$", "")


def _instant(column: ir.Column, name: str, dates: dialects.Dates) -> ir.Value:
    kind = column.type()
    if kind.is_string():
        return dialects.time_of(column, dates)
    if kind.is_numeric() and isinstance(dates, Since):
        return dialects.counted_from(dialects.as_float(column), dates)
    if kind.is_numeric() and isinstance(dates, Pattern):  # 20170131, and 20170131.0 where others are missing
        return dialects.time_of(blank(column).ifelse(None, column).cast("int64").cast("string"), dates)
    if kind.is_timestamp() or kind.is_date():
        return column.cast("timestamp")
    if kind.is_unknown() and "TIMESTAMPTZ" in str(kind):  # in nanoseconds, which Ibis has no name for
        return column.cast("timestamp('UTC')").cast("timestamp")
    fix = "cast it when writing the log"
    if kind.is_numeric():
        fix = "say what it counts, as in date_format: '%Y%m%d', 'milliseconds since 1970-01-01' or 'days since 2014-12-31'"
    raise ColumnError(f"{name} is a timestamp, a date or ISO 8601 text", f"a column of type {kind}", fix)


def number_cell(column: ir.Column, name: str, numbers: NumberFormat | None = None) -> ir.Value:
    """Numbers as float64; ``numbers`` is how text writes them that does not as 1234.50."""
    kind = column.type()
    if kind.is_string():
        return dialects.formatted_number_of(column, numbers) if numbers else dialects.number_of(column)
    if kind.is_numeric():
        return dialects.as_float(column)
    raise ColumnError(f"{name} is a number", f"a column of type {kind}", f"map another column to {name}")


def product_cell(table: ir.Table, columns: ColumnMap, name: str, numbers: NumberFormat | None = None) -> ir.Value:
    """A contract's number: a column, or the product of two."""
    factors = [number_cell(table[source], name, numbers) for source in columns.sources[name]]
    return factors[0] if len(factors) == 1 else functools.reduce(dialects.product, factors)


def units_cell(number: Any) -> Any:
    """Fixed-point units of numbers, 0 where there is none; the formula of features.money."""
    return (number * money.UNITS + 0.5).floor().cast("int64").fill_null(0)


def text_cell(column: ir.Column) -> ir.Value:
    """Text; null where it is blank."""
    return blank(column).ifelse(None, column.cast("string"))


def blank(column: ir.Column) -> Any:
    """Whether a value is missing: null, NaN, or text of nothing but white space."""
    kind = column.type()
    if kind.is_string():
        return column.isnull() | (column.strip() == "")
    return column.isnull() | column.isnan() if kind.is_floating() else column.isnull()


def time_conditions(source: ir.Column, member: ir.Value, time: ir.Value) -> dict[str, Any]:
    """What is wrong with who and when, by code of ``TIME_REASONS``.

    Parameters
    ----------
    source : the time as it is in the source
    member, time : as they are read
    """
    import ibis

    return {
        "no_member": member.isnull(),
        "no_time": blank(source),
        "unparsable_time": time.isnull() | (time > ibis.literal(_LATEST)),
        "zero_date": time < ibis.literal(EARLIEST),
    }


def first_reason(conditions: Mapping[str, Any], order: Iterable[str]) -> ir.Value:
    """The code of the first condition that holds, null where none does."""
    import ibis

    return ibis.cases(*((conditions[code], code) for code in order if code in conditions))


def no_reason(conditions: Mapping[str, Any]) -> Any:
    """Whether no condition holds: the same as no first reason, and quicker to work out over a long log.

    One that cannot be told does not hold; SQL's OR is true wherever one is, whatever the others are.
    """
    return ~functools.reduce(operator.or_, conditions.values()).fill_null(False)


def count_by_reason(rows: ir.Table) -> dict[str | None, int]:
    """Rows by ``tc_reason``; None stands for the usable ones."""
    reasons = rows.group_by(reason=rows.tc_reason).agg(rows=rows.count())
    return {row["reason"]: int(row["rows"]) for row in fetch(reasons).to_pylist()}
