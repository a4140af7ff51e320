from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training import resampling
from training.resampling import Means, draws, positions, ratio, resampled

rows = st.lists(st.tuples(st.floats(-9, 9), st.integers(0, 6)), min_size=1, max_size=40)


@given(rows)
def test_a_mean_is_that_of_the_rows_repeated(found: list[tuple[float, int]]) -> None:
    values, member = np.array([row[0] for row in found]), np.array([row[1] for row in found])
    at, count = positions(member)
    weights = np.concatenate(list(draws(count, rows=len(at), resamples=5)))
    means = Means({"a": values, "b": np.ones(len(at))}, at, count)(weights)
    for i, weight in enumerate(weights):
        repeated = np.repeat(values, weight[at])
        assert means["a"][i] == pytest.approx(repeated.mean()) if len(repeated) else np.isnan(means["a"][i])
    assert set(means["b"][~np.isnan(means["b"])]) <= {1.0}


@pytest.mark.parametrize("at_once", [1, 7, 100, 10**9])
def test_draws_are_the_same_whatever_is_done_at_a_time(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    whole = np.concatenate(list(draws(9, rows=9, resamples=20, seed=3)))
    monkeypatch.setattr(resampling, "_AT_ONCE", at_once)
    parts = list(draws(9, rows=9, resamples=20, seed=3))
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert max(len(part) for part in parts) <= max(1, at_once // 9)


def test_everybody_once_then_as_many_with_replacement() -> None:
    weights = np.concatenate(list(draws(1_000, rows=1_000, resamples=200)))
    assert weights.shape == (201, 1_000)
    assert (weights[0] == 1).all()
    assert (weights.sum(axis=1) == 1_000).all()
    assert weights[1:].var() == pytest.approx(1.0, abs=0.02)
    assert (weights[1:] == 0).mean() == pytest.approx(np.exp(-1), abs=0.01)


def test_figures_share_their_draws_and_so_are_paired() -> None:
    values, member = np.arange(30.0), np.arange(30) // 3
    found = resampled(10, [Means({"a": values}, member, 10), Means({"b": values + 2.0}, member, 10)], rows=30)
    np.testing.assert_allclose(found["b"] - found["a"], 2.0)
    assert found["a"][1:].std() > 1.0
    assert found["a"][0] == values.mean()


def test_a_quotient_without_a_denominator_is_none() -> None:
    np.testing.assert_array_equal(ratio(np.array([1.0, 0.0]), np.array([2.0, 0.0])), [0.5, np.nan])
