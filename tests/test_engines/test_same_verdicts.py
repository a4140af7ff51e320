"""The same text gets the same verdict, and the same value, on every engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.dialects import ORDERS, DateOrder
from features.engine import fetch, open_table
from features.verdicts import check

Opener = Callable[[pa.Table], Any]

TIMES: list[tuple[str | None, str | None]] = [  # text, what it is read as (None: not at all)
    ("2017-01-31", "2017-01-31 00:00:00"),
    ("2017-01-31T09:30:00", "2017-01-31 09:30:00"),
    ("2017-01-31 09:30", "2017-01-31 09:30:00"),
    ("2017-1-5 9:05", "2017-01-05 09:05:00"),
    (" \t2017-01-31\r\n\x0b\x0c", "2017-01-31 00:00:00"),
    ("2017-01-31T09:30:00Z", "2017-01-31 09:30:00"),
    ("2017-01-31 09:30:00 UTC", "2017-01-31 09:30:00"),
    ("2017-01-31T09:30:00+02:00", "2017-01-31 07:30:00"),
    ("2017-01-31T09:30:00+0530", "2017-01-31 04:00:00"),
    ("2017-01-31 09:30:00-08", "2017-01-31 17:30:00"),
    ("2017-01-31T09:30+02:00", "2017-01-31 07:30:00"),
    ("2017-01-31T09:30Z", "2017-01-31 09:30:00"),
    ("2017-01-31T23:59:59.5", "2017-01-31 23:59:59.500000"),
    ("2017-01-31T23:59:59.9999999", "2017-01-31 23:59:59.999999"),
    ("2017-01-31T23:59:59.123456789+14:00", "2017-01-31 09:59:59.123456"),
    ("2017-01-31T23:59:59.123456789Z", "2017-01-31 23:59:59.123456"),
    ("2016-02-29", "2016-02-29 00:00:00"),
    ("2000-02-29", "2000-02-29 00:00:00"),
    ("2017-02-29", None),
    ("1900-02-29", None),
    ("2100-02-29", None),
    ("2017-02-30", None),
    ("2017-04-31", None),
    ("2017-00-10", None),
    ("2017-13-10", None),
    ("2017-01-32", None),
    ("0000-01-01", None),
    ("0000-00-00", None),
    ("2017-01-31T24:00", None),
    ("2017-01-31 24:00:00", None),
    ("2017-01-31 23:60", None),
    ("2017-01-31 23:59:60", None),
    ("2017-01-31T09", None),
    ("2017-01-31T09:30:00,5", None),
    ("2017-01-31T09:30:00.", None),
    ("2017-01-31T09:30:00+15:00", None),
    ("2017-01-31T09:30:00+02:60", None),
    ("2017-01-31T09:30:00 +02:00", "2017-01-31 07:30:00"),
    ("2017-01-31 09:30:00 -0530", "2017-01-31 15:00:00"),
    ("2017-01-31 09:30 +02", "2017-01-31 07:30:00"),
    ("2017-01-31T09:30:00  +02:00", None),
    ("2017-01-31 +02:00", None),
    ("2017-01-31T09:30:00z", None),
    ("2017-01-31t09:30:00", None),
    ("2017-01-31Z", None),
    ("2017-01-31+02:00", None),
    ("2017-01-31  09:30", None),
    ("2017-01-31 09:30 America/New_York", None),
    ("2017-01-31 09:30 CET", None),
    ("2017-01-31 09:30 AM", None),
    ("2017-01-31 (BC)", None),
    ("2017-01-31 BC", None),
    ("2017/01/31", None),
    ("31.01.2017", None),
    ("31/01/2017", None),
    ("01/31/2017", None),
    ("20170131", None),
    ("2017-031", None),
    ("2017-W05-2", None),
    ("2017-01", None),
    ("2017", None),
    ("17-01-31", None),
    ("20170-01-01", None),
    ("+2017-01-31", None),
    ("-2017-01-31", None),
    ("1485855000", None),
    ("infinity", None),
    ("-infinity", None),
    ("epoch", None),
    ("now", None),
    ("today", None),
    ("allballs", None),
    ("soon", None),
    ("２０１７-01-31", None),
    ("٢٠١٧-٠١-٣١", None),
    ("2017\u201001\u201031", None),
    ("2017-01-31\u2028", None),
    ("2017-01-31\x85", None),
    ("2017-01-31\u00a0", None),
    ("2017-01-31\n2017-01-31", None),
    ("Jan 31 2017", None),
    ("2017-Jan-31", None),
]

NUMBERS: list[tuple[str, float | None]] = [
    ("1", 1.0),
    (" 12 ", 12.0),
    ("\t12\n", 12.0),
    ("1234.50", 1234.5),
    ("-0.01", -0.01),
    ("+5", 5.0),
    ("1.", 1.0),
    (".5", 0.5),
    ("-.5", -0.5),
    ("007", 7.0),
    ("1e3", 1000.0),
    ("1E+03", 1000.0),
    ("1e+003", 1000.0),
    ("2.5e-3", 0.0025),
    ("0.1", 0.1),
    ("0.00005", 0.00005),
    ("2.675", 2.675),
    ("1e-99", 1e-99),
    ("9007199254740993", 9007199254740992.0),
    ("0.1000000000000000055511151231257827021181583404541015625", 0.1),
    ("12345678.901234567890123456789", 12345678.901234567890123456789),
    ("1,50", None),
    ("1.234,50", None),
    ("1,234.50", None),
    ("1 234", None),
    ("1_000", None),
    ("1'000", None),
    ("$5", None),
    ("5 €", None),
    ("5-", None),
    ("--5", None),
    ("(5)", None),
    ("0x10", None),
    ("1d", None),
    ("1f", None),
    ("1e", None),
    ("e3", None),
    ("1e400", None),
    ("1e-400", None),
    ("9" * 400, None),
    (".", None),
    ("-", None),
    ("NaN", None),
    ("nan", None),
    ("inf", None),
    ("-Infinity", None),
    ("null", None),
    ("true", None),
    ("１２", None),
    ("١٢", None),
    ("12\u00a0", None),
    ("\u221212", None),
    ("1\n2", None),
]


@pytest.fixture(params=["duckdb", "postgres", "spark"])
def on_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Puts an Arrow table of text columns where an engine reads it, and opens it there."""

    def duckdb(table: pa.Table) -> Any:
        return open_table(table)

    def postgres(table: pa.Table) -> Any:
        columns = ", ".join(f'"{name}" text' for name in table.column_names)
        cluster = request.getfixturevalue("postgres")
        cluster.load("nasty", columns, table)
        return open_table(f"postgresql:///postgres?host={cluster.folder}&port={cluster.port}&user=tiercast&table=nasty")

    def spark(table: pa.Table) -> Any:
        request.getfixturevalue("spark")
        pq.write_table(table, tmp_path / "nasty.parquet")
        return open_table(f"spark:?parquet={tmp_path / 'nasty.parquet'}")

    return {"duckdb": duckdb, "postgres": postgres, "spark": spark}[request.param]


