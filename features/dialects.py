"""What engines read differently, said once: the shapes of times and numbers in text, decimals, products.

DuckDB, PostgreSQL and Spark each cast some texts that the others refuse ('1_000', 'epoch', '2017-01-01 24:00', '1d'),
and PostgreSQL raises where the others give null. So a text is cast only where one regular expression, the same on
all three, holds; the expressions leave nothing that an engine could refuse or read in its own way.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from features.date_formats import Pattern, Since, date_format
from features.errors import ConfigError
from features.number_formats import DECIMAL_COMMA, NumberFormat, number_format, plain_number

if TYPE_CHECKING:
    import ibis.expr.types as ir

# Character classes instead of \d and \. : \d takes the digits of every script on PostgreSQL, and Spark's SQL takes
# backslashes for its own. The calendar is in the expression: February's 29th only in leap years.
_LEAP: Final = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_YEAR: Final = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_DATE: Final = (
    f"(?:{_YEAR}-(?:(?:0?[13578]|1[02])-(?:0?[1-9]|[12][0-9]|3[01])|(?:0?[469]|11)-(?:0?[1-9]|[12][0-9]|30)"
    f"|0?2-(?:0?[1-9]|1[0-9]|2[0-8]))|{_LEAP}-0?2-29)"
)
_CLOCK: Final = "(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]+)?)?"
_OFFSET: Final = "(?:Z| UTC| ?[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)"

TIME: Final = f"^{_DATE}(?:[T ]{_CLOCK}{_OFFSET}?)?$"
"""A date, or a date and a time of day; without an offset it is UTC."""

DateOrder = Literal["ymd", "dmy", "mdy"]
"""How dates are written that are not in ISO 8601: 2017/1/31, 31.1.2017 or 1/31/2017, with points, slashes or hyphens."""

_ORDERS: Final[Mapping[str, tuple[str, tuple[int, int, int]]]] = {  # what is looked for; which group is year, month, day
    "ymd": ("^([0-9]{4})[./-]([0-9]{1,2})[./-]([0-9]{1,2})", (1, 2, 3)),
    "dmy": ("^([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})", (3, 2, 1)),
    "mdy": ("^([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})", (3, 1, 2)),
}
ORDERS: Final = tuple(_ORDERS)

NUMBER: Final = "^[+-]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)(?:[eE][+-]?0?[0-9]{1,2})?$"
"""A decimal number with a point, no separators of thousands, and an exponent of at most two digits."""

COMMA_NUMBER: Final = "^[+-]?(?:[0-9]+|[0-9]{1,3}(?:[.][0-9]{3})+)?(?:,[0-9]*)?(?:[eE][+-]?0?[0-9]{1,2})?$"
"""A decimal number with a comma, in which points part groups of three digits and nothing else: 12.50 is none."""

_MOST_CHARACTERS: Final = 64  # with the exponent's two digits, far from what a double cannot hold
_MOST_FACTOR: Final = 1e150
_EXACT_DIGITS: Final = 15


Dates = DateOrder | Since | Pattern | None
"""How a log writes its times beside ISO 8601 (an order), or instead of it."""


def dates_of(order: DateOrder | None, written: str | None) -> Dates:
    """What ``date_order`` and ``date_format`` say together.

    Raises
    ------
    ConfigError
        both are given, or the format is none

    >>> dates_of(None, "iso"), dates_of("dmy", None)
    (None, 'dmy')
    """
    if order is not None and written is not None:
        raise ConfigError("dates have one way of being written", "date_order and date_format", "leave one out")
    return date_format(written) if written is not None else order


def is_format(dates: Dates) -> bool:
    """Whether times are written in a format of the log's own, and so all with a zone or all without."""
    return isinstance(dates, Since | Pattern)


def is_zoned(dates: Dates) -> bool:
    """Whether a format's times say their zone."""
    return isinstance(dates, Since | Pattern) and dates.zoned


def numbers_of(decimal_comma: bool, written: str | None) -> NumberFormat | None:
    """What ``decimal_comma`` and ``number_format`` say together.

    Raises
    ------
    ConfigError
        both are given, or the format is none
    """
    if decimal_comma and written is not None:
        raise ConfigError("numbers have one way of being written", "decimal_comma and number_format", "leave one out")
    return DECIMAL_COMMA if decimal_comma else number_format(written) if written is not None else None


