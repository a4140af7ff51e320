"""Which rows a pair knows: those before its cutoff, in half-open windows, found with numba and without."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from by_example import row

from features import pairs
from features.histories import Histories, from_rows
from features.operators import Panel
from features.snapshot import to_day


def panel(histories: Histories, cutoffs: list[dt.date]) -> Panel:
    """Every member at every cutoff."""
    member = np.tile(np.arange(len(histories)), len(cutoffs))
    cutoff = np.repeat([to_day(cutoff) for cutoff in cutoffs], len(histories)).astype(np.int32)
    return Panel(histories, member, cutoff, horizon_days=14)


@pytest.mark.parametrize(("age", "inside"), [(1, True), (28, True), (29, False)])
def test_a_window_is_half_open(age: int, inside: bool) -> None:
    cutoff = dt.date(2016, 3, 14)  # 28 days back lies beyond a 29 February
    histories = from_rows([("m", [row(cutoff - dt.timedelta(days=age), 1, 100)])], has_amounts=True)
    assert panel(histories, [cutoff]).total("visits", 28).tolist() == [float(inside)]


@pytest.mark.parametrize(("age", "inside"), [(14, False), (15, True), (28, True), (29, False)])
def test_a_window_that_ends_earlier_is_half_open_at_both_ends(age: int, inside: bool) -> None:
    cutoff = dt.date(2016, 3, 14)
    histories = from_rows([("m", [row(cutoff - dt.timedelta(days=age), 1, 100)])], has_amounts=True)
    assert panel(histories, [cutoff]).units("gross", 28, 14).tolist() == [100 * inside]


def test_numba_is_not_needed_to_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service answers without it, and asks the policy about sums."""
    days = [row(dt.date(2017, 1, day), 1, 100) for day in range(1, 20)]
    histories = from_rows([("m", days)], has_amounts=True)
    cutoffs = [dt.date(2017, 1, 10), dt.date(2017, 3, 1)]
    asked: list[str] = []
    compile_ = pairs.compiled
    monkeypatch.setattr(pairs, "compiled", lambda kernel: asked.append(kernel.__name__) or compile_(kernel))
    assert panel(histories, cutoffs).units("gross", 50).tolist() == [900, 1000]
    assert asked == []
    assert panel(histories, cutoffs * 1_000).units("gross", 50).tolist() == [900, 1000] * 1_000
    assert set(asked) == {"first_from"}
    monkeypatch.setattr(pairs, "has_numba", lambda: False)
    asked.clear()
    assert panel(histories, cutoffs * 1_000).units("gross", 50).tolist() == [900, 1000] * 1_000
    assert asked == []


def test_a_part_of_the_pairs_is_of_the_same_kind_and_has_the_same_numbers() -> None:
    days = [row(dt.date(2017, 1, day), 1, 100 * day) for day in range(1, 20)]
    histories = from_rows([("a", days), ("b", days[3:9]), ("c", days[7:])], has_amounts=True)
    whole = Panel(histories, np.array([0, 0, 1, 1, 2, 2]), np.array([17_180, 17_190] * 3, np.int32), 14)
    part = whole.part([(2, 3), (4, 6)], 1, 3)
    assert type(part) is Panel
    assert part.member.tolist() == [0, 1, 1]
    for kept, number in ((part.total("gross", 9), whole.total("gross", 9)), (part.recency(), whole.recency())):
        assert kept.tobytes() == number[[2, 4, 5]].tobytes()
