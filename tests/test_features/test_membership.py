from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from features.between import known_at
from features.bounds import StandingBounds
from features.daily import Line
from features.histories import Histories
from features.membership import NOT_A_MEMBER, near_misses, pace, tiers_held
from features.policy import TierPolicy
from features.snapshot import to_day

DATES = st.dates(strategies.FIRST.date() + dt.timedelta(days=1), strategies.LAST.date())
WEEK = dt.timedelta(days=7)


def policy(returns: str = "net", days: int = 30) -> TierPolicy:
    tiers = [{"name": "Member"}, {"name": "Silver", "reach": 100.0}, {"name": "Gold", "reach": 300.0}]
    content = {"programme": "P", "metric": "spend", "returns": returns, "tiers": tiers, "window": {"rolling_days": days}}
    return TierPolicy.from_dict(content)


def member(**days: float) -> Histories:
    """Amounts by day: d0105 is 2016-01-05."""
    lines = [Line(dt.datetime(2016, int(day[1:3]), int(day[3:]), 9), amount) for day, amount in days.items()]
    return strategies.histories({"m": lines})


@settings(max_examples=40)
@given(strategies.logs(), DATES, st.sampled_from(["net", "ignore"]))
def test_who_is_known_holds_a_tier(log: dict[str, list[Line]], date: dt.date, returns: str) -> None:
    histories = strategies.histories(log)
    held = tiers_held(histories, policy(returns), date)
    assert ((held == NOT_A_MEMBER) == ~known_at(histories, to_day(date))).all()


def test_who_buys_before_the_day_of_joining_holds_a_tier() -> None:
    histories = replace(member(d0105=150.0), joined=np.array([to_day(dt.date(2016, 3, 1))], np.int32))
    assert tiers_held(histories, policy(), dt.date(2016, 1, 20)).tolist() == [1]
    assert tiers_held(histories, policy(), dt.date(2016, 3, 2)).tolist() == [0]


@pytest.mark.parametrize(
    ("spend", "bounds", "keep", "rise"),
    [
        (290.0, StandingBounds(), 0, 10.0),  # 10 of 300 short of Gold
        (270.0, StandingBounds(), 0, 30.0),
        (269.9999, StandingBounds(), 0, 0),
        (269.9999, StandingBounds(near_amount=30.0001), 0, 30.0001),
        (290.0, StandingBounds(near_share=0), 0, 0),
        (95.0, StandingBounds(), 0, 5.0),
        (310.0, StandingBounds(), 0, 0),
    ],
)
def test_a_near_miss_lacks_little(spend: float, bounds: StandingBounds, keep: float, rise: float) -> None:
    date = dt.date(2016, 1, 8)
    found = near_misses(member(d0105=spend), policy(), date, date + WEEK, bounds)
    assert (found.keep.tolist(), found.rise.tolist()) == ([keep], [rise])


def test_a_tier_nearly_kept_is_a_near_miss_too() -> None:
    histories = member(d0105=20.0, d0110=290.0)  # 310: Gold, until the first day rolls out
    date = dt.date(2016, 2, 1)
    found = near_misses(histories, policy(), date, date + WEEK, StandingBounds())
    assert (found.keep.tolist(), found.rise.tolist()) == ([10.0], [0])
    assert near_misses(histories, policy(), dt.date(2016, 1, 4), date, StandingBounds()).rise.tolist() == [0], (
        "not known then"
    )


def test_the_pace_of_the_second_tier() -> None:
    assert pace(policy()) == 100.0 / 30
    assert pace(None) is None
    assert pace(TierPolicy.from_dict({**policy().model_dump(), "tiers": [{"name": "Member"}]})) is None


def test_a_metric_that_is_counted_has_no_hundredths() -> None:
    content = {**policy().model_dump(), "metric": "orders", "tiers": [{"name": "A"}, {"name": "B", "reach": 2.0}]}
    rules = TierPolicy.from_dict(content)
    date = dt.date(2016, 1, 8)
    found = near_misses(member(d0105=5.0), rules, date, date + WEEK, StandingBounds(near_amount=1))
    assert (found.rise.tolist(), found.whole) == ([1.0], True)
    assert pace(rules) is None


def test_of_several_metrics_the_amount_alone_counts() -> None:
    tiers = [{"name": "A"}, {"name": "B", "reach": {"money": 100.0, "orders": 9.0}}]
    content = {"programme": "P", "metrics": {"money": "spend", "orders": "orders"}, "join": "any", "tiers": tiers}
    rules = TierPolicy.from_dict({**content, "window": {"rolling_days": 30}})
    date = dt.date(2016, 1, 8)
    found = near_misses(member(d0105=99.0), rules, date, date + WEEK, StandingBounds(near_share=1))
    assert (found.keep.tolist(), found.rise.tolist()) == ([0], [0])
    assert (
        pace(TierPolicy.from_dict({**policy().model_dump(), "window": {"calendar": "year"}, "review": "period_end"})) is None
    )