def verdicts(table: Any, *shown: str, **how: Any) -> list[tuple[Any, ...]]:
    rows = check(table, **how).rows
    return [tuple(row.values()) for row in fetch(rows.order_by("place").select(*shown, "tc_reason")).to_pylist()]


def text(**columns: list[str | None]) -> pa.Table:
    size = len(next(iter(columns.values())))
    places = [f"{place:04}" for place in range(size)]
    return pa.table({"place": places, **{name: pa.array(values, pa.string()) for name, values in columns.items()}})


def test_times(on_engine: Opener) -> None:
    texts = [value for value, _ in TIMES]
    read = [None if time is None else dt.datetime.fromisoformat(time) for _, time in TIMES]
    how = {"time_zone": "UTC", "whole_log": False}  # with the zone said, some times may have one and others none
    found = verdicts(on_engine(text(customer_id=["m"] * len(texts), timestamp=texts)), "tc_time", **how)
    assert dict(zip(texts, found, strict=True)) == {
        text: (time, None if time else "unparsable_time") for text, time in zip(texts, read, strict=True)
    }


ORDERED: list[tuple[DateOrder, str, str | None]] = [
    ("dmy", "31.01.2017", "2017-01-31 00:00:00"),
    ("dmy", "31/1/2017 9:30", "2017-01-31 09:30:00"),
    ("dmy", " 1-2-2017T09:30:15.5Z ", "2017-02-01 09:30:15.500000"),
    ("dmy", "1.2.2017 09:30:15 +0100", "2017-02-01 08:30:15"),
    ("dmy", "2017-01-31", "2017-01-31 00:00:00"),
    ("dmy", "01/31/2017", None),
    ("dmy", "29.02.2017", None),
    ("dmy", "31.01.17", None),
    ("dmy", "31.01.20170", None),
    ("dmy", "131.01.2017", None),
    ("dmy", "31.01.2017 24:00", None),
    ("dmy", "2017/01/31", None),
    ("mdy", "1/31/2017", "2017-01-31 00:00:00"),
    ("mdy", "01/02/2017 09:30", "2017-01-02 09:30:00"),
    ("mdy", "31/01/2017", None),
    ("ymd", "2017/1/31", "2017-01-31 00:00:00"),
    ("ymd", "2017.01.31 09:30", "2017-01-31 09:30:00"),
    ("ymd", "2017/31/1", None),
    ("ymd", "31.01.2017", None),
]


