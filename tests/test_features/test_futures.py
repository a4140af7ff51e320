"""Futures that are played against the same futures written into the log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programmes import Pages, joining, memoryless, pages, policies, to_histories

from features.futures import Paths, ends
from features.histories import Histories, Ragged
from features.playing import STRIDE, WHOLE
from features.policy import TierPolicy
from features.rulebook import Column, rulebook
from features.snapshot import to_day
from features.tiers import tier_at, tier_state

HORIZON = 28
SOURCES = {"spend": "gross", "profit": "margin", "orders": "orders", "visit_days": "visits", "events": "events"}
MOST = {"gross": 400 * 10_000, "margin": 200 * 10_000, "orders": 12, "points": 400, "events": 8}


def source(column: Column) -> str:
    """What of a day a column counts."""
    return SOURCES.get(column.name, "points")


@st.composite
def futures(draw: st.DrawFn) -> tuple[list[int], dict[str, list[int]]]:
    """Days in the horizon, and how much of everything comes on each."""
    days = sorted(draw(st.sets(st.integers(0, HORIZON - 1), min_size=1, max_size=4)))
    came = {
        name: draw(st.lists(st.integers(0, most), min_size=len(days), max_size=len(days))) for name, most in MOST.items()
    }
    return days, {**came, "visits": [1] * len(days)}


def as_paths(policy: TierPolicy, days: list[int], came: Mapping[str, list[int]]) -> tuple[Paths, np.ndarray]:
    """A future as one path, and each column's total."""
    totals, shares = [], []
    for column in rulebook(policy).columns:
        own = np.cumsum(came[source(column)])
        totals.append(own[-1])
        shares.append(own * WHOLE // max(own[-1], 1))
    one = np.ones((len(totals), 1))
    return Paths(np.array([0, len(days)]), np.array(days, np.int64), np.array(shares, np.int64), one), np.array(totals)


def laid(paths: Paths, policy: TierPolicy, totals: np.ndarray) -> dict[str, np.ndarray]:
    """What a path brings on each of its days, by source."""
    columns = rulebook(policy).columns
    return {
        source(column): np.diff((total * share + WHOLE // 2) // WHOLE, prepend=0)
        for column, total, share in zip(columns, totals, paths.share, strict=True)
    }


def happened(known: Histories, start: int, days: list[int], brought: Mapping[str, np.ndarray]) -> Histories:
    """The histories of one member in which a future has come true."""
    none = np.zeros(len(days), np.int64)
    gross = brought.get("gross", none)
    values = {
        "orders": brought.get("orders", none),
        "gross": gross,
        "cost": gross - brought.get("margin", none),
        "points_earned": brought.get("points", none) * 10_000,
        "points_used": none,
    }
    day = np.array(days, np.int32) + np.int32(start)
    events = {**known.events, "referral": _more(known.events["referral"], day, {"count": brought.get("events", none)})}
    return replace(known, visits=_more(known.visits, day, values), events=events, end_day=start + HORIZON)


def _more(rows: Ragged, day: np.ndarray, values: Mapping[str, np.ndarray]) -> Ragged:
    joined = {name: np.concatenate((column, values[name])) for name, column in rows.values.items()}
    return Ragged(rows.offsets + np.array([0, len(day)]), np.concatenate((rows.day, day)), joined)


def play(known: Histories, start: int, policy: TierPolicy, paths: Paths, levels: np.ndarray, **how: Any) -> np.ndarray:
    none = np.zeros(1, np.int64)
    return ends(known, none, np.array([start]), HORIZON, policy, paths, none, 1, levels[None], **how)[0]


@settings(max_examples=100)
@given(pages(), policies(), st.integers(70, 360), futures())
def test_a_future_ends_as_if_it_had_happened(
    diary: Pages, content: dict[str, Any], after: int, future: tuple[list[int], dict[str, list[int]]]
) -> None:
    policy = TierPolicy.from_dict(content)
    cutoff = min(diary) + dt.timedelta(days=after)
    known = to_histories([(diary, joining(diary, None))]).before(cutoff)
    paths, totals = as_paths(policy, *future)
    levels = totals[:, None] * np.linspace(0.0, 1.0, STRIDE + 1)
    found = play(known, to_day(cutoff), policy, paths, levels)
    assert (found.sum(axis=1) == 1).all()
    end = cutoff + dt.timedelta(days=HORIZON)
    then = happened(known, to_day(cutoff), future[0], laid(paths, policy, totals))
    assert found[-1].argmax() == tier_at(then, policy, [end], compiled=False)[0, 0]
    # nothing brought, nothing changed
    state = tier_state(known, np.zeros(1, np.int64), np.array([to_day(cutoff)]), HORIZON, policy, compiled=False)
    assert found[0].argmax() == state.secured[0]


@settings(max_examples=60)
@given(pages(), memoryless(("spend", "orders", "earned", "score")), st.integers(70, 360), futures())
def test_every_level_of_a_sliding_window(
    diary: Pages, content: dict[str, Any], after: int, future: tuple[list[int], dict[str, list[int]]]
) -> None:
    policy = TierPolicy.from_dict(content)
    cutoff = min(diary) + dt.timedelta(days=after)
    known = to_histories([(diary, None)]).before(cutoff)
    paths, totals = as_paths(policy, *future)
    counts = [column.name == "visit_days" for column in rulebook(policy).columns]
    levels = np.where(np.array(counts)[:, None], totals[:, None], totals[:, None] * np.linspace(0.0, 1.0, 2 * STRIDE + 1))
    found = play(known, to_day(cutoff), policy, paths, levels).argmax(axis=1)
    for j, level in enumerate(np.floor(levels + 0.5).astype(np.int64).T):
        then = happened(known, to_day(cutoff), future[0], laid(paths, policy, level))
        assert found[j] == tier_at(then, policy, [cutoff + dt.timedelta(days=HORIZON)])[0, 0]


POLICIES = [
    {"metric": "spend", "window": {"calendar": "quarter"}, "review": "period_end", "downgrade": "one_step"},
    {"metric": "points_balance", "window": "lifetime", "points": {"expire_days": 60}, "review": "month_end"},
]


@pytest.mark.parametrize("rules", POLICIES, ids=["quarter", "balance"])
def test_compiled_and_interpreted_are_the_same(rules: dict[str, Any]) -> None:
    tiers = [{"name": "A"}, {"name": "B", "reach": 40}, {"name": "C", "reach": 90, "keep": 60}]
    policy = TierPolicy.from_dict({"programme": "P", "tiers": tiers, **rules})
    rng = np.random.default_rng(0)
    first = dt.date(2016, 1, 1)
    diaries = []
    for _ in range(12):
        days = [first + dt.timedelta(days=int(day)) for day in np.unique(rng.integers(0, 200, 9))]
        day = {"orders": 1, "gross": 200_000, "cost": 0, "earned": 20, "used": 0}
        diaries.append((dict.fromkeys(days, day), None))
    known = to_histories(diaries)
    member, cutoff = np.repeat(np.arange(12), 2), np.tile([to_day(first) + 140, to_day(first) + 80], 12)
    share = np.array([[1000, WHOLE, WHOLE, 300, WHOLE]])
    paths = Paths(np.array([0, 2, 3, 5]), np.array([3, 20, 9, 0, 27]), share, np.array([[1.0, 0.7, 1.3]]))
    unit = 10_000 if rules["metric"] == "spend" else 1
    levels = np.linspace(-30, 120, 2 * STRIDE + 1)[None, None, :] * unit * np.ones((24, 1, 1))
    both = [
        ends(known, member, cutoff, HORIZON, policy, paths, np.zeros(24, np.int64), 3, levels, compiled=compiled)
        for compiled in (False, True)
    ]
    np.testing.assert_array_equal(*both)
    assert (both[0].sum(axis=2) == 3).all()
    assert (both[0].sum(axis=(0, 1)) > 0).all()  # every tier is somewhere's end
    one = ends(known, member[5:6], cutoff[5:6], HORIZON, policy, paths, np.zeros(1, np.int64), 3, levels[5:6])
    np.testing.assert_array_equal(one[0], both[0][5])


def test_no_pairs() -> None:
    policy = TierPolicy.from_dict({"programme": "P", "tiers": [{"name": "A"}], **POLICIES[0]})
    known = to_histories([({dt.date(2016, 1, 1): {"orders": 1, "gross": 1}}, None)])
    none = np.empty(0, np.int64)
    paths = Paths(np.array([0, 1]), np.array([0]), np.array([[WHOLE]]), np.ones((1, 1)))
    assert ends(known, none, none, HORIZON, policy, paths, none, 1, np.empty((0, 1, 9))).shape == (0, 9, 1)
