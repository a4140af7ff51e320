"""Times after a log's own end, and where that is."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.engine import fetch
from features.stray_times import usual_days
from features.verdicts import check

DAY = dt.datetime(2017, 1, 1)


def daily_log(days: int, *later: int, repeat: int = 1) -> pa.Table:
    """A row a day from 2017-01-01 on, then rows so many days after the first."""
    offsets = [day for day in range(days) for _ in range(repeat)] + list(later)
    return pa.table(
        {"customer_id": [1] * len(offsets), "timestamp": [DAY + dt.timedelta(days=offset) for offset in offsets]}
    )


@pytest.mark.parametrize(
    ("table", "stray"),
    [
        (daily_log(200), 0),
        (daily_log(200, 199 + 91), 1),  # a gap of more than 90 days, 1 row of 201
        (daily_log(200, 199 + 90), 0),  # not more than 90 days
        (daily_log(200, 199 + 36), 0),  # a shop that closed for five weeks and has opened again
        (daily_log(200, -12_000, 20_000), 1),  # a typo at the other end does not hide this one
        (daily_log(200, 5_000, 20_000), 2),
        (daily_log(98, 5_000), 0),  # 1 of 99 is more than 1 %
        (daily_log(99, 5_000), 1),  # 1 of 100 is not
        (daily_log(100, *[130] * 9, 130 + 93), 0),  # not more than three times the longest gap before, 31 days
        (daily_log(100, *[130] * 9, 130 + 94), 1),
    ],
)
def test_stray_times(table: pa.Table, stray: int) -> None:
    verdict = fetch(check(table).rows)["tc_reason"].to_pylist()
    assert verdict == [None] * (len(verdict) - stray) + ["stray_time"] * stray


def test_the_end_is_the_last_time_that_is_no_stray() -> None:
    assert check(daily_log(200, 90_000)).end == DAY + dt.timedelta(days=199)
    assert check(daily_log(200)).end == DAY + dt.timedelta(days=199)


def test_lines_still_hold_the_strays_that_the_clean_rows_are_without() -> None:
    checked = check(daily_log(200, 90_000))
    assert (fetch(checked.lines).num_rows, fetch(checked.clean).num_rows) == (201, 200)


def test_the_lines_of_some_members_have_no_end_and_no_strays() -> None:
    checked = check(daily_log(200, 90_000), whole_log=False)
    assert checked.end is None
    assert fetch(checked.clean).num_rows == 201


def test_the_end_is_looked_for_when_first_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("features.verdicts.log_end", lambda row: asked.append("end"))
    checked = check(daily_log(3))
    fetch(checked.lines)
    assert asked == []
    assert (checked.end, checked.end) == (None, None)
    assert asked == ["end"]


@pytest.mark.parametrize(
    ("days", "rows", "usual"),
    [
        ([0], [1], 1),
        ([0, 1, 2, 5_000], [500, 500, 500, 1], 3),
        ([0, 1, 2, 5_000], [500, 500, 500, 20], 4),  # more than 1 % of the rows
        ([0, 1, 2, 93], [500, 500, 500, 1], 3),
        ([0, 1, 2, 92], [500, 500, 500, 1], 4),  # not more than 90 days
        ([0, 40, 41, 161], [500, 500, 500, 1], 4),  # not more than three times the longest gap
        ([0, 40, 41, 162], [500, 500, 500, 1], 3),
        ([-9_000, 0, 1, 2, 5_000], [1, 500, 500, 500, 1], 4),  # a typo at the other end does not hide it
    ],
)
def test_days_before_the_strays(days: list[int], rows: list[int], usual: int) -> None:
    assert usual_days(days, rows) == usual


def test_without_a_usable_row_there_is_no_end() -> None:
    assert check(pa.table({"customer_id": [None], "timestamp": ["2017-01-01"]})).end is None


days_with_gaps = st.lists(st.sampled_from([1, 1, 1, 1, 2, 25, 31, 70, 400]), min_size=1, max_size=8)


@settings(max_examples=25)
@given(early=days_with_gaps, late=days_with_gaps, weight=st.sampled_from([1, 40, 120]))
def test_rows_later_than_the_end_never_make_an_earlier_row_refused(early: list[int], late: list[int], weight: int) -> None:
    def offsets(gaps: list[int], start: int, repeat: int) -> list[int]:
        day, found = start, []
        for position, gap in enumerate(gaps):
            day += gap
            found += [day] * (repeat if position < 2 else 1)
        return found

    before = offsets(early, 0, weight)
    checked = check(daily_log(0, *before))
    assert checked.end is not None
    end = (checked.end - DAY).days
    whole = check(daily_log(0, *before, *offsets(late, end, 1)))
    assert whole.end is not None
    assert whole.end >= checked.end
    assert all(
        reason is None for reason, day in zip(fetch(whole.rows)["tc_reason"].to_pylist(), before, strict=False) if day <= end
    )