@pytest.mark.parametrize("order", ORDERS)
def test_dates_in_an_order(on_engine: Opener, order: DateOrder) -> None:
    expected = {text: time for of, text, time in ORDERED if of == order}
    table = text(customer_id=["m"] * len(expected), timestamp=list(expected))
    found = verdicts(on_engine(table), "tc_time", time_zone="UTC", whole_log=False, date_order=order)
    assert {name: time and str(time) for name, (time, _) in zip(expected, found, strict=True)} == expected


FORMATTED: list[tuple[str, str, str | None]] = [
    ("%Y%m%d", "20170131", "2017-01-31 00:00:00"),
    ("%Y%m%d", "20170229", None),
    ("%Y%m%d", "2017131", None),
    ("%Y%m%d", "2017-01-31", None),  # what is declared is all that is read
    ("%Y%m%d %H%M", "20170131 927", "2017-01-31 09:27:00"),
    ("%Y%m%d %H%M", "20170131 1627", "2017-01-31 16:27:00"),
    ("%Y%m%d %H%M", "20170131 0005", "2017-01-31 00:05:00"),
    ("%Y%m%d %H%M", "20170131 5", "2017-01-31 00:05:00"),
    ("%Y%m%d %H%M", "20170131 2460", None),
    ("%Y%m%d%H%M%S", "20170131092715", "2017-01-31 09:27:15"),
    ("%d-%b-%y", "31-Jan-17", "2017-01-31 00:00:00"),
    ("%d-%b-%y", "1-SEPT-99", "1999-09-01 00:00:00"),
    ("%d-%b-%y", "29-Feb-00", "2000-02-29 00:00:00"),
    ("%d-%b-%y", "29-Feb-01", None),
    ("%d-%b-%y", "31-Mai-17", None),
    ("%A, %d %B %Y", "Tuesday, 31 January 2017", "2017-01-31 00:00:00"),
    ("%b %d, %Y %I:%M %p", "Jan 1, 2017 12:05 AM", "2017-01-01 00:05:00"),
    ("%b %d, %Y %I:%M %p", "jan 1, 2017  3:45 p.m.", "2017-01-01 15:45:00"),
    ("%b %d, %Y %I:%M %p", "Jan 31, 2017 12:45 PM", "2017-01-31 12:45:00"),
    ("%b %d, %Y %I:%M %p", "Jan 1, 2017 13:45 PM", None),
    ("%Y年%m月%d日 %H:%M", "2024年3月5日 14:05", "2024-03-05 14:05:00"),
    ("%d/%b/%Y:%H:%M:%S %z", "31/Jan/2017:23:30:15 -0100", "2017-02-01 00:30:15"),
    ("%a %b %d %H:%M:%S %z %Y", "Tue Jan 31 09:30:15 UTC 2017", "2017-01-31 09:30:15"),
    ("%Y-%m-%d-%H.%M.%S.%f", "2017-01-31-09.30.15.1234567", "2017-01-31 09:30:15.123456"),
    ("%Y-%d-%m", "2017-04-03", "2017-03-04 00:00:00"),
    ("milliseconds since 1970-01-01", "1433221332117", "2015-06-02 05:02:12"),
    ("milliseconds since 1970-01-01", "1e300", None),
    ("nanoseconds since 1970-01-01", "1433221332000000000", "2015-06-02 05:02:12"),
    ("seconds since 1970-01-01", "1433221332", "2015-06-02 05:02:12"),
    ("days since 1899-12-30", "42766.395833333336", "2017-01-31 09:30:00"),
    ("days since 2014-12-31", "1", "2015-01-01 00:00:00"),
    ("days since 2014-12-31", "2015-01-01", None),
    ("iso", "2017-01-31", "2017-01-31 00:00:00"),
]


