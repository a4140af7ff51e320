"""Secured tiers and needs against a steward to whom bookings are brought."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import programmes
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from oracles.steward import DAY, Steward
from programmes import DAYS, FIELDS, FIRST, Pages, same, to_histories

from features.histories import Histories
from features.policy import TierPolicy
from features.snapshot import to_day
from features.tier_states import UNDEFINED, TierState
from features.tiers import tier_at, tier_state, undefined_because

BOOKED = {"spend": "gross", "profit": "gross", "orders": "orders", "points_earned": "earned", "points_balance": "earned"}


def rules_on(content: dict[str, Any], date: dt.date) -> dict[str, Any]:
    """The version in force."""
    versions = content.get("versions") or [content]
    return [version for i, version in enumerate(versions) if i == 0 or version["from"] <= date][-1]


def counted_on(content: dict[str, Any], date: dt.date) -> str:
    """What it counts, and by which rules."""
    return str([rules_on(content, date).get(name) for name in ("metric", "returns", "points")])


def booked(content: dict[str, Any], known: Pages, day: dt.date, amount: int, on: dt.date) -> Pages:
    metric = rules_on(content, on)["metric"]
    name = "event:referral" if isinstance(metric, dict) else BOOKED[metric]
    page = dict(known.get(day, {}))
    page[name] = page.get(name, 0) + amount
    return {**known, day: page} if amount else known


@settings(max_examples=40, phases=[Phase.generate])  # each is thousands of mornings by hand: too slow to shrink
@given(
    content=programmes.policies(programmes.SINGLE),
    pages=programmes.pages(),
    at=st.integers(61, 430),
    horizon=st.integers(1, 45),
)
def test_needs_are_the_least_bookings(content: dict[str, Any], pages: Pages, at: int, horizon: int) -> None:
    policy, cutoff = TierPolicy.from_dict(content), FIRST + at * DAY
    end, known = cutoff + horizon * DAY, {day: page for day, page in pages.items() if day < cutoff}
    rules = policy.versions or (policy,)
    if len(rules) == 1 and rules[0].memoryless and policy.window.rolling_days:
        end = cutoff + min(horizon, policy.window.rolling_days) * DAY
    days, names = (end - cutoff).days, policy.tier_names
    state = tier_state(to_histories([(pages, None)]), np.zeros(1, np.int64), np.array([to_day(cutoff)]), days, policy)

    def then(amount: int) -> int:
        more = booked(content, known, cutoff, amount, cutoff)
        return names.index(str(Steward(content, more, min(known)).tiers(end)[end]))

    book = Steward(content, known, min(known)).tiers(end)
    held = names.index(str(book[cutoff]))
    falls = [day for day in sorted(book) if day > cutoff and names.index(str(book[day])) < held]
    assert state.tier.tolist() == [held]
    assert state.secured.tolist() == [then(0)]
    assert state.keep_by.tolist() == [to_day(falls[0]) - 1 if falls else -1]
    for k, need in enumerate(state.need[0].tolist()):
        assert (need == 0) == (k <= then(0))
        if need == UNDEFINED:
            # no amount does, or the metric changes on the way
            ahead = {counted_on(content, cutoff + i * DAY) for i in range(days + 1)}
            assert len(ahead) > 1 or then(10**9) < k
        elif need > 0:
            assert then(need) >= k > then(need - 1)
            if need < 8:
                assert all(then(less) < k for less in range(need))


@settings(max_examples=10)
@given(
    content=programmes.policies(), diaries=st.lists(programmes.pages(), min_size=2, max_size=4), horizon=st.integers(1, 28)
)
def test_compiled_or_not_in_any_order_and_whatever_comes_later(
    content: dict[str, Any], diaries: list[Pages], horizon: int
) -> None:
    policy, histories = TierPolicy.from_dict(content), to_histories([(pages, None) for pages in diaries])
    rng = np.random.default_rng(len(diaries))
    member, cutoff = rng.integers(0, len(diaries), 9), to_day(FIRST) + rng.integers(0, DAYS, 9)

    def state(log: Histories, which: np.ndarray[Any, Any], compiled: bool | None) -> TierState:
        return tier_state(log, member[which], cutoff[which], horizon, policy, compiled=compiled)

    whole = state(histories, np.arange(9), False)
    same(state(histories, np.arange(9), True), whole)
    back = state(histories, np.arange(9)[::-1], False)
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(back, name), getattr(whole, name)[::-1])
    for pair in range(9):
        date = FIRST + int(cutoff[pair] - to_day(FIRST)) * DAY
        alone = state(histories.before(date), np.array([pair]), False)
        for name in FIELDS:
            np.testing.assert_array_equal(getattr(alone, name), getattr(whole, name)[[pair]])
        held = tier_at(histories, policy, [date])[member[pair], 0]
        assert whole.tier[pair] == max(held, 0)


def test_a_need_that_is_not_defined_is_explained() -> None:
    content = {
        "programme": "P",
        "tiers": [{"name": "A"}, {"name": "B", "reach": 30}, {"name": "C", "invitation": True}],
        "metric": programmes.SCORE,
        "window": {"rolling_days": 60},
    }
    policy = TierPolicy.from_dict(content)
    assert [undefined_because(policy, k) for k in range(3)] == [
        None,
        "not defined, because a score does not add up",
        "not defined, because C is by invitation",
    ]
    spend = TierPolicy.from_dict({**content, "metric": "spend"})
    assert undefined_because(spend, 1) is None
    histories = to_histories([({FIRST: {"orders": 1, "gross": 10_000}}, None)])
    state = tier_state(histories, np.zeros(1, np.int64), np.array([to_day(FIRST) + 1]), 30, spend)
    np.testing.assert_array_equal(state.needs, [[0.0, 29.0, np.nan]])
    assert state.days_to_review.tolist() == [1]
