from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from homes import Shop

from features.daily import Line
from features.errors import CutoffError, InputError
from serving.desk.line_checks import check_histories, check_new

DAY = dt.datetime(2020, 8, 20, 10)
LINE = Line(DAY, 5.0)


def test_good_lines_pass(shop: Shop, visits_shop: Shop) -> None:
    check_histories([("a", [LINE, LINE]), (7, [LINE])], shop.as_of, shop.forecaster)
    check_new([replace(LINE, timestamp=DAY + dt.timedelta(days=9))], shop.as_of, shop.forecaster)
    check_histories([(7, [replace(LINE, amount=None)])], visits_shop.as_of, visits_shop.forecaster)


def test_each_member_is_sent_once(shop: Shop) -> None:
    for ids in (("a", "a"), (7, "7"), (7, 7.0)):
        with pytest.raises(InputError, match="each member is sent once"):
            check_histories([(member, [LINE]) for member in ids], shop.as_of, shop.forecaster)


def test_days_lie_before_the_as_of_date_or_new_ones_on_it_and_after(shop: Shop) -> None:
    late = replace(LINE, timestamp=dt.datetime.combine(shop.as_of, dt.time()))
    with pytest.raises(CutoffError, match=r"histories.1.transactions.1: a line lies before the as-of date 2020-08-28"):
        check_histories([("a", [LINE]), ("b", [LINE, late])], shop.as_of, shop.forecaster)
    check_new([late], shop.as_of, shop.forecaster)
    with pytest.raises(CutoffError, match=r"lines.1: a new line lies on 2020-08-28 or later"):
        check_new([late, replace(late, timestamp=late.timestamp - dt.timedelta(seconds=1))], shop.as_of, shop.forecaster)


def test_amounts_are_there_just_where_the_model_has_them(shop: Shop, visits_shop: Shop) -> None:
    with pytest.raises(InputError, match=r"histories.0.transactions.0: a line has an amount"):
        check_histories([("a", [replace(LINE, amount=None)])], shop.as_of, shop.forecaster)
    with pytest.raises(InputError, match=r"lines.0: a line has no amount"):
        check_new([replace(LINE, timestamp=DAY + dt.timedelta(days=30))], visits_shop.as_of, visits_shop.forecaster)


def test_a_new_line_lies_on_no_day_that_is_still_to_come(shop: Shop) -> None:
    days = shop.forecaster.settings.horizon_days

    def check(after: int, today: dt.date) -> None:
        check_new(
            [replace(LINE, timestamp=DAY.replace(hour=0) + dt.timedelta(days=after))], shop.as_of, shop.forecaster, today
        )

    start = (shop.as_of - DAY.date()).days
    check(start + days, shop.as_of)  # also where this machine's clock is behind
    with pytest.raises(CutoffError, match="at the latest"):
        check(start + days + 1, shop.as_of)
    later = shop.as_of + dt.timedelta(days=100)
    check(start + 101, later)  # tomorrow here may be today elsewhere
    with pytest.raises(CutoffError, match="at the latest"):
        check(start + 102, later)
