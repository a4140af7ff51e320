from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

import numpy as np
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from features.bounds import StandingBounds
from features.daily import Line
from features.loyalty import Loyalty, loyalties
from features.snapshot import to_day

CUTOFF = dt.date(2020, 3, 10)
BOUNDS = StandingBounds(period_days=10, periods=4)


def date(ago: int) -> dt.date:
    return CUTOFF - dt.timedelta(days=ago)


def loyalty(days: Sequence[int], events: Sequence[tuple[int, str, float]] = ()) -> Loyalty:
    """Of a member with purchases so many days before the cutoff, and events (days before, kind, score)."""
    histories = strategies.histories({"m": [Line(dt.datetime.combine(date(ago), dt.time(9)), 5.0) for ago in days]})
    if events:
        histories = strategies.with_events(histories, [("m", date(ago), kind, score) for ago, kind, score in events])
    return loyalties(histories, to_day(CUTOFF), BOUNDS)


@pytest.mark.parametrize(
    ("days", "periods", "rate"),
    [
        ([1], 1, math.nan),  # too early to tell
        ([10], 1, math.nan),  # its period ends with the day of the cutoff
        ([11], 1, 0.0),
        ([11, 1], 2, 1.0),
        ([12, 1], 2, 0.0),
        ([35, 30, 12, 1], 4, 1 / 3),
        ([45, 40, 30], 2, 0.5),  # day 45 lies before the window
        ([50], 0, math.nan),
    ],
)
def test_the_repurchase_rate_counts_days_whose_answer_is_known(days: list[int], periods: int, rate: float) -> None:
    found = loyalty(days)
    assert found.periods.tolist() == [periods]
    np.testing.assert_equal(found.repurchase_rate, [rate])


def test_another_members_purchase_is_no_repurchase() -> None:
    log = {"a": [Line(dt.datetime(2020, 2, 1), 1.0)], "b": [Line(dt.datetime(2020, 2, 3), 1.0)]}
    found = loyalties(strategies.histories(log), to_day(CUTOFF), BOUNDS)
    assert found.repurchase_rate.tolist() == [0.0, 0.0]


def test_referrals_and_satisfaction_in_the_window() -> None:
    events = [(41, "referral", 0.0), (40, "referral", 0.0), (1, "referral", 0.0), (0, "referral", 0.0)]
    found = loyalty([1], [*events, (3, "survey", 9.0), (2, "survey", 6.0), (41, "survey", 1.0), (2, "sent", 99.0)])
    assert (found.referrals.tolist(), found.referral_rate.tolist()) == ([2], [0.5])
    assert found.satisfaction.tolist() == [7.5]
    assert np.isnan(loyalty([1], [(1, "sent", 0.0)]).satisfaction).all()


def test_without_an_event_log_they_are_not_available() -> None:
    found = loyalty([1])
    assert np.isnan([found.referral_rate[0], found.satisfaction[0]]).all()
    assert found.referrals.tolist() == [0]


@given(st.sets(st.integers(1, 60), min_size=1))
def test_the_rate_is_that_of_a_loop_over_days(days: set[int]) -> None:
    settled = [ago for ago in days if 10 < ago <= 40]
    followed = [ago for ago in settled if any(ago - 10 <= other < ago for other in days)]
    rate = len(followed) / len(settled) if settled else math.nan
    np.testing.assert_equal(loyalty(sorted(days)).repurchase_rate, [rate])
