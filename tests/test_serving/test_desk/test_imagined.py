from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from features.daily import TIME, Line
from features.errors import InputError
from features.histories import Histories, Ragged, from_rows
from serving.desk.imagined import Imagined, Usual, extended, lines

SPLIT = dt.date(2016, 4, 1)
DAY = dt.date(2017, 2, 1)


def visit(day: int, gross: int, **more: int) -> tuple[dt.date, dict[str, int]]:
    return dt.date(2017, 1, day), {"orders": 1, "gross": gross * 10_000, "returned": 0, **more}


def one(*days: tuple[dt.date, dict[str, int]], amounts: bool = True, columns: tuple[str, ...] = ()) -> Histories:
    return from_rows([("m", list(days))], amounts, columns=columns)


def equal(found: Ragged, expected: Ragged) -> None:
    np.testing.assert_array_equal(found.offsets, expected.offsets)
    np.testing.assert_array_equal(found.day, expected.day)
    assert found.day.dtype == expected.day.dtype
    assert set(found.values) == set(expected.values)
    for name, column in expected.values.items():
        np.testing.assert_array_equal(found.values[name], column, name)
        assert found.values[name].dtype == column.dtype


@settings(max_examples=40)
@given(known=st.lists(strategies.full_lines(), min_size=1, max_size=8), added=st.lists(strategies.full_lines(), max_size=6))
def test_laid_after_a_history_lines_are_what_a_log_with_them_gives(known: list[Line], added: list[Line]) -> None:
    none = dict.fromkeys(("product", "category", "channel", "store"))  # what is imagined has no labels
    known = [line for line in known if line.timestamp.date() < SPLIT] or [Line(dt.datetime(2016, 1, 1), 1.0)]
    added = [replace(line, **none) for line in added if line.timestamp.date() >= SPLIT]
    before = strategies.full_histories({"m": known})
    found = extended(before, [[], added])
    for life, own in enumerate(([], added)):
        expected = strategies.full_histories({"m": [*known, *own]})
        alone = found.select(np.array([life]))
        equal(alone.visits, expected.visits)
        equal(alone.returns, expected.returns)
        assert set(alone.labels) == set(expected.labels)
        for name, rows in expected.labels.items():
            equal(alone.labels[name], rows)
    assert (alone.first_day, alone.end_day) == (expected.first_day, expected.end_day)


def test_the_usual_basket_is_the_median_day_to_the_cent() -> None:
    assert Usual.of(one(visit(1, 10), visit(2, 20), visit(3, 90))) == Usual(3, 20.0, 720, {})
    odd = (dt.date(2017, 1, 4), {"orders": 1, "gross": 10_3333, "returned": 0})
    assert Usual.of(one(visit(1, 10), odd)).basket == 10.17


def test_a_visit_brings_cost_points_and_time_of_day_in_the_members_own_share() -> None:
    more = {"cost": 6_0000, "points_earned": 15_0000, "minute": 1_100}
    log = one(visit(1, 10, **more), visit(2, 10, **more), columns=("cost", "points", TIME))
    (line,) = lines(log, [Imagined(DAY, "purchase", 5.5)])
    assert (line.amount, line.cost, line.points) == (5.5, pytest.approx(3.3), 8.0)  # points are whole
    assert line.timestamp == dt.datetime(2017, 2, 1, 18, 20)
    (line,) = lines(log, [Imagined(DAY, "return", 5.5, cost=1.0, points=0.0)])
    assert (line.amount, line.cost, line.points) == (-5.5, 1.0, 0.0)


def test_without_amounts_a_visit_is_a_visit() -> None:
    log = one(visit(1, 0, points_earned=30_0000), visit(2, 0, points_earned=50_0000), amounts=False, columns=("points",))
    (line,) = lines(log, [Imagined(DAY)])
    assert (line.amount, line.points) == (None, 40.0)
    assert extended(log, [[line]]).visits.values["points_earned"].tolist() == [30_0000, 50_0000, 40_0000]


def test_each_is_an_order_of_its_own() -> None:
    log = one(visit(1, 10))
    assert extended(log, [lines(log, [Imagined(DAY)] * 3)]).visits.values["orders"].tolist() == [1, 3]


COSTED = ("cost",)
REFUSED: list[tuple[Histories, Imagined, str]] = [
    (one(visit(1, 10)), Imagined(DAY, "purchase"), "a purchase and a return have an amount"),
    (one(visit(1, 10)), Imagined(DAY, "return"), "a purchase and a return have an amount"),
    (one(visit(1, 10)), Imagined(DAY, "return", 0.0), "a return is of more than nothing"),
    (one(visit(1, 10)), Imagined(DAY, "visit", -1.0), "an imagined amount is at least 0"),
    (one(visit(1, 10)), Imagined(DAY, "visit", float("nan")), "an imagined amount is at least 0"),
    (one(visit(1, 10)), Imagined(DAY, "visit", 1e11), "an imagined amount is at least 0"),
    (one(visit(1, 10)), Imagined(DAY, "visit", 1.0, cost=1.0), "'cost' is imagined where the log has it"),
    (one(visit(1, 10, cost=1), columns=COSTED), Imagined(DAY, "visit", cost=-1.0), "an imagined 'cost' is at least 0"),
    (one(visit(1, 0, cost=0), columns=COSTED), Imagined(DAY, "visit", 5.0), "'cost' is imagined in the share"),
    (one(visit(1, 0), amounts=False), Imagined(DAY, "visit", 1.0), "a log without amounts has visits only"),
    (one(visit(1, 0), amounts=False), Imagined(DAY, "return"), "a log without amounts has visits only"),
    (one(visit(1, 10)).before(dt.date(2017, 1, 1)), Imagined(DAY), "a visit has the member's usual basket"),
]


@pytest.mark.parametrize(("log", "item", "rule"), REFUSED)
def test_what_cannot_be_imagined_is_refused_without_a_number_of_the_member(log: Histories, item: Any, rule: str) -> None:
    with pytest.raises(InputError) as refused:
        lines(log, [item])
    assert refused.value.rule.startswith(rule)
