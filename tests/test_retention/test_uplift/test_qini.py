from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention.uplift.measured import Measured
from retention.uplift.qini import Ranked

ROWS = st.lists(st.tuples(st.floats(-3, 3), st.integers(0, 4)), min_size=2, max_size=30)


def by_the_definition(score: np.ndarray, predicted: np.ndarray) -> float:  # type: ignore[type-arg]
    """The area between the curve, member by member, and the line of chance; tied members come in together."""
    n, area, done, gain = len(score), 0.0, 0.0, 0.0
    for value in sorted(set(predicted.tolist()), reverse=True):
        group = [s for s, p in zip(score.tolist(), predicted.tolist(), strict=True) if p == value]
        then = gain + sum(group) / n
        area += (gain + then) / 2 * len(group) / n
        done, gain = done + len(group) / n, then
    assert done == pytest.approx(1.0)
    return area - gain / 2


@settings(max_examples=60)
@given(ROWS)
def test_the_coefficient_is_the_area(rows: list[tuple[float, int]]) -> None:
    score, predicted = np.array([row[0] for row in rows]), np.array([float(row[1]) for row in rows])
    assert Ranked.of(score, predicted).coefficient().value == pytest.approx(by_the_definition(score, predicted), abs=1e-12)


def test_radcliffes_counts_with_arms_of_unequal_size() -> None:
    """Incremental returns per member treated or not, counts of the control scaled up to the arm's size."""
    rng = np.random.default_rng(5)
    n, share = 1_000, 0.2
    treated = np.arange(n) % 5 == 0
    y = (rng.random(n) < 0.3).astype(float)
    predicted = rng.normal(size=n)
    score = y * (treated / share - ~treated / (1 - share))
    curve = Ranked.of(score, predicted).curve()
    order = np.argsort(-predicted)
    for k in (10, 20, 40):
        first = order[: round(curve.share[k] * n)]
        counts = y[first][treated[first]].sum() - y[first][~treated[first]].sum() * treated.sum() / (~treated).sum()
        assert curve.gain[k] == pytest.approx(counts / treated.sum())


@settings(max_examples=25)
@given(ROWS)
def test_arms_swapped_or_the_order_reversed(rows: list[tuple[float, int]]) -> None:
    score, predicted = np.array([row[0] for row in rows]), np.array([float(row[1]) for row in rows])
    found = Ranked.of(score, predicted).coefficient()
    swapped = Ranked.of(-score, -predicted).coefficient()
    assert (swapped.value, swapped.error) == pytest.approx((found.value, found.error), abs=1e-12)
    assert Ranked.of(score, -predicted).coefficient().value == pytest.approx(-found.value, abs=1e-12)
    stretched = Ranked.of(score, np.exp(predicted)).coefficient()
    assert stretched == found


def test_all_predicted_alike_says_nothing() -> None:
    alike = Ranked.of(np.random.default_rng(1).normal(size=50), np.zeros(50))
    assert alike.coefficient().value == pytest.approx(0.0, abs=1e-12)
    assert alike.curve().gain[-1] == pytest.approx(alike.curve().chance[-1])


def test_blocks_are_ranked_apart_and_weighed_by_size() -> None:
    rng = np.random.default_rng(2)
    score, predicted, block = rng.normal(size=90), rng.normal(size=90), np.repeat([3, 4], [60, 30])
    parts = [Ranked.of(score[block == k], predicted[block == k]).coefficient().value for k in (3, 4)]
    both = Ranked.of(score, predicted + 100 * block, block).coefficient()
    assert both.value == pytest.approx((60 * parts[0] + 30 * parts[1]) / 90)


def test_the_intervals_hold_what_they_say() -> None:
    """Coefficient, AUTOC and the curve at a third, over 250 trials with a known truth: ranks vary, too."""
    rng = np.random.default_rng(7)
    n, inside = 500, np.zeros(3)
    truth = (1 / 12, 1 / 4, 5 / 18)  # effect = predicted, uniform on (0, 1): Q(s) = s - s²/2
    for _ in range(250):
        effect = rng.random(n)
        ranked = Ranked.of(effect + 0.2 * rng.normal(size=n), effect)
        curve = ranked.curve()
        third = Measured(float(np.interp(1 / 3, curve.share, curve.gain)), float(np.interp(1 / 3, curve.share, curve.error)))
        found = (ranked.coefficient(), ranked.autoc(), third)
        inside += [figure.low <= value <= figure.high for figure, value in zip(found, truth, strict=True)]
    assert (inside / 250 > 0.92).all()
    assert (inside / 250 < 0.985).all()
