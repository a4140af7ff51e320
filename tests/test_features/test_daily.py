from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import ibis
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from features.daily import DailyRow, Line, daily, fold
from features.engine import fetch
from features.verdicts import check

SNAPSHOT = Path(__file__).parents[1] / "sql" / "daily.sql"
NINE, TEN = dt.datetime(2017, 1, 1, 9), dt.datetime(2017, 1, 1, 10)
DAY = NINE.date()


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], []),
        ([Line(NINE)], [(DAY, 1, 0, 0)]),
        ([Line(NINE, 0.0)], [(DAY, 1, 0, 0)]),  # a free item is still a visit
        ([Line(NINE, -2.0)], [(DAY, 0, 0, 20_000)]),  # a return is none
        ([Line(NINE, -0.00001)], [(DAY, 0, 0, 0)]),  # not even a tiny one
        ([Line(NINE, 1.0), Line(NINE, 2.0)], [(DAY, 1, 30_000, 0)]),  # without ids, lines at one time are one order
        ([Line(NINE, 1.0), Line(TEN, 2.0)], [(DAY, 2, 30_000, 0)]),
        ([Line(NINE, 1.0, "a"), Line(TEN, 2.0, "a")], [(DAY, 1, 30_000, 0)]),
        ([Line(NINE, 1.0, "a"), Line(NINE, 2.0, "b")], [(DAY, 2, 30_000, 0)]),
        ([Line(NINE, 1.0, " "), Line(NINE, 2.0, "")], [(DAY, 1, 30_000, 0)]),  # a blank id is none
        ([Line(NINE, 1.0, str(NINE)), Line(NINE, 2.0)], [(DAY, 2, 30_000, 0)]),  # an id that looks like a time is no time
        ([Line(NINE, 1.0, "a"), Line(TEN, -1.0, "b")], [(DAY, 1, 10_000, 10_000)]),
        (
            [Line(TEN, 1.0), Line(NINE - dt.timedelta(days=1), 2.0)],
            [(DAY - dt.timedelta(days=1), 1, 20_000, 0), (DAY, 1, 10_000, 0)],
        ),
    ],
)
def test_fold(lines: list[Line], expected: list[DailyRow]) -> None:
    assert fold(lines) == expected


@settings(max_examples=40)
@given(strategies.logs())
def test_the_engine_folds_to_the_bit_as_python_does(log: dict[str, list[Line]]) -> None:
    folded = fetch(daily(check(strategies.table(log)).clean))
    engine = list(zip(*(column.to_pylist() for column in folded.columns), strict=True))
    assert folded.column_names == ["member", "day", "orders", "gross", "returned"]
    assert engine == [(member, *row) for member in sorted(log) for row in fold(log[member])]


@settings(max_examples=15)
@given(st.lists(strategies.timestamps, min_size=1, max_size=8))
def test_without_amounts_too(times: list[dt.datetime]) -> None:
    log = {"m": [Line(time) for time in times]}
    folded = fetch(daily(check(strategies.table(log).select(["customer_id", "timestamp"])).clean))
    assert [tuple(row.values()) for row in folded.to_pylist()] == [("m", *row) for row in fold(log["m"])]


@given(st.lists(strategies.lines(), max_size=20), st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_nothing(lines: list[Line], chance: random.Random) -> None:
    shuffled = list(lines)
    chance.shuffle(shuffled)
    assert fold(shuffled) == fold(lines)


@given(st.lists(strategies.lines(strategies.exact_amounts), min_size=1, max_size=20), st.data())
def test_splitting_a_line_in_two_changes_nothing(lines: list[Line], data: st.DataObject) -> None:
    which = data.draw(st.integers(0, len(lines) - 1))
    whole = lines[which]
    assert whole.amount is not None
    units = round(whole.amount * 10_000)
    # A part of a return stays a return: a split into nothing and the rest would make a visit of it.
    part = data.draw(st.integers(*sorted((0, units))) if units >= 0 else st.integers(units, -1))
    parts = [part, units - part] if units - part or units >= 0 else [part]
    split = [Line(whole.timestamp, unit / 10_000, whole.order_id) for unit in parts]
    assert fold([*lines[:which], *split, *lines[which + 1 :]]) == fold(lines)


def test_the_emitted_sql_is_as_reviewed() -> None:
    schema = {"customer_id": "int64", "timestamp": "timestamp", "amount": "float64", "order_id": "string"}
    assert ibis.to_sql(daily(ibis.table(schema, name="clean")), dialect="duckdb") + "\n" == SNAPSHOT.read_text()
