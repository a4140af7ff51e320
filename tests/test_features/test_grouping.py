"""Lines in memory folded by sorts and by compiled loops: the same whole numbers, which are those of a loop over lines."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from features import grouping
from features.grouping import Days, Lines, by_day, by_label

Raw = tuple[int, int, int, int, int, int]
"""(member, day, units, order, quantity, minute); units of a return are ~size."""

MEMBERS = 4
sizes = st.one_of(st.integers(0, 10**14), st.sampled_from([0, 1]))
raw = st.tuples(
    st.integers(0, MEMBERS - 1),
    st.integers(3_000, 3_003),
    st.one_of(sizes, sizes.map(lambda size: ~size)),
    st.one_of(st.integers(0, 3), st.integers(-(2**62), 2**62)),
    st.integers(0, 9),
    st.integers(0, 24 * 60 - 1),
)


def lines(rows: list[Raw]) -> Lines:
    member, day, units, order, quantity, minute = np.array(rows, np.int64).reshape(-1, 6).T
    bought = units >= 0
    return Lines(
        member.astype(np.int32),
        day.astype(np.int32),
        units.copy(),
        order.copy(),
        {"quantity": np.where(bought, quantity, 0), "returned_quantity": np.where(bought, 0, quantity)},
        minute.astype(np.int32),
    )


def by_hand(rows: list[Raw]) -> list[tuple[int, int, dict[str, int]]]:
    """(member, day, values), in order."""
    found: dict[tuple[int, int], list[Raw]] = defaultdict(list)
    for row in rows:
        found[row[0], row[1]].append(row)
    folded = []
    for (member, day), own in sorted(found.items()):
        bought, back = [row for row in own if row[2] >= 0], [row for row in own if row[2] < 0]
        values = {
            "orders": len({row[3] for row in bought}),
            "gross": sum(row[2] for row in bought),
            "returned": sum(-row[2] - 1 for row in back),
            "quantity": sum(row[4] for row in bought),
            "returned_quantity": sum(row[4] for row in back),
            "minute": min((row[5] for row in bought), default=0),
        }
        folded.append((member, day, values))
    return folded


def plain(days: Days) -> list[tuple[int, int, dict[str, int]]]:
    member = np.repeat(np.arange(len(days.offsets) - 1), np.diff(days.offsets)).tolist()
    values = [
        dict(zip(days.values, row, strict=True)) for row in zip(*(c.tolist() for c in days.values.values()), strict=True)
    ]
    return list(zip(member, days.day.tolist(), values, strict=True))


def types(days: Days) -> dict[str, str]:
    return {"offsets": days.offsets.dtype.str, "day": days.day.dtype.str, **{n: c.dtype.str for n, c in days.values.items()}}


@settings(max_examples=150)
@given(st.lists(raw, min_size=1, max_size=60))
@example([(3, 3_000, ~0, 0, 1, 5)])  # a return too small to count, of the last member
@example([(0, 3_000, 1, order, 1, 5) for order in range(32)])  # compared each with each,
@example([(0, 3_000, 1, order, 1, 5) for order in range(33)])  # or sorted
@example([(0, 3_000, 1, order % 7, 1, 5) for order in range(33)] + [(0, 3_000, ~5, 99, 1, 5)])
@example([(0, 3_000, ~1, order, 1, 5) for order in range(40)])
def test_sorted_and_compiled_are_the_fold_by_hand(rows: list[Raw]) -> None:
    one, other = (by_day(lines(rows), MEMBERS, compile_=how) for how in (False, True))
    assert plain(one) == plain(other) == by_hand(rows)
    assert types(one) == types(other)


@settings(max_examples=30)
@given(st.lists(raw.map(lambda row: (row[0] % 2, 3_000, *row[2:])), min_size=60, max_size=90))
def test_many_lines_on_a_day(rows: list[Raw]) -> None:
    one, other = (by_day(lines(rows), MEMBERS, compile_=how) for how in (False, True))
    assert plain(one) == plain(other) == by_hand(rows)


@settings(max_examples=60)
@given(st.lists(raw, min_size=1, max_size=20), st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_lines_changes_nothing(rows: list[Raw], chance: Any, compile_: bool) -> None:
    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert plain(by_day(lines(shuffled), MEMBERS, compile_=compile_)) == plain(
        by_day(lines(rows), MEMBERS, compile_=compile_)
    )


@pytest.mark.parametrize("compile_", [True, False])
def test_without_more_columns_there_are_no_more_values(compile_: bool) -> None:
    few = dataclasses.replace(lines([(0, 3_000, 5, 1, 1, 1)]), more={}, minute=None)
    assert plain(by_day(few, 1, compile_=compile_)) == [(0, 3_000, {"orders": 1, "gross": 5, "returned": 0})]


def test_small_logs_are_sorted_and_large_ones_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    for form in ("_numpy_days", "_compiled_days"):
        monkeypatch.setattr(grouping, form, lambda *_, form=form: asked.append(form))
    some = lines([(0, 3_000, 5, 1, 1, 1)] * 3)
    by_day(some, 1)
    monkeypatch.setattr(grouping, "COMPILE_FROM_LINES", 3)
    by_day(some, 1)
    monkeypatch.setattr(grouping, "has_numba", lambda: False)
    by_day(some, 1)
    assert asked == ["_numpy_days", "_compiled_days", "_numpy_days"]


@settings(max_examples=80)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 4), st.integers(0, 10**14)), max_size=30))
def test_labels_are_counted_by_day(rows: list[tuple[int, int, int, int]]) -> None:
    member, day, code, units = np.array(rows, np.int64).reshape(-1, 4).T
    days = by_label(member.astype(np.int32), day.astype(np.int32), code, units, MEMBERS)
    keys = sorted({row[:3] for row in rows})
    expected = [
        (m, d, {"code": c, "lines": len(own), "gross": sum(own)})
        for m, d, c in keys
        for own in [[row[3] for row in rows if row[:3] == (m, d, c)]]
    ]
    assert plain(days) == expected
    assert len(days.offsets) == MEMBERS + 1
