from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pytest
import strategies
from by_example import row
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import by_hand

from features.daily import SUMS, TIME, DailyRow, Line, daily, fold, label_counts, labelled
from features.engine import fetch
from features.schema import LABELS, NUMBERS
from features.verdicts import check

SNAPSHOT = Path(__file__).parents[1] / "sql" / "daily.sql"
NINE, TEN = dt.datetime(2017, 1, 1, 9), dt.datetime(2017, 1, 1, 10)
DAY = NINE.date()
FIELDS = ("amount", "order_id", *NUMBERS, *LABELS)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], []),
        ([Line(NINE)], [row(DAY, 1)]),
        ([Line(NINE, 0.0)], [row(DAY, 1)]),  # a free item is still a visit
        ([Line(NINE, -2.0)], [row(DAY, 0, 0, 20_000)]),  # a return is none
        ([Line(NINE, -0.00001)], [row(DAY, 0)]),  # not even a tiny one
        ([Line(NINE, 1.0), Line(NINE, 2.0)], [row(DAY, 1, 30_000)]),  # without ids, lines at one time are one order
        ([Line(NINE, 1.0), Line(TEN, 2.0)], [row(DAY, 2, 30_000)]),
        ([Line(NINE, 1.0, "a"), Line(TEN, 2.0, "a")], [row(DAY, 1, 30_000)]),
        ([Line(NINE, 1.0, "a"), Line(NINE, 2.0, "b")], [row(DAY, 2, 30_000)]),
        ([Line(NINE, 1.0, " "), Line(NINE, 2.0, "")], [row(DAY, 1, 30_000)]),  # a blank id is none
        ([Line(NINE, 1.0, str(NINE)), Line(NINE, 2.0)], [row(DAY, 2, 30_000)]),  # an id that looks like a time is no time
        ([Line(NINE, 1.0, "a"), Line(TEN, -1.0, "b")], [row(DAY, 1, 10_000, 10_000)]),
        (
            [Line(TEN, 1.0), Line(NINE - dt.timedelta(days=1), 2.0)],
            [row(DAY - dt.timedelta(days=1), 1, 20_000), row(DAY, 1, 10_000)],
        ),
    ],
)
def test_fold(lines: list[Line], expected: list[DailyRow]) -> None:
    assert fold(lines) == expected


@pytest.mark.parametrize(
    ("column", "number", "on_a_purchase", "on_a_return"),
    [
        ("cost", 2.5, {"cost": 25_000}, {"returned_cost": 25_000}),
        ("cost", -2.5, {"cost": 25_000}, {"returned_cost": 25_000}),  # its sign is that of the amount, and says no more
        ("discount", 0.5, {"discount": 5_000}, {}),
        ("discount", -0.5, {"discount": 5_000}, {}),
        ("coupon", 0.5, {"coupon": 5_000}, {}),
        ("points", 7.0, {"points_earned": 70_000}, {"points_back": 70_000}),
        ("points", -7.0, {"points_used": 70_000}, {"points_back": 70_000}),
        ("quantity", 3.0, {"quantity": 30_000}, {"returned_quantity": 30_000}),
        ("quantity", None, {}, {}),
    ],
)
def test_what_else_a_line_has(
    column: str, number: float | None, on_a_purchase: dict[str, int], on_a_return: dict[str, int]
) -> None:
    for amount, expected in ((1.0, on_a_purchase), (-1.0, on_a_return)):
        ((_, values),) = fold([Line(NINE, amount, **{column: number})], {column})
        names = {part.value for part in SUMS if part.column == column}
        assert {name: values[name] for name in names} == {**dict.fromkeys(names, 0), **expected}


@pytest.mark.parametrize(
    ("lines", "minute"),
    [
        ([Line(TEN, 1.0), Line(NINE, 2.0)], 540),
        ([Line(NINE, -1.0), Line(TEN, 2.0)], 600),  # a return is no purchase
        ([Line(NINE, -1.0)], 0),
        ([Line(NINE.replace(hour=0), 1.0)], 0),
    ],
)
def test_the_minute_is_of_the_first_purchase(lines: list[Line], minute: int) -> None:
    assert [values["minute"] for _, values in fold(lines, {TIME})] == [minute]


def test_only_what_is_asked_for_is_summed() -> None:
    lines = [Line(NINE, 1.0, cost=0.5, points=3.0)]
    assert fold(lines, {"points"}) == [
        (DAY, {"orders": 1, "gross": 10_000, "returned": 0, "points_earned": 30_000, "points_used": 0, "points_back": 0})
    ]


@settings(max_examples=80)
@given(st.lists(strategies.full_lines(), max_size=12))
def test_a_fold_is_what_it_is_by_hand(lines: list[Line]) -> None:
    assert fold(lines, strategies.FULL) == list(by_hand.shopping_days(lines).items())
    for name in LABELS:
        assert label_counts(lines, name) == by_hand.label_days(lines, name)


def by_engine(folded: ir.Table) -> list[tuple[str, dt.date, dict[str, int]]]:
    rows = [(found.pop("member"), found.pop("day"), found) for found in fetch(folded).to_pylist()]
    return sorted(rows, key=lambda found: found[:2])


@settings(max_examples=3)
@given(strategies.large_logs())
def test_the_engine_folds_to_the_bit_as_python_does(log: dict[str, list[Line]]) -> None:
    clean = check(strategies.table(log, FIELDS)).clean
    lines = Counter((member, line.timestamp.date()) for member, own in log.items() for line in own)
    assert by_engine(daily(clean)) == [
        (member, day, {"lines": lines[member, day], **values})
        for member in sorted(log)
        for day, values in fold(log[member], strategies.FULL)
    ]


@settings(max_examples=3)
@given(strategies.large_logs())
def test_the_engine_counts_labels_as_python_does(log: dict[str, list[Line]]) -> None:
    name = "channel"
    rows = fetch(labelled(check(strategies.table(log, (name, "amount"))).clean, name)).to_pylist()
    expected = [(member, *days) for member in sorted(log) for days in label_counts(log[member], name)]
    assert sorted(
        (found["member"], found["day"], found["label"], found["lines"], found["gross"]) for found in rows
    ) == sorted((member, day, label, count, gross) for member, day, label, count, gross in expected)


@settings(max_examples=5)
@given(st.lists(strategies.timestamps, min_size=1, max_size=8))
def test_without_amounts_too(times: list[dt.datetime]) -> None:
    lines = [Line(time) for time in times]
    folded = by_engine(daily(check(strategies.table({"m": lines}, ())).clean))
    per_day = Counter(time.date() for time in times)
    assert folded == [("m", day, {"lines": per_day[day], **values}) for day, values in fold(lines, {TIME})]


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


@given(st.lists(strategies.full_lines(), max_size=12), st.randoms(use_true_random=False))
def test_so_it_does_with_all_that_lines_have(lines: list[Line], chance: random.Random) -> None:
    shuffled = list(lines)
    chance.shuffle(shuffled)
    assert fold(shuffled, strategies.FULL) == fold(lines, strategies.FULL)
    for name in LABELS:
        assert label_counts(shuffled, name) == label_counts(lines, name)


def test_the_emitted_sql_is_as_reviewed() -> None:
    schema = {
        "customer_id": "int64",
        "timestamp": "timestamp",
        "amount": "float64",
        "order_id": "string",
        "cost": "float64",
        "points": "float64",
    }
    assert ibis.to_sql(daily(ibis.table(schema, name="clean")), dialect="duckdb") + "\n" == SNAPSHOT.read_text()
