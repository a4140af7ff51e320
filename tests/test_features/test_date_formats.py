"""Times in a format of the log's own; the engines are compared in tests/test_engines/test_same_verdicts.py."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.cells import time_cell
from features.date_formats import Pattern, Since, date_format
from features.dialects import dates_of
from features.engine import fetch, open_table
from features.errors import ColumnError, ConfigError
from features.verdicts import check
from features.zones import zone_of


def read(values: list[Any], written: str, zone: str | None = None) -> list[dt.datetime | None]:
    table = open_table(pa.table({"x": values}))
    cell = time_cell(table.x, zone=zone_of(zone) if zone else None, dates=date_format(written))
    found: list[dt.datetime | None] = fetch(table.select(y=cell))["y"].to_pylist()
    return found


DAYS = ("%Y%m%d", "%d.%m.%Y", "%m/%d/%Y", "%d-%b-%y", "%B %d, %Y", "%A, %d %B %Y", "%Y年%m月%d日", "%d/%m/%y", "%Y-%d-%m")
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M:%S %p", "T%H%M%S.%f", " %H%M")
TIMES = st.datetimes(dt.datetime(1980, 1, 1), dt.datetime(2068, 12, 31))


@settings(max_examples=12)
@given(st.lists(TIMES, min_size=1, max_size=20), st.sampled_from(DAYS), st.sampled_from(CLOCKS))
def test_what_is_written_in_a_format_is_read_in_it(times: list[dt.datetime], day: str, clock: str) -> None:
    written = day + clock
    texts = [time.strftime(written) for time in times]
    assert read(texts, written) == [dt.datetime.strptime(text, written) for text in texts]


@settings(max_examples=12)
@given(TIMES, st.sampled_from(DAYS), st.sampled_from(DAYS))
def test_no_text_is_read_as_another_day_than_strptime_does(time: dt.datetime, wrote: str, reads: str) -> None:
    text = time.strftime(wrote)
    try:
        expected = dt.datetime.strptime(text, reads)
    except ValueError:
        expected = None
    found = read([text], reads)[0]
    assert found == expected or (found is None and "%Y%m%d" in (wrote, reads))  # which Python reads with digits missing


@pytest.mark.parametrize(
    ("written", "texts", "found"),
    [
        ("%d/%m/%Y", ["2017-01-31", "31/1/2017", "1/31/2017"], [None, dt.datetime(2017, 1, 31), None]),
        ("%-d.%-m.%y", ["1.2.68", "1.2.69"], [dt.datetime(2068, 2, 1), dt.datetime(1969, 2, 1)]),
        ("%D %R", ["1/31/17 09:30"], [dt.datetime(2017, 1, 31, 9, 30)]),
        ("%d%%%m%%%Y", ["31%1%2017"], [dt.datetime(2017, 1, 31)]),
    ],
)
def test_only_the_format_is_read(written: str, texts: list[str], found: list[Any]) -> None:
    assert read(texts, written) == found


@pytest.mark.parametrize(
    ("written", "values", "found"),
    [
        ("%Y%m%d", [20170131, None, 20170229], [dt.datetime(2017, 1, 31), None, None]),
        ("%Y%m%d", [20170131.0, float("nan")], [dt.datetime(2017, 1, 31), None]),
        ("milliseconds since 1970-01-01", [1433221332999, None], [dt.datetime(2015, 6, 2, 5, 2, 12), None]),
        ("days since 2014-12-31", [1, 711, 10**12], [dt.datetime(2015, 1, 1), dt.datetime(2016, 12, 11), None]),
    ],
)
def test_columns_of_numbers(written: str, values: list[Any], found: list[Any]) -> None:
    assert read(values, written) == found


def test_columns_of_times_are_taken_as_they_are() -> None:
    assert read([dt.date(2017, 1, 31)], "%d.%m.%Y") == [dt.datetime(2017, 1, 31)]


@pytest.mark.parametrize(
    ("written", "text", "hour"),
    [
        ("seconds since 1970-01-01", "1485907200", 1),  # an instant: 00:00 in UTC
        ("%d/%b/%Y:%H:%M:%S %z", "01/Feb/2017:00:00:00 +0000", 1),
        ("%Y%m%d %H", "20170201 0", 0),
        ("days since 2017-01-31", "1", 0),
    ],
)
def test_only_what_says_a_zone_is_moved_to_the_programmes(written: str, text: str, hour: int) -> None:
    assert read([text], written, "Europe/Berlin") == [dt.datetime(2017, 2, 1, hour)]


def test_numbers_that_nothing_is_said_of_are_refused_with_what_to_say() -> None:
    with pytest.raises(ColumnError, match="'%Y%m%d', 'milliseconds since 1970-01-01' or 'days since"):
        time_cell(open_table(pa.table({"x": [20170131]})).x)


def test_milliseconds_taken_for_seconds_name_no_time_and_seconds_for_milliseconds_none_since_1980() -> None:
    log = pa.table({"customer_id": [1, 1], "timestamp": ["1433221332117", "1433221332"]})
    found = {unit: check(log, date_format=f"{unit} since 1970-01-01") for unit in ("seconds", "milliseconds")}
    reasons = {unit: fetch(checked.rows.select("tc_reason"))["tc_reason"].to_pylist() for unit, checked in found.items()}
    assert reasons == {"seconds": ["unparsable_time", None], "milliseconds": [None, "zero_date"]}


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("%d.%m", "has year, month and day"),
        ("%d.%m.%Y %y", "says nothing twice"),
        ("%d.%m.%Y %I:%M", "hours of twelve have %I and %p"),
        ("%d.%m.%Y %H:%M %p", "hours of twelve have %I and %p"),
        ("%d.%m.%Y %M:%S", "begins with the hour"),
        ("%d.%m.%Y %H:%M UTC", "a time zone in a date_format is %z"),
        ("%d.%m.%Y %H:%M GMT", "a time zone in a date_format is %z"),
        ("%d.%m.%Y %Q", "has directives of %Y"),
        ("%d.%m.%Y [%H]", "has none of"),
        ("dd.mm.yyyy", "has year, month and day"),
        ("weeks since 2017-01-01", "with 'since' and a date"),
        ("days since 2017-02-29", "with 'since' and a date"),
    ],
)
def test_what_is_no_format_is_refused(written: str, rule: str) -> None:
    with pytest.raises(ConfigError, match=rule.replace("%", "[%]")):
        date_format(written)


def test_an_order_and_a_format_exclude_each_other() -> None:
    with pytest.raises(ConfigError, match="date_order and date_format"):
        dates_of("dmy", "%d.%m.%Y")
    assert dates_of(None, None) is None
    assert isinstance(dates_of(None, "%d.%m.%Y"), Pattern)
    assert isinstance(dates_of(None, "days since 2014-12-31"), Since)
