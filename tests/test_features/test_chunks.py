from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.chunks import Batches, merged, narrow, two_sides
from features.grouping import Lines, by_day
from features.histories import assemble

MEMBERS = 4
Row = tuple[int, int, int, int]
rows = st.lists(
    st.tuples(st.integers(0, MEMBERS - 1), st.integers(0, 9), st.integers(-(10**6), 10**6), st.integers(0, 3)), min_size=1
)
"""(member, day, units or ~size, order)"""


def batches(found: list[Row], size: int, wide: bool) -> Batches:
    parts = [found[i : i + size] for i in range(0, len(found), size)]
    kept: list[list[Any]] = [[np.array([row[k] for row in part], np.int64) for part in parts] for k in range(4)]
    member, day, *rest = kept
    units, order = ([part if wide else narrow(part) for part in column] for column in rest)
    return Batches([narrow(part) for part in member], [narrow(part) for part in day], units, order)


@settings(max_examples=60)
@given(rows, st.integers(1, 40), st.integers(0, 9), st.booleans())
def test_batches_fold_as_lines_do(found: list[Row], size: int, until: int, wide: bool) -> None:
    found = sorted(found, key=lambda row: row[1])
    usual = [row for row in found if row[1] <= until]
    visits, returns = two_sides(batches(found, size, wide), MEMBERS, until)
    if not usual:
        assert visits.offsets.tolist() == returns.offsets.tolist() == [0] * (MEMBERS + 1)
        return
    member, day, units, order = (np.array(column, np.int64) for column in zip(*usual, strict=True))
    days = by_day(Lines(member.astype(np.int32), day.astype(np.int32), units, order, {}), MEMBERS, compile_=False)
    expected = assemble(np.arange(MEMBERS), days.offsets, days.day, days.values, {"amount"})
    for side, other in ((visits, expected.visits), (returns, expected.returns)):
        assert side.offsets.tolist() == other.offsets.tolist()
        assert side.day.tolist() == other.day.tolist()
        assert {name: column.tolist() for name, column in side.values.items()} == {
            name: column.tolist() for name, column in other.values.items()
        }


@settings(max_examples=60)
@given(st.lists(st.tuples(rows.map(lambda found: found[0]), st.integers(1, 3)), min_size=1), st.booleans())
def test_neighbours_of_one_order_fold_as_one(runs: list[tuple[Row, int]], wide: bool) -> None:
    found = sorted((row for row, times in runs for _ in range(times)), key=lambda row: row[1])
    columns = [np.array(column, np.int64) for column in zip(*found, strict=True)]
    columns[0] = columns[0] if wide else narrow(columns[0])
    less = merged(*columns)
    assert {len(column) for column in less} == {len(less[0])}
    keys = [(m, d, u < 0, o) for m, d, u, o in zip(*(column.tolist() for column in less), strict=True)]
    assert all(one != other for one, other in itertools.pairwise(keys))
    folded = [two_sides(Batches(*([c] for c in lines)), MEMBERS, 9) for lines in (columns, less)]
    for side, other in zip(*folded, strict=True):
        assert side.offsets.tolist() == other.offsets.tolist()
        assert side.day.tolist() == other.day.tolist()
        assert {name: column.tolist() for name, column in side.values.items()} == {
            name: column.tolist() for name, column in other.values.items()
        }


def test_many_orders_on_a_day() -> None:
    found = [(0, 5, 1, order % 50) for order in range(200)] + [(0, 5, ~7, 99)]
    visits, returns = two_sides(batches(found, 64, wide=False), MEMBERS, 5)
    assert visits.values["orders"].tolist() == [50]
    assert returns.values["returned"].tolist() == [7]


@pytest.mark.parametrize(
    ("days", "rising"), [([[1, 2], [2, 3]], True), ([[1, 3], [2]], False), ([[2, 1]], False), ([[], [1]], True)]
)
def test_the_order_of_days_is_seen_across_batches(days: list[list[int]], rising: bool) -> None:
    columns = [np.array(part, np.int32) for part in days]
    assert Batches(columns, columns, columns, columns).in_order_of_days is rising
