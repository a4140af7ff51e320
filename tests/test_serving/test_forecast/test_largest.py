from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.forecast.largest import NONE, largest, largest_of_one

FAMILIES = ("a", "b", "a", "c", "b", "a")
PARTS = st.lists(st.sampled_from([0.0, -0.0, 0.1, -0.1, 0.3, -2.0]), min_size=len(FAMILIES), max_size=len(FAMILIES))


def plainly(parts: list[float], most: int) -> list[int]:
    """By looking for the largest of those left again and again: first of new families, then of any."""
    chosen: list[int] = []
    for again in (False, True):
        while len(chosen) < most:
            told = {FAMILIES[i] for i in chosen}
            left = [i for i, part in enumerate(parts) if part and i not in chosen and (again or FAMILIES[i] not in told)]
            if not left:
                break
            chosen.append(max(left, key=lambda i: (abs(parts[i]), -i)))
    return sorted(chosen, key=lambda i: (-abs(parts[i]), i))


@settings(max_examples=40)
@given(st.lists(PARTS, min_size=1, max_size=5), st.integers(0, 7))
def test_many_at_once_are_as_one_by_one(rows: list[list[float]], most: int) -> None:
    found = largest(np.array(rows), FAMILIES, most)
    assert found.shape == (len(rows), most)
    for parts, own in zip(rows, found.tolist(), strict=True):
        expected = plainly(parts, most)
        assert own == expected + [NONE] * (most - len(expected))
        assert largest_of_one(parts, FAMILIES, most) == expected


def test_nobody_is_told_nothing() -> None:
    assert largest(np.zeros((0, 3)), ["a", "b", "c"], 2).shape == (0, 2)
