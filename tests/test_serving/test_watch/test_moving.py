"""serving/watch/moving.py: the index by an oracle of its own, its limit by hand."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.watch.moving import Moved, movements
from serving.watch.runs import Run
from training.checks.population import by_chance
from training.reference import Quantity, Reference

TRAINED = dt.date(2020, 6, 1)
FOUR = tuple(TRAINED - dt.timedelta(days=28 * k) for k in (3, 2, 1, 0))
EDGES = np.array([1.0, 2.0, 3.0])


def reference(counts: Sequence[Sequence[int]], **also: Any) -> Reference:
    levels = also.pop("levels", {})
    quantity = Quantity("x", also.pop("kind", "feature"), EDGES, np.array(counts), **also)
    return Reference("v", 28, FOUR[-len(counts) :], (quantity,), levels)


def run(counts: Sequence[int], days: int = 28, **levels: float) -> Run:
    return Run("v", TRAINED + dt.timedelta(days=days), 28, 100, {"x": tuple(counts)}, levels, {})


def only(found: list[Moved]) -> Moved:
    (moved,) = found
    return moved


def by_hand(then: Sequence[int], now: Sequence[int]) -> float:
    """The population stability index, bin by bin."""
    bins = [(a + 0.5, b + 0.5) for a, b in zip(then, now, strict=True) if a or b]
    p, q = sum(a for a, _ in bins), sum(b for _, b in bins)
    return sum((b / q - a / p) * math.log((b / q) / (a / p)) for a, b in bins)


@given(*[st.lists(st.integers(0, 300), min_size=5, max_size=5).filter(any)] * 2)
@settings(max_examples=40)
def test_the_index_is_the_sum_over_bins(then: list[int], now: list[int]) -> None:
    moved = only(movements(reference([then]), run(now)))
    assert moved.index == pytest.approx(by_hand(then, now))
    assert moved.index >= 0.0
    assert moved.missing == (then[0] / sum(then), now[0] / sum(now))
    assert moved.usual == 0.0
    bins = sum(1 for a, b in zip(then, now, strict=True) if a or b)
    assert moved.limit == pytest.approx(by_chance(bins, sum(then), sum(now)))


def test_chance_alone_is_past_the_limit_about_once_in_a_thousand() -> None:
    rng = np.random.default_rng(4)
    base, shares = rng.multinomial(2_000, [0.1, 0.2, 0.3, 0.2, 0.2], 3_000), 0
    now = rng.multinomial(1_000, [0.1, 0.2, 0.3, 0.2, 0.2], 3_000)
    for then, later in zip(base.tolist(), now.tolist(), strict=True):
        shares += only(movements(reference([then]), run(later))).far
    assert shares <= 10  # 3 are expected; more than 10 come once in a thousand


SWING = ([0, 200, 300, 300, 200], [0, 260, 280, 270, 190], [0, 210, 310, 280, 200], [0, 190, 300, 300, 210])


def test_what_lies_between_the_trainings_own_dates_is_usual_and_grows_with_the_days() -> None:
    counts = SWING
    expected = [by_hand(counts[i], counts[j]) - 3 * (1 / sum(counts[i]) + 1 / sum(counts[j])) for i, j in ((0, 2), (1, 3))]
    far = by_hand(counts[0], counts[3]) - 3 * (1 / sum(counts[0]) + 1 / sum(counts[3]))
    near = only(movements(reference(counts), run(SWING[0], days=28)))
    assert near.usual == pytest.approx(max(*expected, far, 0.0))
    later = only(movements(reference(counts), run(SWING[0], days=168)))
    assert later.usual == pytest.approx(max(*(3 * each for each in expected), 2 * far, 0.0))
    assert only(movements(reference(counts), run(SWING[0]), times=0.0)).limit == pytest.approx(near.limit - 2 * near.usual)


def test_far_is_past_the_limit_and_the_furthest_comes_first() -> None:
    told = reference([[0, 250, 250, 250, 250]], levels={"members": (100.0,)})
    found = movements(told, run([0, 10, 10, 10, 970], members=105.0))
    assert [(moved.name, moved.far) for moved in found] == [("x", True), ("members", False)]
    found = movements(told, run([0, 250, 250, 250, 250], members=150.0))
    assert [(moved.name, moved.far) for moved in found] == [("members", True), ("x", False)]


@pytest.mark.parametrize(("now", "far"), [(100.0, False), (109.0, False), (111.0, True), (89.0, True), (0.0, True)])
def test_a_level_may_move_by_a_tenth(now: float, far: bool) -> None:
    level = next(
        moved
        for moved in movements(
            reference([[0, 9, 9, 9, 9]] * 2, levels={"members": (100.0, 100.0)}), run([0, 9, 9, 9, 9], members=now)
        )
        if moved.kind == "level"
    )
    assert level.far is far
    assert (level.was, level.now) == (100.0, now)


def test_a_level_that_swings_may_swing() -> None:
    told = reference([[0, 9, 9, 9, 9]] * 4, levels={"members": (100.0, 130.0, 100.0, 130.0)})
    found = movements(told, run([0, 9, 9, 9, 9], members=85.0))
    assert not next(moved for moved in found if moved.kind == "level").far


def test_what_cannot_be_compared_is_left_out() -> None:
    assert movements(reference([[0, 9, 9, 9, 9]], filling=True), run([9, 0, 0, 0, 9])) == []
    assert movements(reference([[9, 0, 0, 0, 0]]), run([1, 2, 3, 4, 5])) == []  # nobody had a value
    assert movements(reference([[0, 9, 9, 9, 9]]), replace(run([0, 9, 9, 9, 9]), members=0)) == []
    assert only(movements(reference([[0, 9, 9, 9, 9]]), run([0, 0, 0, 0, 0]))).far  # all are gone


def test_a_forecast_is_compared_with_the_season_that_the_model_knows() -> None:
    winter = [0, 10, 10, 10, 370]
    ahead = np.array([[0, 100, 100, 100, 100], winter])
    told = reference([[0, 100, 100, 100, 100]], kind="forecast", ahead=ahead)
    found = only(movements(told, run(winter, days=28)))
    assert (found.group, found.index, found.far) == ("forecasts", 0.0, False)
    assert only(movements(told, run(winter, days=7))).far
