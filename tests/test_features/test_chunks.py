from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import reading
from features.chunks import Batches, merged, narrow, two_sides
from features.grouping import Lines, by_day
from features.histories import assemble
from features.reading import from_log
from features.verdicts import check

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


@pytest.mark.parametrize("as_id", [int, str, float, lambda code: 2**40 + code])
def test_a_long_log_is_read_as_a_short_one_is(as_id: Callable[[int], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(7)
    n = 1_000
    times = np.sort(rng.integers(0, 200 * 86_400, n)).astype("m8[s]") + np.datetime64("2017-01-01", "us")
    times[-1] = np.datetime64("2031-01-01", "us")  # a stray, of a member who has nothing else
    log = pa.table(
        {
            "customer_id": [as_id(code) for code in (*np.repeat(rng.integers(500, 530, n), 3)[: n - 1].tolist(), 900)],
            "timestamp": times,
            "amount": np.round(rng.normal(5, 6, n), 2),
            "order_id": np.arange(n) // 2,
        }
    )
    short = from_log(check(log), {"order_id"})
    monkeypatch.setattr(reading, "COMPILE_FROM_LINES", 1)
    monkeypatch.setattr(reading, "_BATCH_LINES", 300)
    long = from_log(check(log), {"order_id"})
    assert long.members.tolist() == short.members.tolist()
    assert as_id(900) not in long.members
    assert (long.first_day, long.end_day, long.columns) == (short.first_day, short.end_day, short.columns)
    for one, other in ((long.visits, short.visits), (long.returns, short.returns)):
        assert one.offsets.tolist() == other.offsets.tolist()
        assert one.day.tolist() == other.day.tolist()
        assert {name: values.tolist() for name, values in one.values.items()} == {
            name: values.tolist() for name, values in other.values.items()
        }