def time_of(text: ir.StringValue, dates: Dates = None) -> ir.Value:
    """The instant that a text names, as a timestamp in UTC, cut to microseconds; null where it names none.

    With an order dates written in it are read beside those in ISO 8601, with a format nothing else is.
    """
    if isinstance(dates, Since):
        return counted_from(number_of(text), dates)
    if isinstance(dates, Pattern):
        return _patterned(text, dates)
    plain, engine = text.strip(), _engine(text)
    if dates is not None:
        shape, groups = _ORDERS[dates]
        plain = plain.re_replace(shape, "-".join(f"${group}" if engine == "pyspark" else rf"\{group}" for group in groups))
    return _iso_time(plain, engine)


def counted_from(number: Any, since: Since) -> ir.Value:
    """The time that is so many units after the start of a day, in whole seconds; null where no calendar has it."""
    import ibis

    times, parts = since.seconds
    # A spreadsheet's 9:00 is a bit less than 9:00, and so are nanoseconds, which have more digits than a double.
    seconds = number * times + 0.001 if times > 1 else number / parts + (1e-6 if parts >= 1e9 else 0)
    start = dt.datetime.combine(since.origin, dt.time())
    first, last = ((edge - start).total_seconds() for edge in (dt.datetime.min, dt.datetime.max))
    there = (seconds >= first) & (seconds < last)
    return ibis.literal(start) + there.ifelse(seconds, None).floor().cast("int64").as_interval("s")


def _patterned(text: ir.StringValue, pattern: Pattern) -> ir.Value:
    import ibis

    engine = _engine(text)
    plain = text.strip().lower()
    fits = plain.re_search(pattern.shape)
    for found, put, expression in pattern.steps():
        if expression:
            plain = plain.re_replace(found, re.sub(r"\\([0-9])", r"$\1", put) if engine == "pyspark" else put)
        else:
            plain = plain.replace(found, put)
    if "p" not in pattern.groups:
        return _iso_time(fits.ifelse(plain, None), engine)
    time = _iso_time(fits.ifelse(plain.replace("#a", "").replace("#p", ""), None), engine)
    return plain.contains("#p").ifelse(time + ibis.interval(hours=12), time)


def _iso_time(plain: ir.StringValue, engine: str) -> ir.Value:
    mended = plain.replace(" +", "+").replace(" -", "-")  # an offset set apart
    if engine == "postgres":  # rounds to microseconds where the others cut: so cut first
        mended = mended.re_replace("([.][0-9]{6})[0-9]+", r"\1")
    elif engine == "pyspark":  # reads no offset behind a time without seconds
        mended = mended.re_replace("([T ][0-9]{1,2}:[0-9]{2})(Z| UTC|[+-])", "$1:00$2")
    # By way of a zoned time: cast straight to a timestamp, an engine would drop the text's offset. try_cast is a cast on
    # PostgreSQL, which has no other, so the test comes first.
    return plain.re_search(TIME).ifelse(mended.try_cast("timestamp('UTC')"), None).cast("timestamp")


def number_of(text: ir.StringValue) -> ir.Value:
    """The finite number that a text writes, as float64; null where it writes none.

    All engines parse correctly rounded, so the same text gives the same bits.
    """
    plain = text.strip()
    return (plain.re_search(NUMBER) & (plain.length() <= _MOST_CHARACTERS)).ifelse(plain.try_cast("float64"), None)


def comma_number_of(text: ir.StringValue) -> ir.Value:
    """The same where numbers are written as 1.234,50; null where a point is no separator of thousands, as in 1234.50."""
    plain = text.strip()
    return plain.re_search(COMMA_NUMBER).ifelse(number_of(plain.replace(".", "").replace(",", ".")), None)


def formatted_number_of(text: ir.StringValue, written: NumberFormat) -> ir.Value:
    """The number that a text writes in a format of its log's own."""
    if written.exponents:
        return comma_number_of(text)
    digits, negative = plain_number(text, written)
    number = number_of(digits)
    return negative.ifelse(-number, number)


def as_float(column: ir.NumericValue) -> ir.Value:
    """A column of numbers as float64, rounded correctly."""
    kind = column.type()
    if kind.is_decimal() and (kind.precision or 38) > _EXACT_DIGITS and _engine(column) == "duckdb":
        return column.cast("string").cast("float64")  # cast at once, a decimal of more than 2^53 units may be off by one bit
    return column.cast("float64")


def product(left: ir.NumericValue, right: ir.NumericValue) -> ir.Value:
    """Two numbers' product; null where a factor is so large, and 0 where it is so small, that PostgreSQL could raise."""
    import ibis

    def factor(value: ir.NumericValue) -> Any:
        size = value.abs()
        return ibis.cases((size >= _MOST_FACTOR, None), (size < 1 / _MOST_FACTOR, 0.0), else_=value)

    return factor(left) * factor(right)


def _engine(value: ir.Value) -> str:
    return str(value.get_backend().name)
