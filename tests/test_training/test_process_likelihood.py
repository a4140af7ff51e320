"""The likelihood against integrals over members' own rates and chances, and its gradient against differences."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import approx_fprime

from features.operators import Floats
from training.process_likelihood import Counted, Likelihood, parameters

X = np.array([0.0, 0, 1, 3, 3, 12, 40])
RECENCY = np.array([0.0, 0, 0.3, 0.2, 0.2, 0.9, 1.4])
AGE = np.array([1.0, 0.2, 0.5, 1.0, 1.0, 0.9, 1.5])
WEIGHT = np.array([1.0, 2, 1, 1, 1, 0.5, 3])
points = st.tuples(st.floats(-2, 2), st.floats(-2, 4), st.floats(-3, 3), st.floats(-2, 2)).map(np.array)


def by_integrals(theta: Floats, *, first_too: bool) -> float:
    """Mean log-likelihood: λ^x e^(-λT) (1-p)^c while alive, λ^x e^(-λt) p (1-p)^(c-1) where gone, over all λ and p."""
    r, alpha, a, b = parameters(theta)
    rates, leaving = stats.gamma(r, scale=1 / alpha), stats.beta(a, b)
    total = 0.0
    for x, recency, age, weight in zip(X, RECENCY, AGE, WEIGHT, strict=True):
        c = x + first_too

        def rate(until: float, x: float = x) -> float:
            top = (r + x) / (alpha + until)  # nearly all of it lies below 20 times its mean
            parts = (0.0, top / 50, top, 4 * top, 20 * top + 20 / (alpha + until))
            return sum(quad(lambda z: z**x * np.exp(-z * until) * rates.pdf(z), *ends)[0] for ends in pairwise(parts))

        def chance(stays: float, goes: int) -> float:
            return leaving.expect(lambda p: p**goes * (1 - p) ** stays)

        likelihood = rate(age) * chance(c, 0)
        if c > 0:
            likelihood += rate(recency) * chance(c - 1, 1)
        total += weight * np.log(likelihood)
    return float(total / WEIGHT.sum())


@pytest.mark.parametrize("first_too", [True, False])
def test_integrals_agree(first_too: bool) -> None:
    ours = Likelihood(Counted.of(X, RECENCY, AGE, WEIGHT), first_too=first_too)
    for theta in (np.array([0.3, 1.0, -0.7, 0.8]), np.array([0.8, 2.0, 0.5, 0.6])):
        # Nothing is left out: the two agree, constants and all.
        assert_allclose(-ours(theta)[0], by_integrals(theta, first_too=first_too), rtol=1e-6)


@given(points, st.booleans())
@settings(max_examples=40)
def test_gradient_is_that_of_differences(theta: Floats, first_too: bool) -> None:
    ours = Likelihood(Counted.of(X, RECENCY, AGE, WEIGHT), first_too=first_too)
    differences = approx_fprime(theta, lambda at: ours(at)[0], 1e-6)
    assert_allclose(ours(theta)[1], differences, atol=2e-4, rtol=1e-4)


def test_equal_histories_are_counted_once() -> None:
    counted = Counted.of(X, RECENCY, AGE, WEIGHT)
    assert len(counted.x) == len(X) - 1
    (place,) = np.flatnonzero((counted.x == 3) & (counted.recency == 0.2))
    assert counted.weight[place] == pytest.approx(2 / WEIGHT.sum())
    assert counted.weight.sum() == pytest.approx(1.0)
    assert counted.ages_repeats.sum() == pytest.approx(WEIGHT @ X / WEIGHT.sum())


def test_thinned_is_a_smaller_log() -> None:
    x = np.arange(5_000.0)
    thinned = Counted.of(x, x, x + 1, np.ones(5_000)).thinned(100)
    assert len(thinned.x) == 100
    assert (thinned.x.min(), thinned.x.max()) == (0, 4_999)
    assert thinned.weight.sum() == pytest.approx(1.0)
