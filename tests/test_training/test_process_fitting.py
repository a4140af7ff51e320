"""The optimiser on functions whose lowest point is known."""

from __future__ import annotations

import numpy as np
import pytest

from features.operators import Floats
from training.process_fitting import Objective, most_likely

LOWER, UPPER = np.full(2, -5.0), np.full(2, 5.0)
STARTS = [np.zeros(2), np.array([3.0, 3.0])]


def bowl(x: float, y: float) -> Objective:
    """Lowest at (x, y)."""

    def at(theta: Floats) -> tuple[float, Floats]:
        away = theta - [x, y]
        return float(away @ away), 2.0 * away

    return at


def test_lowest_point() -> None:
    assert most_likely(bowl(1.0, -2.0), STARTS, LOWER, UPPER) == pytest.approx([1.0, -2.0], abs=1e-4)


def test_bounds_hold() -> None:
    assert most_likely(bowl(9.0, -2.0), STARTS, LOWER, UPPER) == pytest.approx([5.0, -2.0], abs=1e-4)


def test_the_quick_one_only_shows_the_way() -> None:
    found = most_likely(bowl(1.0, -2.0), STARTS, LOWER, UPPER, quick=bowl(1.5, -1.0))
    assert found == pytest.approx([1.0, -2.0], abs=1e-4)


def test_the_lower_of_two_valleys_is_taken() -> None:
    def valleys(theta: Floats) -> tuple[float, Floats]:
        x, y = theta
        return float((x * x - 4) ** 2 - x + y * y), np.array([4 * x * (x * x - 4) - 1, 2 * y])

    starts = [np.array([-2.5, 1.0]), np.array([2.5, 1.0])]
    assert most_likely(valleys, starts, LOWER, UPPER)[0] == pytest.approx(2.0, abs=0.1)
    assert most_likely(valleys, starts, LOWER, UPPER, quick=valleys)[0] == pytest.approx(2.0, abs=0.1)


def test_what_nothing_is_said_about_stays_at_the_centre() -> None:
    def flat_in_y(theta: Floats) -> tuple[float, Floats]:
        return float((theta[0] - 1.0) ** 2), np.array([2.0 * (theta[0] - 1.0), 0.0])

    found = most_likely(flat_in_y, [np.array([0.0, 0.5]), np.array([0.0, 3.0])], LOWER, UPPER)
    assert found == pytest.approx([1.0, 0.5], abs=1e-2)


def test_where_nothing_leads_anywhere_the_first_start_is_kept() -> None:
    def broken(theta: Floats) -> tuple[float, Floats]:
        return np.nan, np.full(2, np.nan)

    assert most_likely(broken, [np.array([7.0, 1.0]), np.zeros(2)], LOWER, UPPER).tolist() == [5.0, 1.0]
