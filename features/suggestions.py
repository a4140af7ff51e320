"""Settings to write: what would read a log's times or amounts that cannot be read, found by trying it on the texts.

Nothing is chosen: where two settings read the texts equally well, both are named, and whoever wrote the log has to say.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, get_args

from features.cells import EARLIEST, time_source
from features.date_formats import Pattern, date_format
from features.dialects import DateOrder, Dates, formatted_number_of, number_of, time_of
from features.engine import fetch, open_table
from features.errors import ConfigError
from features.no_purchases import no_purchases
from features.number_formats import DECIMAL_COMMA, NumberFormat, number_format

if TYPE_CHECKING:
    from features.verdicts import Checked

_MOST_TEXTS: Final = 20_000
_FIRST_TEXTS: Final = 200
_SHARE: Final = 0.9
_COUNT: Final = "^[0-9]{5,19}(?:[.][0-9]+)?$"
_SIGN: Final = r"[^0-9()+\-.,'’\s]*"
_COMMA: Final = "decimal_comma: true"
_DATES: Final = (
    *("%Y%m%d", "%d%m%Y", "%Y年%m月%d日"),
    *(f"{day}{mark}%y" for mark in ("/", ".", "-") for day in (f"%d{mark}%m", f"%m{mark}%d")),
    *("%y/%m/%d", "%y-%m-%d", "%d-%b-%y", "%d-%b-%Y", "%d %b %y", "%d/%b/%Y", "%d%b%y", "%d%b%Y", "%Y-%b-%d"),
    *("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%A, %d %B %Y", "%A, %B %d, %Y", "%a, %d %b %Y"),
    *(f"{day}{mark}%Y" for mark in ("/", ".", "-") for day in (f"%d{mark}%m", f"%m{mark}%d")),
    *("%Y/%m/%d", "%Y-%m-%d", "%Y.%m.%d"),
)
_CLOCKS: Final = (
    *("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", ", %I:%M %p", ", %H:%M", ", %H:%M:%S"),
    *(" %I:%M%p", " %H", " %H%M", " %H%M%S", " %H.%M", " %H:%M:%S %z", " %H:%M %z", ":%H:%M:%S %z", ":%H:%M:%S"),
    *("%H%M", "%H%M%S", "T%H%M%S", "T%H%M%S%z", "-%H.%M.%S", " %H.%M.%S", " %I.%M.%S.%f %p", "T%H:%M:%S", "T%H:%M"),
)
_OWN: Final = ("%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %z %Y", "%a %b %d %Y")
_SINCE: Final = (
    *("seconds since 1970-01-01", "milliseconds since 1970-01-01", "microseconds since 1970-01-01"),
    "nanoseconds since 1970-01-01",
    "days since 1899-12-30",
)
_MOST_DAYS: Final = 5_000
_BODIES: Final = ("1,234.50", "1.234,50", "1 234.50", "1 234,50", "1'234.50", "1234.50", "1234,50")


def suggestions(checked: Checked, refused: Iterable[str | None]) -> list[str]:
    """What to write in the settings, a sentence each; often nothing.

    Parameters
    ----------
    refused : the reasons for which rows were
    """
    refused, said = set(refused), []
    source, columns = checked.source, checked.columns
    if "unparsable_time" in refused and time_source(source, columns).type().is_string():
        said += _sentence("times", times_read_by(_texts(checked, [time_source(source, columns)]), checked.dates))
    if columns.has_amounts and {"unparsable_time", "comma_amount", "unparsable_amount"} & refused:
        amounts = [source[name] for name in columns.sources["amount"] if source[name].type().is_string()]
        said += _sentence("amounts", numbers_read_by(_texts(checked, amounts), checked.numbers))
    return said + no_purchases(checked)


def _sentence(what: str, settings: Sequence[str]) -> list[str]:
    if not settings:
        return []
    if len(settings) == 1:
        return [f"write {settings[0]}, which reads such {what}"]
    return [f"write {' or '.join(settings)}, whichever the log was written in: each reads such {what}"]


def _texts(checked: Checked, columns: Sequence[Any]) -> list[str]:
    """Different texts of columns, so many that all is there that a format may stumble over."""
    found: list[str] = []
    for column in columns:
        text = column.strip().name("text")
        rows = checked.source.select(text).filter(lambda row: row.text.notnull() & (row.text != "")).distinct()
        found += fetch(rows.limit(_MOST_TEXTS))["text"].to_pylist()
    return found


def times_read_by(texts: Sequence[str], now: Dates = None) -> list[str]:
    """Settings that read nearly all of the times, and more than ``now``; several where it cannot be told.

    >>> times_read_by(["31/12/2017", "01/02/2017"]), times_read_by(["1/2/2017"])
    (['date_order: dmy'], ['date_order: dmy', 'date_order: mdy'])
    >>> times_read_by(["01-Jan-17"]), times_read_by(["1433221332117"])
    (["date_format: '%d-%b-%y'"], ["date_format: 'milliseconds since 1970-01-01'"])
    """
    if texts and all(re.fullmatch("[0-9]{1,4}", text) and int(text) <= _MOST_DAYS for text in texts):
        return ["date_format: 'days since 2014-12-31', with the day before the log's own day 1 as the date"]
    ways: dict[str, Dates] = {f"date_order: {order}": order for order in get_args(DateOrder)}
    for written in _formats():
        form = date_format(written)
        shape = form.shape if isinstance(form, Pattern) else _COUNT
        if _most(re.search(shape, text.lower()) is not None for text in texts[:_FIRST_TEXTS]):
            ways[f"date_format: '{written}'"] = form
    past = (EARLIEST, dt.datetime.now() + dt.timedelta(days=366))
    found = _best(texts, ways, now, lambda text, dates: time_of(text, dates).between(*past).fill_null(False))
    orders = [said for said in found if said.startswith("date_order")]  # one reads what its format does, and more
    return orders or [said for said in found if said.replace("%H%M'", "%H'") not in found or "%H%M'" not in said]


def numbers_read_by(texts: Sequence[str], now: NumberFormat | None = None) -> list[str]:
    """The same of amounts.

    >>> numbers_read_by(["$1,234.50", "($5.00)"]), numbers_read_by(["1.234,50", "2,5"]), numbers_read_by(["1,234"])
    (["number_format: '$1,234.50'"], ['decimal_comma: true'], ['decimal_comma: true', "number_format: '1,234.50'"])
    """
    ways: dict[str, NumberFormat | None] = {_COMMA: DECIMAL_COMMA}
    before, after = _common_sign(texts)
    for body in _BODIES:
        with suppress(ConfigError):
            ways[f"number_format: '{before}{body}{after}'".replace("1'234.50", "1''234.50")] = number_format(
                f"{before}{body}{after}"
            )
    found = _best(texts, ways, now, lambda text, form: _number(text, form).notnull())
    points: dict[str, str] = {}  # the first of each decimal point: where none has thousands, their mark is any
    for said in found:
        form = ways[said]
        if form is not None:
            points.setdefault(form.point, said)
    return list(points.values())


def _number(text: Any, form: NumberFormat | None) -> Any:
    return formatted_number_of(text, form) if form else number_of(text)


def _formats() -> list[str]:
    joined = (f"{day}{clock}" for day, clock in itertools.product(_DATES, _CLOCKS))
    return [*_SINCE, *(form for form in joined if _is_format(form)), *_OWN]


def _is_format(written: str) -> bool:
    try:
        date_format(written)
    except ConfigError:
        return False
    return True


def _most(holds: Iterable[bool]) -> bool:
    found = list(holds)
    return sum(found) >= _SHARE * len(found) > 0


def _common_sign(texts: Sequence[str]) -> tuple[str, str]:
    """What nearly all of the amounts that have a sign have before and after the number; nothing in two currencies."""
    signs = Counter(sign for sign in map(_around, texts[:_FIRST_TEXTS]) if any(sign))
    (common, times) = signs.most_common(1)[0] if signs else (("", ""), 0)
    return common if times >= _SHARE * signs.total() else ("", "")


def _around(text: str) -> tuple[str, str]:
    """What stands before and after a number, such as a currency's sign."""
    before, after = re.match(rf"[-(+\s]*({_SIGN})", text), re.search(rf"({_SIGN})[-)\s]*$", text)
    return before[1] if before else "", f" {after[1]}" if after and after[1] else ""


def _best(texts: Sequence[str], ways: Mapping[str, Any], now: Any, reads: Callable[[Any, Any], Any]) -> list[str]:
    """The ways that read most of the texts, nearly all of them and more than is read now: each tried on an engine."""
    import pyarrow as pa

    if not texts:
        return []
    table = open_table(pa.table({"text": list(texts)}))
    every = [now, *ways.values()]
    tried = {f"w{i}": reads(table.text, way) for i, way in enumerate(every)}
    row = fetch(table.agg(**{name: read.sum() for name, read in tried.items()}))
    counts = [int(row[name][0].as_py() or 0) for name in tried]
    most = max(counts)
    if most <= counts[0] or most < _SHARE * len(texts):
        return []
    return [said for said, count in zip(ways, counts[1:], strict=True) if count == most]
