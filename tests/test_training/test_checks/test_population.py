from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.checks.population import by_chance, stability

values = st.lists(st.one_of(st.floats(-100, 100), st.sampled_from([0.0, 1.0, float("nan")])), min_size=1, max_size=60)


@given(values)
def test_a_population_is_itself(numbers: list[float]) -> None:
    assert stability(np.array(numbers), np.array(numbers))[0] == 0.0


@given(values, values)
def test_it_is_never_below_0_and_sees_no_order(one: list[float], other: list[float]) -> None:
    before, after = np.array(one), np.array(other)
    index, bins = stability(before, after)
    assert index >= 0
    assert 1 <= bins <= 11
    assert stability(before[::-1], after[::-1]) == (index, bins)


def test_against_counting_by_hand() -> None:
    before, after = np.arange(20.0), np.concatenate([np.arange(10.0), np.full(5, np.nan)])
    edges = [1, 3, 5, 7, 9, 11, 13, 15, 17]  # the values at each tenth

    def share(numbers: np.ndarray) -> np.ndarray:
        counts = [float(np.isnan(numbers).sum())]
        for low, high in zip([-np.inf, *edges], [*edges, np.inf], strict=True):
            counts.append(float(((numbers >= low) & (numbers < high)).sum()))
        smoothed = np.array(counts) + 0.5
        return smoothed / smoothed.sum()

    p, q = share(before), share(after)
    assert stability(before, after) == (pytest.approx(sum((b - a) * np.log(b / a) for a, b in zip(p, q, strict=True))), 11)


def test_a_shift_of_one_standard_deviation_is_a_large_one() -> None:
    rng = np.random.default_rng(0)
    assert stability(rng.normal(0, 1, 5_000), rng.normal(1, 1, 5_000))[0] > 0.8
    assert stability(rng.normal(0, 1, 5_000), rng.normal(0.1, 1, 5_000))[0] < 0.05


@pytest.mark.parametrize(("before", "after"), [(1_000, 1_000), (2_000, 150)])
def test_chance_exceeds_it_about_once_in_a_thousand(before: int, after: int) -> None:
    rng = np.random.default_rng(1)
    drawn = [stability(rng.normal(size=before), rng.normal(size=after)) for _ in range(2_000)]
    assert sum(index > by_chance(bins, before, after) for index, bins in drawn) <= 10
    assert sum(index > 0.5 * by_chance(bins, before, after) for index, bins in drawn) > 20


def test_of_one_bin_nothing_is_by_chance() -> None:
    assert by_chance(1, 10, 10) == 0.0
