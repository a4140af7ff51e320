"""Tier, carry and need against a diary kept day by day."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import by_hand
from oracles.diary import DAY, Diary

from features.daily import Line, fold
from features.errors import PolicyError
from features.histories import from_rows
from features.policy import TierPolicy
from features.snapshot import to_day
from features.tier_states import TierState
from features.tiers import tier_of, tier_state

REACH = [0.0, 150.0, 400.0, 900.0]
LEAP = dt.date(2016, 2, 29)


def policy(window: int, returns: str = "net") -> TierPolicy:
    tiers = [{"name": f"T{i}", "reach": reach} for i, reach in enumerate(REACH)]
    return TierPolicy.from_dict(
        {"programme": "P", "tiers": tiers, "metric": "spend", "returns": returns, "window": {"rolling_days": window}}
    )


def state(lines: list[Line], cutoff: dt.date, horizon: int, rules: TierPolicy) -> TierState:
    histories = from_rows([("m", fold(lines))], has_amounts=True)
    return tier_state(histories, np.zeros(1, np.int64), np.array([to_day(cutoff)]), horizon, rules)


def diary(lines: list[Line], rules: TierPolicy) -> Diary:
    pages: dict[dt.date, int] = {}
    for line in lines:
        assert line.amount is not None
        if line.amount >= 0 or rules.returns == "net":
            units = by_hand.units(line.amount)
            pages[line.timestamp.date()] = pages.get(line.timestamp.date(), 0) + units
    return Diary(pages, [round(reach * 10_000) for reach in REACH], rules.window.rolling_days)


@settings(max_examples=120)
@given(
    lines=st.lists(strategies.lines(strategies.exact_amounts), min_size=1, max_size=15),
    cutoff=st.one_of(st.just(LEAP), st.just(LEAP + DAY), st.dates(strategies.FIRST.date(), strategies.LAST.date())),
    window=st.integers(1, 100),
    share=st.floats(0, 1),
    returns=st.sampled_from(["net", "ignore"]),
)
def test_tier_carry_and_need_are_those_of_the_diary(
    lines: list[Line], cutoff: dt.date, window: int, share: float, returns: str
) -> None:
    horizon = max(1, round(window * share))
    rules = policy(window, returns)
    got, book = state(lines, cutoff, horizon, rules), diary(lines, rules)
    assert got.spend.tolist() == [book.spend(cutoff)]
    assert got.tier.tolist() == [book.tier(cutoff)]
    then = cutoff + horizon * DAY
    known = book.until(cutoff)
    assert got.carry.tolist() == [known.spend(then)]
    assert got.secured.tolist() == [known.tier(then)]
    for position, need in enumerate(got.need[0].tolist()):
        last = then - DAY  # any day of the horizon will do, and the last one is in
        assert known.with_purchase(last, need).tier(then) >= position
        assert known.with_purchase(cutoff, need).tier(then) >= position
        if need > 0:
            assert known.with_purchase(last, need - 1).tier(then) < position


@given(st.lists(strategies.lines(st.floats(-500, 500)), min_size=1, max_size=20))
def test_where_returns_are_ignored_a_secured_tier_stays(lines: list[Line]) -> None:
    cutoff, horizon, rules = LEAP, 28, policy(60, "ignore")
    secured = state(lines, cutoff, horizon, rules).secured[0]
    assert state(lines, cutoff + horizon * DAY, horizon, rules).tier[0] >= secured


@pytest.mark.parametrize(("returns", "spend", "tier"), [("net", 3_000_000, 1), ("ignore", 5_000_000, 2)])
def test_returns_count_or_not(returns: str, spend: int, tier: int) -> None:
    noon = dt.datetime(2016, 2, 20, 12)
    got = state([Line(noon, 500.0), Line(noon + DAY, -200.0)], LEAP, 28, policy(60, returns))
    assert (got.spend.tolist(), got.tier.tolist()) == ([spend], [tier])


@pytest.mark.parametrize(("age", "counts"), [(0, False), (1, True), (60, True), (61, False)])
def test_the_window_is_half_open_across_a_leap_day(age: int, counts: bool) -> None:
    cutoff = dt.date(2016, 3, 20)
    line = Line(dt.datetime.combine(cutoff - age * DAY, dt.time(23, 59)), 200.0)
    assert state([line], cutoff, 28, policy(60)).tier.tolist() == [int(counts)]


@pytest.mark.parametrize(
    ("spend", "tier"), [(-1, 0), (0, 0), (1_499_999, 0), (1_500_000, 1), (8_999_999, 2), (9_000_000, 3), (10**15, 3)]
)
def test_a_threshold_is_reached_to_the_unit(spend: int, tier: int) -> None:
    assert tier_of(np.array([spend]), policy(60)).tolist() == [tier]


def test_a_horizon_longer_than_the_window_is_refused() -> None:
    with pytest.raises(PolicyError) as raised:
        state([Line(strategies.FIRST, 1.0)], LEAP, 61, policy(60))
    assert raised.value.place == "window.rolling_days"
    assert "60 days against a horizon of 61" in str(raised.value)
