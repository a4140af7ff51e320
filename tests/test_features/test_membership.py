from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from features.bounds import StandingBounds
from features.daily import Line
from features.histories import Histories
from features.membership import NOT_A_MEMBER, near_misses, outlook, pace, tier_history, tiers_held
from features.operators import Panel
from features.policy import TierPolicy
from features.snapshot import to_day
from features.tiers import tier_state

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


def test_the_history_says_when_and_why() -> None:
    histories = member(d0105=150.0, d0110=160.0, d0111=-20.0)
    told = [(str(e.date), e.tier, e.kind, e.reason) for e in tier_history(histories, policy(), 0, dt.date(2016, 12, 31))]
    assert told == [
        ("2016-01-06", "Member", "joined", "joined on 2016-01-05"),
        ("2016-01-06", "Silver", "rose", "150.00 from 2015-12-07 to 2016-01-05, 100.00 needed"),
        ("2016-01-11", "Gold", "rose", "310.00 from 2015-12-12 to 2016-01-10, 300.00 needed"),
        ("2016-01-12", "Silver", "fell", "290.00 from 2015-12-13 to 2016-01-11, 300.00 needed to keep Gold"),
        ("2016-02-10", "Member", "fell", "-20.00 from 2016-01-11 to 2016-02-09, 100.00 needed to keep Silver"),
    ]
    chinese = [event.reason for event in tier_history(histories, policy(), 0, dt.date(2016, 1, 12), language="zh")]
    assert chinese[0] == "2016-01-05 入会"
    assert chinese[-2:] == [
        "2015-12-12 至 2016-01-10 310.00，需 300.00",
        "2015-12-13 至 2016-01-11 290.00，保级 Gold 需 300.00",
    ]
    gross = [(str(e.date), e.tier) for e in tier_history(histories, policy("ignore"), 0, dt.date(2016, 1, 31))]
    assert gross == [("2016-01-06", "Member"), ("2016-01-06", "Silver"), ("2016-01-11", "Gold")]
    assert tier_history(histories, policy(), 0, dt.date(2016, 1, 5)) == []


def test_the_day_of_joining_begins_it() -> None:
    histories = replace(member(d0105=150.0), joined=np.array([to_day(dt.date(2015, 12, 1))], np.int32))
    told = [str(event.date) for event in tier_history(histories, policy(), 0, dt.date(2016, 1, 6))]
    assert told == ["2015-12-02", "2016-01-06"]


@settings(max_examples=60)
@given(strategies.logs(), DATES, st.sampled_from(["net", "ignore"]))
def test_the_last_change_is_to_the_tier_of_features(log: dict[str, list[Line]], date: dt.date, returns: str) -> None:
    histories, rules = strategies.histories(log), policy(returns)
    everyone = np.arange(len(histories))
    state = tier_state(Panel(histories, everyone, np.full(len(histories), to_day(date), np.int32), 1), rules)
    held = tiers_held(histories, rules, date)
    for position in range(len(histories)):
        events = tier_history(histories, rules, position, date)
        if held[position] == NOT_A_MEMBER:
            assert events == []
        else:
            assert held[position] == state.tier[position]
            assert events[-1].tier == rules.tier_names[held[position]]


def test_what_keeps_and_what_lifts() -> None:
    histories = member(d0105=150.0, d0110=160.0)
    base, silver, gold = outlook(histories, policy(), 0, dt.date(2016, 2, 1), dt.date(2016, 2, 8))
    assert (base.tier, base.need, base.last_day) == ("Member", 0.0, None)
    assert (silver.tier, silver.need, silver.last_day) == ("Silver", 0.0, None)
    assert (gold.tier, gold.need, str(gold.last_day)) == ("Gold", 140.0, "2016-02-07")
    _, one, two = outlook(member(d0105=150.0), policy(), 0, dt.date(2016, 1, 8), dt.date(2016, 1, 15))
    assert (one.need, one.last_day) == (0.0, None)
    assert (two.need, str(two.last_day)) == (150.0, "2016-01-14")


@settings(max_examples=60)
@given(strategies.logs(), DATES)
def test_what_is_needed_is_enough_and_nothing_less_is(log: dict[str, list[Line]], date: dt.date) -> None:
    histories, rules, by = strategies.histories(log).before(date), policy(), date + WEEK
    if not len(histories.visits.day) and not len(histories.returns.day):
        return
    for need in outlook(histories, rules, 0, date, by):
        assert need.need is not None
        if need.need:
            assert need.last_day == by - dt.timedelta(days=1)
            for more, reached in ((need.need, True), (need.need - 0.0001, False)):
                own = [*log[histories.members[0]], Line(dt.datetime.combine(need.last_day, dt.time(9)), more)]
                kept = [line for line in own[:-1] if line.timestamp.date() < date]
                then = strategies.histories({"m": [*kept, own[-1]]})
                assert bool(tiers_held(then, rules, by)[0] >= rules.tier_names.index(need.tier)) is reached


def test_beyond_the_window_nothing_is_defined() -> None:
    needs = outlook(member(d0105=150.0), policy(), 0, dt.date(2016, 1, 8), dt.date(2016, 3, 8))
    assert [(need.need, need.last_day) for need in needs] == [(None, None)] * 3
    assert needs[0].why == "the date lies more than a tier window ahead"


@pytest.mark.parametrize(
    ("spend", "bounds", "keep", "rise"),
    [
        (290.0, StandingBounds(), 0, 100_000),  # 10 of 300 short of Gold
        (270.0, StandingBounds(), 0, 300_000),
        (269.9999, StandingBounds(), 0, 0),
        (269.9999, StandingBounds(near_amount=30.0001), 0, 300_001),
        (290.0, StandingBounds(near_share=0), 0, 0),
        (95.0, StandingBounds(), 0, 50_000),
        (310.0, StandingBounds(), 0, 0),
    ],
)
def test_a_near_miss_lacks_little(spend: float, bounds: StandingBounds, keep: int, rise: int) -> None:
    date = dt.date(2016, 1, 8)
    found = near_misses(member(d0105=spend), policy(), date, date + WEEK, bounds)
    assert (found.keep.tolist(), found.rise.tolist()) == ([keep], [rise])


def test_a_tier_nearly_kept_is_a_near_miss_too() -> None:
    histories = member(d0105=20.0, d0110=290.0)  # 310: Gold, until the first day rolls out
    date = dt.date(2016, 2, 1)
    found = near_misses(histories, policy(), date, date + WEEK, StandingBounds())
    assert (found.keep.tolist(), found.rise.tolist()) == ([100_000], [0])
    assert near_misses(histories, policy(), dt.date(2016, 1, 4), date, StandingBounds()).rise.tolist() == [0], (
        "not known then"
    )


def test_the_pace_of_the_second_tier() -> None:
    assert pace(policy()) == 100.0 / 30
    assert pace(None) is None
    assert pace(TierPolicy.from_dict({**policy().model_dump(), "tiers": [{"name": "Member"}]})) is None