@pytest.mark.parametrize("written", sorted({written for written, _, _ in FORMATTED}))
def test_times_in_a_format(on_engine: Opener, written: str) -> None:
    expected = {text: time for of, text, time in FORMATTED if of == written}
    table = text(customer_id=["m"] * len(expected), timestamp=list(expected))
    found = verdicts(on_engine(table), "tc_time", time_zone="UTC", whole_log=False, date_format=written)
    assert {name: time and str(time) for name, (time, _) in zip(expected, found, strict=True)} == expected


def test_times_in_two_columns(on_engine: Opener) -> None:
    days = ["31.01.2017", "31.01.2017 00:00:00.000", "31.01.2017", "31.01.2017", None, "soon"]
    clocks = ["9:30", "09:30:15", " ", None, "9:30", "9:30"]
    table = text(customer_id=["m"] * len(days), d=days, t=clocks)
    found = verdicts(on_engine(table), "tc_time", mapping={"timestamp": "d+t"}, whole_log=False, date_order="dmy")
    day = dt.datetime(2017, 1, 31)
    times = [day.replace(hour=9, minute=30), day.replace(hour=9, minute=30, second=15), day, day, None, None]
    assert found == list(zip(times, [None] * 4 + ["no_time", "unparsable_time"], strict=True))


IN_A_FORMAT: list[tuple[str, str, float | None]] = [
    ("$1,234.50", "$1,234.50", 1_234.5),
    ("$1,234.50", " 1234.5 ", 1_234.5),
    ("$1,234.50", "-$ 5.00", -5.0),
    ("$1,234.50", "$-5", -5.0),
    ("$1,234.50", "($1,005.00)", -1_005.0),
    ("$1,234.50", "5.00-", -5.0),
    ("$1,234.50", "\u221212", -12.0),
    ("$1,234.50", "(5.00", None),
    ("$1,234.50", "-5.00-", None),
    ("$1,234.50", "€5.00", None),
    ("$1,234.50", "5$6", None),
    ("$1,234.50", "12,34.50", None),
    ("$1,234.50", "$1,23,456.50", 123_456.5),
    ("$1,234.50", "1,5", None),
    ("$1,234.50", "$", None),
    ("R$ 1.234,50", "R$ 1.234.567,89", 1_234_567.89),
    ("R$ 1.234,50", "1234,5", 1_234.5),
    ("R$ 1.234,50", "12.50", None),
    ("1 234,50 €", "1\u202f234,50\u00a0€", 1_234.5),
    ("1 234,50 €", "1 234", 1_234.0),
    ("1'234.50", "1’234.50", 1_234.5),
    ("1234.50", "1,234", None),
]


