from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.dialects import date_format, dates_of
from features.suggestions import numbers_read_by, suggestions, times_read_by
from features.usability import report
from features.verdicts import check

DAYS = [dt.datetime(2019, 1, 1, 10, 5) + dt.timedelta(days=i, minutes=7 * i) for i in range(60)]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("%d.%m.%Y %H:%M", "date_order: dmy"),
        ("%m/%d/%Y", "date_order: mdy"),
        ("%Y/%m/%d", "date_order: ymd"),
        ("%Y%m%d", "date_format: '%Y%m%d'"),
        ("%Y%m%d %H", "date_format: '%Y%m%d %H'"),
        ("%d-%b-%y", "date_format: '%d-%b-%y'"),
        ("%m/%d/%Y %I:%M:%S %p", "date_format: '%m/%d/%Y %I:%M:%S %p'"),
        ("%B %d, %Y", "date_format: '%B %d, %Y'"),
        ("%Y年%m月%d日", "date_format: '%Y年%m月%d日'"),
        ("%a %b %d %H:%M:%S UTC %Y", "date_format: '%a %b %d %H:%M:%S %z %Y'"),
    ],
)
def test_times(written: str, said: str) -> None:
    assert times_read_by([day.strftime(written) for day in DAYS]) == [said]


def test_what_both_orders_read_is_told_so() -> None:
    assert times_read_by(["01/02/2017", "03/04/2017"]) == ["date_order: dmy", "date_order: mdy"]


def test_counted_times() -> None:
    since = [(day - dt.datetime(1970, 1, 1)).total_seconds() for day in DAYS]
    for unit, parts in (("seconds", 1), ("milliseconds", 10**3), ("microseconds", 10**6), ("nanoseconds", 10**9)):
        assert times_read_by([str(int(seconds * parts)) for seconds in since]) == [f"date_format: '{unit} since 1970-01-01'"]
    assert times_read_by([str(seconds / 86_400 + 25_569) for seconds in since]) == ["date_format: 'days since 1899-12-30'"]
    assert "the day before the log's own day 1" in times_read_by(["1", "711"])[0]


@settings(max_examples=8)
@given(st.lists(st.text("0123456789 .:/-", min_size=1, max_size=12), min_size=1, max_size=5))
def test_what_is_named_is_a_setting(texts: list[str]) -> None:
    for said in times_read_by(texts):
        kind, _, written = said.partition(": ")
        quoted = written.split("'")[1] if "'" in written else written
        assert dates_of(quoted, None) if kind == "date_order" else date_format(quoted)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["1,234.50", "5.00"], ["number_format: '1,234.50'"]),
        (["7,02", "12,50"], ["decimal_comma: true"]),
        (["1,234"], ["decimal_comma: true", "number_format: '1,234.50'"]),
        (["R$ 1.234,50", "R$ 7,02"], ["number_format: 'R$1.234,50'"]),
        (["1\u202f234,50\u00a0€", "7,02 €"], ["number_format: '1 234,50 €'"]),
        (["1'234.50", "7.05"], ["number_format: '1''234.50'"]),
        (["$5.00", "€5.00"], []),
        ([*(f"${i}.00" for i in range(20)), "Total"], ["number_format: '$1,234.50'"]),
        (["5.00", "6.00"], []),  # they are read now
        (["many", "few"], []),
        ([], []),
    ],
)
def test_amounts(texts: list[str], said: list[str]) -> None:
    assert numbers_read_by(texts) == said


def test_the_report_says_what_to_write_and_shows_nothing_of_the_rows() -> None:
    log = pa.table(
        {
            "customer_id": ["member-7"] * 60,
            "timestamp": [day.strftime("%d.%m.%Y") for day in DAYS],
            "amount": ["$8,765.43"] * 60,
        }
    )
    summary = report(check(log))
    assert summary.hints == [
        "write date_order: dmy, which reads such times",
        "write number_format: '$1,234.50', which reads such amounts",
    ]
    assert "to mend it     write date_order: dmy, which reads such times" in summary.to_text()
    assert not {"member-7", "8,765.43", "01.01.2019"} & set(" ".join(summary.hints).split())
    read = check(log, date_order="dmy", number_format="$1,234.50")
    assert report(read).usable_rows == 60
    assert suggestions(read, ()) == []


def test_a_few_odd_rows_in_a_log_that_is_read_suggest_nothing() -> None:
    log = pa.table({"customer_id": [1] * 61, "timestamp": [*(day.isoformat() for day in DAYS), "Summe"]})
    assert report(check(log)).hints == []


def test_two_columns_are_tried_as_one() -> None:
    log = pa.table(
        {"customer_id": [1] * 60, "d": [day.strftime("%Y%m%d") for day in DAYS], "h": [str(day.hour) for day in DAYS]}
    )
    checked = check(log, {"timestamp": "d+h"})
    assert suggestions(checked, {"unparsable_time"}) == ["write date_format: '%Y%m%d %H', which reads such times"]
