"""What one pair knows of its rows."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from by_example import row

from features.histories import from_rows
from features.pair import Pair, Programme, Rows
from features.snapshot import to_day
from features.tier_states import TierState

START = dt.date(2017, 1, 1)
LOG = from_rows(
    [
        ("a", [row(START, 1, 100)]),
        ("b", [row(START + dt.timedelta(days=day), 1 + day, 100 * day) for day in (0, 3, 10)]),
        ("c", [row(START, 1, 700)]),
    ],
    has_amounts=True,
)


@pytest.mark.parametrize(("age", "known"), [(0, 0), (1, 1), (3, 1), (4, 2), (10, 2), (11, 3), (400, 3)])
def test_rows_end_before_the_cutoff_and_are_the_members_own(age: int, known: int) -> None:
    rows = Rows(LOG.visits, 1, to_day(START) + age)
    assert rows.day == [to_day(START) + day for day in (0, 3, 10)][:known]
    assert rows.value("orders") == [1, 4, 11][:known]
    assert rows.value("gross") == rows.column("gross") == [0, 300, 1000][:known]


def test_a_value_that_is_no_column_is_worked_out_on_these_rows_alone() -> None:
    assert Rows(LOG.visits, 1, to_day(START) + 9).value("visits") == [1, 1]


@pytest.mark.parametrize(
    ("age", "gaps", "silences"), [(0, [], (0, 0)), (1, [], (0, 0)), (5, [3], (1, 1)), (14, [3, 7], (1, 0))]
)
def test_gaps_and_those_as_long_as_the_silence(age: int, gaps: list[int], silences: tuple[int, int]) -> None:
    """At 14, the silence of 4 days was reached once before, by the gap of 7 days: not less than the 4 and the horizon."""
    pair = Pair(LOG, 1, to_day(START) + age, horizon_days=3)
    assert pair._gaps() == gaps
    assert pair._silences() == silences


def test_a_programmes_column_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    state = TierState(*[np.array([20_000, 0])] * 4, np.array([[0, 5], [0, 0]]))
    programme = Programme(state)
    assert programme["spend"] == [2.0, 0.0]
    monkeypatch.setattr(TierState, "column", None)
    assert programme["spend"] == [2.0, 0.0]
