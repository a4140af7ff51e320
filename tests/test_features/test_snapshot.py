from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import ConfigError, CutoffError
from features.snapshot import MAX_DAYS, check_days, cutoff_days, known_before, parse_date, to_date, to_day

EPOCH = dt.date(1970, 1, 1)


@given(st.dates())
def test_day_numbers_count_from_1970(date: dt.date) -> None:
    assert to_day(date) == (date - EPOCH).days
    assert to_date(to_day(date)) == date


@pytest.mark.parametrize("text", ["", "soon", "2017-13-01", "2017-02-29", "2017-11-06T09:30:00", "06.11.2017", "2017-11"])
def test_what_is_no_date_is_said(text: str) -> None:
    with pytest.raises(CutoffError) as raised:
        parse_date(text)
    assert str(raised.value) == f"a cutoff is a date; got {text!r}. To mend it: write it as 2017-11-06."


def test_a_leap_day_is_a_date() -> None:
    assert parse_date("2016-02-29") == dt.date(2016, 2, 29)


@pytest.mark.parametrize(("days", "fits"), [(-1, False), (0, False), (1, True), (MAX_DAYS, True), (MAX_DAYS + 1, False)])
def test_a_span_is_from_one_day_to_a_century(days: int, fits: bool) -> None:
    if fits:
        assert check_days(days, "horizon_days") == days
    else:
        with pytest.raises(ConfigError, match=f"horizon_days is from 1 to {MAX_DAYS} days; got {days}"):
            check_days(days, "horizon_days")


@given(
    st.lists(st.lists(st.integers(0, 30), max_size=6, unique=True).map(sorted), min_size=1, max_size=5), st.integers(-1, 32)
)
def test_known_before_is_what_a_loop_finds(members: list[list[int]], cutoff: int) -> None:
    day = np.array([day for days in members for day in days], np.int32)
    offsets = np.cumsum([0, *(len(days) for days in members)])
    start, stop = known_before(day, offsets, cutoff)
    known = [day[a:b].tolist() for a, b in zip(start, stop, strict=True)]
    assert known == [[value for value in days if value < cutoff] for days in members]


def test_cutoffs_are_sorted_and_single() -> None:
    assert cutoff_days([to_date(9), to_date(2), to_date(9)]).tolist() == [2, 9]
    assert cutoff_days([]).tolist() == []
