from __future__ import annotations

import datetime as dt

import strategies
from hypothesis import given
from hypothesis import strategies as st

from features.daily import Line
from features.histories import from_rows
from features.passbook import PassbookDay, summed_up


def test_the_last_days_newest_first() -> None:
    day = [dt.datetime(2016, 1, 1, 9) + dt.timedelta(days=i) for i in range(4)]
    lines = [Line(day[0], 5.0, "a"), Line(day[1], 2.5, "b"), Line(day[1], 1.0, "c"), Line(day[2], -0.5), Line(day[3], 9.0)]
    found = summed_up(strategies.histories({"m": lines}), 0, day[3].date(), most_days=2)
    assert (found.orders, found.shopping_days, found.spend, found.returned) == (3, 2, 8.5, 0.5)
    assert (found.first, found.last) == (day[0].date(), day[1].date())
    assert found.last_days == (PassbookDay(day[2].date(), 0, 0.0, 0.5), PassbookDay(day[1].date(), 2, 3.5, 0.0))


def test_without_amounts_there_is_no_money() -> None:
    found = summed_up(
        from_rows([("m", [(dt.date(2016, 1, 1), {"orders": 2, "gross": 0, "returned": 0})])], has_amounts=False),
        0,
        dt.date(2016, 1, 2),
    )
    assert (found.orders, found.spend, found.returned) == (2, None, None)
    assert found.last_days == (PassbookDay(dt.date(2016, 1, 1), 2, None, None),)


@given(strategies.logs(), st.dates(strategies.FIRST.date(), strategies.LAST.date()))
def test_days_add_up_to_the_totals(log: dict[str, list[Line]], date: dt.date) -> None:
    histories = strategies.histories(log)
    found = summed_up(histories, 0, date, most_days=10_000)
    assert sum(day.orders for day in found.last_days) == found.orders
    assert all(day.date < date for day in found.last_days)
    assert summed_up(histories.before(date), 0, date, most_days=10_000) == found
