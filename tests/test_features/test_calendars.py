from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st
from oracles.steward import months_later

from features.calendars import day_in, leaves_months, month_and_day, month_start, months_on, period_end, period_start
from features.snapshot import to_date, to_day

dates = st.one_of(st.dates(dt.date(1890, 1, 1), dt.date(2110, 1, 1)), st.dates(dt.date(2016, 2, 25), dt.date(2016, 3, 5)))


@given(dates)
def test_months_and_days_are_those_of_dates(date: dt.date) -> None:
    month, day = month_and_day(to_day(date))
    assert (month, day) == (12 * date.year + date.month - 1, date.day)
    assert to_date(month_start(month)) == date.replace(day=1)
    assert to_date(day_in(month, 31)) == months_later(date.replace(day=1), 1) - dt.timedelta(days=1)


@given(dates, st.integers(-30, 30))
def test_months_on_end_with_the_month(date: dt.date, months: int) -> None:
    assert to_date(months_on(to_day(date), months)) == months_later(date, months)


@given(dates, st.integers(1, 26))
def test_a_day_leaves_a_window_of_months_when_it_is_no_longer_in_it(date: dt.date, months: int) -> None:
    leaves = to_date(leaves_months(to_day(date), months))
    assert months_later(leaves, -months) > date >= months_later(leaves - dt.timedelta(days=1), -months)


@given(dates, dates, st.sampled_from([1, 3, 6, 12]))
def test_a_period_holds_its_day(day: dt.date, anchor: dt.date, months: int) -> None:
    month, of_month = month_and_day(to_day(anchor))
    start, end = (to_date(find(to_day(day), month, of_month, months)) for find in (period_start, period_end))
    assert start <= day < end
    k = ((start.year - anchor.year) * 12 + start.month - anchor.month) // months
    assert (months_later(anchor, k * months), months_later(anchor, (k + 1) * months)) == (start, end)


def test_an_anniversary_of_29_february_is_taken_from_the_original_day() -> None:
    born = to_day(dt.date(2016, 2, 29))
    assert [str(to_date(months_on(born, 12 * years))) for years in (1, 4)] == ["2017-02-28", "2020-02-29"]
