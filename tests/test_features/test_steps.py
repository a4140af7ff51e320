from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from features.policy import TierPolicy
from features.rulebook import rulebook
from features.snapshot import to_date, to_day
from features.steps import JOINED, SINCE, STATE, begin, is_review, next_morning, next_review, valid_until, window_start

JOINED_ON = to_day(dt.date(2016, 2, 29))


def at(**rules: Any) -> tuple[list[int], list[int]]:
    """A book, and a member who joined on a 29 February."""
    tiers = [{"name": "A"}, {"name": "B", "reach": 3}]
    policy = TierPolicy.from_dict({"programme": "P", "metric": "orders", "tiers": tiers, **rules})
    state = [0] * STATE
    begin(state, 0, 0, JOINED_ON)
    return rulebook(policy).flat(0), state


@pytest.mark.parametrize(
    ("window", "morning", "start"),
    [
        ({"rolling_days": 30}, "2016-03-31", "2016-03-01"),
        ({"rolling_months": 1}, "2016-03-31", "2016-02-29"),
        ({"calendar": "quarter", "starts": "02-01"}, "2016-05-01", "2016-02-01"),
        ({"calendar": "quarter", "starts": "02-01"}, "2016-05-02", "2016-05-01"),
        ({"membership": "year"}, "2017-02-28", "2016-02-29"),
        ({"membership": "year"}, "2017-03-01", "2017-02-28"),
        ({"tier": "year"}, "2017-05-06", "2016-05-06"),
        ({"tier": "year"}, "2017-05-07", "2017-05-06"),
    ],
)
def test_the_window_of_a_morning(window: dict[str, Any], morning: str, start: str) -> None:
    book, state = at(window=window, review="month_end")
    state[SINCE] = to_day(dt.date(2016, 5, 6))
    assert str(to_date(window_start(book, state, to_day(dt.date.fromisoformat(morning))))) == start


@pytest.mark.parametrize(
    ("review", "window", "found"),
    [
        ("daily", {"calendar": "year"}, "2016-06-02"),
        ("month_end", {"calendar": "year"}, "2016-07-01"),
        ("period_end", {"calendar": "half_year"}, "2016-07-01"),
        ("period_end", {"membership": "year"}, "2017-02-28"),
        ("anniversary", {"rolling_days": 9}, "2017-02-28"),
        ("anniversary", {"tier": "year"}, "2017-02-28"),
    ],
)
def test_the_next_review(review: str, window: dict[str, Any], found: str) -> None:
    book, state = at(window=window, review=review)
    morning = to_day(dt.date(2016, 6, 1))
    then = next_review(book, state, morning)
    assert str(to_date(then)) == found
    assert is_review(book, state, then)
    assert not is_review(book, state, then + 1) or review == "daily"


@pytest.mark.parametrize(
    ("validity", "until"),
    [
        (None, "1970-01-01"),
        ({"days": 10}, "2016-06-10"),
        ({"months": 1}, "2016-06-30"),
        ({"until": "end_of_period"}, "2017-01-01"),
        ({"until": "end_of_next_period"}, "2018-01-01"),
    ],
)
def test_validity_is_counted_from_the_day_before(validity: dict[str, Any] | None, until: str) -> None:
    rules = {"window": {"calendar": "year"}, "review": "daily"} | ({"validity": validity} if validity else {})
    book, state = at(**rules)
    assert str(to_date(valid_until(book, state, to_day(dt.date(2016, 6, 1))))) == until


def test_the_first_morning_is_the_one_after_joining() -> None:
    book, state = at(window="lifetime")
    assert next_morning(book, [], state) == state[JOINED] + 1