@pytest.mark.parametrize("written", sorted({written for written, _, _ in IN_A_FORMAT}))
def test_numbers_in_a_format(on_engine: Opener, written: str) -> None:
    expected = {text: number for of, text, number in IN_A_FORMAT if of == written}
    size = len(expected)
    table = text(customer_id=["m"] * size, timestamp=["2017-01-01"] * size, amount=list(expected))
    found = verdicts(on_engine(table), "tc_amount", number_format=written)
    assert dict(zip(expected, (number for number, _ in found), strict=True)) == expected


def test_numbers(on_engine: Opener) -> None:
    texts = [value for value, _ in NUMBERS]
    size = len(texts)
    table = on_engine(text(customer_id=["m"] * size, timestamp=["2017-01-01"] * size, amount=texts))
    found = verdicts(table, "tc_amount")
    expected = {
        number: (value, "amount_too_large" if value is not None and abs(value) >= 1e11 else None)
        for number, value in NUMBERS
    }
    for number, value in NUMBERS:
        if value is None:
            expected[number] = (None, "comma_amount" if "," in number else "unparsable_amount")
    assert dict(zip(texts, found, strict=True)) == expected


def test_wall_clocks(on_engine: Opener) -> None:
    shown = {
        "2017-03-26T00:59:59Z": "2017-03-26 01:59:59",
        "2017-03-26T01:00:00Z": "2017-03-26 03:00:00",  # the clocks go forward
        "2017-10-29T00:30:00+00:00": "2017-10-29 02:30:00",
        "2017-10-29T01:30:00+00:00": "2017-10-29 02:30:00",  # and back
        "2017-07-01T23:30:00+02:00": "2017-07-01 23:30:00",
        "2017-12-31T23:30:00Z": "2018-01-01 00:30:00",
        "2017-12-31T23:30:00": "2017-12-31 23:30:00",  # without a zone, as it is
    }
    table = on_engine(text(customer_id=["m"] * len(shown), timestamp=list(shown)))
    found = verdicts(table, "tc_time", time_zone="Europe/Berlin", whole_log=False)
    assert [str(time) for time, _ in found] == list(shown.values())


def test_products(on_engine: Opener) -> None:
    left = ["2", "-1", "", "x", "1e99", "1e-99", "0.1", "3"]
    right = ["1.25", "3", "1", "1", "1e99", "1e-99", "3", None]
    table = text(customer_id=["m"] * 8, timestamp=["2017-01-01"] * 8, qty=left, price=right)
    assert verdicts(on_engine(table), "tc_amount", mapping={"amount": "qty*price"}) == [
        (2.5, None),
        (-3.0, None),
        (None, "no_amount"),
        (None, "unparsable_amount"),
        (1e99 * 1e99, "amount_too_large"),
        (1e-99 * 1e-99, None),
        (0.1 * 3, None),
        (None, "no_amount"),
    ]


def test_blanks_and_early_times(on_engine: Opener) -> None:
    members = ["a", None, "", " \t\n", "\u00a0", "a", "a", "a", "a", "a"]
    times = ["2017-01-01"] * 5 + [None, " \t ", "1979-12-31T23:59:59", "0001-01-01T00:00+14:00", "9999-12-31T23:59:59-14:00"]
    found = verdicts(on_engine(text(customer_id=members, timestamp=times)), time_zone="UTC", whole_log=False)
    reasons = [None, "no_member", "no_member", "no_member", None, "no_time", "no_time", "zero_date", "zero_date"]
    assert found == [(reason,) for reason in [*reasons, "unparsable_time"]]
