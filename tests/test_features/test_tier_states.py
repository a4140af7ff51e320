"""Rows of a policy's word: some of them, and as numbers for people and features."""

from __future__ import annotations

import numpy as np
import pytest

from features.tier_states import UNDEFINED, TierState

NEED = np.array([[0, 25_000, 70_000], [0, 0, UNDEFINED], [0, 0, 0]])
STATE = TierState(
    np.array([10_000, 60_000, 90_000]), np.array([5_000, 40_000, 80_000]), np.array([0, 1, 2]), np.array([0, 1, 2]), NEED
)


def test_some_ranges_of_rows() -> None:
    part = STATE.part([(2, 3), (0, 1)])
    assert (part.spend.tolist(), part.need.tolist()) == ([90_000, 10_000], [[0, 0, 0], [0, 25_000, 70_000]])
    assert (part.keep_by.tolist(), part.scale) == ([], STATE.scale)


@pytest.mark.parametrize(
    ("pick", "expected"),
    [
        ("spend", [1.0, 6.0, 9.0]),
        ("carry", [0.5, 4.0, 8.0]),
        ("tier", [0.0, 1.0, 2.0]),
        ("keep", [0.0, 0.0, 0.0]),
        ("rise", [2.5, np.nan, 0.0]),  # nothing is above the highest
    ],
)
def test_a_number_a_pair(pick: str, expected: list[float]) -> None:
    np.testing.assert_array_equal(STATE.column(pick), expected)


def test_a_need_that_is_not_defined_is_none() -> None:
    np.testing.assert_array_equal(STATE.needs, [[0.0, 2.5, 7.0], [0.0, 0.0, np.nan], [0.0, 0.0, 0.0]])
