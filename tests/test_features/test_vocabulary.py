from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from features.daily import SUMS, TIME, Line
from features.histories import Ragged
from features.schema import LABELS, NUMBERS
from features.snapshot import to_day
from features.vocabulary import LABEL_NAMES, VALUES, label_rows, value_rows, weekday


def on(values: dict[str, int], date: dt.date = dt.date(2020, 1, 1)) -> Ragged:
    return Ragged(
        np.array([0, 1]), np.array([to_day(date)], np.int32), {name: np.array([number]) for name, number in values.items()}
    )


@given(st.dates(dt.date(1900, 1, 1), dt.date(2300, 1, 1)))
def test_weekdays_are_those_of_the_calendar(date: dt.date) -> None:
    day = np.array([to_day(date)], np.int32)
    assert weekday(day).tolist() == [date.weekday()]
    assert VALUES["weekend"].of(on({}, date)).tolist() == [date.weekday() >= 5]
    assert VALUES["month_start"].of(on({}, date)).tolist() == [date.day <= 7]


@pytest.mark.parametrize(
    ("value", "stored", "expected"),
    [
        ("evening", {"minute": 18 * 60 - 1}, 0),
        ("evening", {"minute": 18 * 60}, 1),
        ("evening", {"minute": 24 * 60 - 1}, 1),
        ("with_discount", {"discount": 0}, 0),
        ("with_discount", {"discount": 1}, 1),
        ("with_coupon", {"coupon": 0}, 0),
        ("with_coupon", {"coupon": 1}, 1),
        ("visits", {}, 1),
        ("returns", {}, 1),
        ("orders", {"orders": 3}, 3),
    ],
)
def test_what_is_counted(value: str, stored: dict[str, int], expected: int) -> None:
    assert VALUES[value].of(on(stored)).tolist() == [expected]
    assert VALUES[value].scale == 1.0


@pytest.mark.parametrize("part", SUMS, ids=lambda part: part.value)
def test_what_is_summed_needs_its_column_and_is_in_fixed_point(part: object) -> None:
    value = VALUES[part.value]  # type: ignore[attr-defined]
    assert (value.rows, value.needs, value.scale) == (part.side, part.column, 10_000.0)  # type: ignore[attr-defined]
    assert value.of(on({part.value: 7})).tolist() == [7]  # type: ignore[attr-defined]


def test_every_value_says_what_it_means_and_needs_a_column_of_the_contract() -> None:
    assert all(value.meaning for value in VALUES.values())
    assert {value.needs for value in VALUES.values()} == {None, "amount", TIME, *NUMBERS}
    assert {value.rows for value in VALUES.values()} == {"visits", "returns"}
    assert set(LABEL_NAMES) == {*LABELS, "weekday"}


def test_what_is_not_there_has_no_rows() -> None:
    histories = strategies.histories({"m0": [Line(strategies.FIRST, 1.0)]})
    assert label_rows(histories, "category") is None
    assert value_rows(histories, "event sent").offsets.tolist() == [0, 0]
    assert label_rows(histories, "weekday").values["code"].tolist() == [6]  # type: ignore[union-attr]
