"""Tails of beta-prime distributions against scipy's incomplete beta function."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import special, stats

from features.operators import Floats
from training.process_tail import EXACT_BELOW, exact, tail


def by_scipy(a: Floats, b: Floats, u: Floats) -> Floats:
    """By whichever argument keeps the digits of u."""
    return np.where(u < 1.0, special.betaincc(a, b, u / (1.0 + u)), special.betainc(b, a, 1.0 / (1.0 + u)))


def test_small_shapes_are_exact_wherever_the_amount_lies() -> None:
    rng = np.random.default_rng(7)
    n = 40_000
    a = np.exp(rng.uniform(np.log(1e-3), np.log(EXACT_BELOW), n))
    b = np.exp(rng.uniform(0.0, np.log(1e5), n))
    u = np.exp(rng.uniform(np.log(1e-6), np.log(80.0), n)) * (a + 0.2) / b
    found = exact(a[None], b, u)[0]
    assert_allclose(found, by_scipy(a, b, u), atol=1e-9, rtol=0)
    # Far out, where there is little left, it is exact for its size too.
    far = b * np.log1p(u) > 10.0
    some = far & (found > 1e-300)
    assert some.sum() > 1_000
    assert_allclose(found[some], by_scipy(a, b, u)[some], rtol=1e-8, atol=0)


@pytest.mark.parametrize("b", [1.0, 2.5, 30.0, 1e6])
def test_on_both_sides_of_where_the_rule_changes(b: float) -> None:
    a, end = np.array([[0.02], [0.7], [1.0], [2.4]]), np.linspace(2.4, 2.6, 41) / b
    u = np.expm1(end)
    found = exact(a, np.full(41, b), u)
    assert_allclose(found, by_scipy(a, np.array(b), u), atol=1e-9, rtol=0)
    assert (np.diff(found) <= 1e-9).all()


@pytest.mark.parametrize("u", [1e-300, 1e-12, 1e12, 1e280])
def test_ends(u: float) -> None:
    for a in (1e-3, 0.5, 2.4, 3.0, 1e8):
        for b in (1.0, 3.0, 1e8):
            found = tail(np.array([a]), np.array([b]), np.array([u]))
            assert_allclose(found, by_scipy(np.array(a), np.array(b), np.array([u])), atol=0.003)


@pytest.mark.parametrize("a", [0.3, 1.0, 2.4, 2.5, 3.0, 40.0])
@pytest.mark.parametrize("b", [0.4, 1.0, 2.4, 2.5, 6.0, 300.0])
def test_any_shapes(a: float, b: float) -> None:
    levels = np.linspace(0.001, 0.999, 201)
    u = stats.betaprime(a, b).ppf(levels)
    small = min(a, b) < EXACT_BELOW
    assert_allclose(tail(np.array(a), np.array(b), u), 1 - levels, atol=1e-9 if small else 0.003)


@given(st.integers(2, 30), st.integers(1, 5), st.integers(0, 10_000))
@settings(max_examples=30)
def test_alone_or_among_others_the_same_to_the_bit(points: int, shapes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.uniform(0.05, 2.4, (shapes, 1))
    b, u = rng.uniform(1, 400, points), np.exp(rng.uniform(-8, 3, points))
    every, one = exact(a, b, u), int(rng.integers(points))
    assert exact(a, b[one : one + 1], u[one : one + 1])[:, 0].tolist() == every[:, one].tolist()
    assert exact(np.repeat(a, points, axis=1), b, u).tolist() == every.tolist()
    mixed = rng.uniform(0.05, 9, points)
    assert tail(mixed[one : one + 1], b[one : one + 1], u[one : one + 1])[0] == tail(mixed, b, u)[one]
