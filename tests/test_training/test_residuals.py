from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from training.residuals import Residuals

values = st.floats(-50, 50, allow_subnormal=False)
samples = st.one_of(
    st.lists(values, max_size=40),
    st.lists(st.sampled_from([-1.0, 0.0, 0.0, 0.25]), max_size=60),  # heavy ties
    st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).standard_t(3, 500).tolist()),
)
fits = samples.map(lambda sample: Residuals.fit(np.array(sample, np.float64)))


@given(fits, st.lists(st.one_of(st.floats(-1e6, 1e6), st.sampled_from([-np.inf, np.inf])), min_size=2, max_size=30))
def test_the_distribution_function_rises_within_0_and_1(fitted: Residuals, points: list[float]) -> None:
    z = np.sort(np.concatenate([points, fitted.knots, fitted.knots - 1e-7]))
    probability = fitted.cdf(z)
    assert ((probability > 0.0) & (probability < 1.0)).all()
    assert (np.diff(probability) >= 0.0).all()


@given(fits)
def test_it_is_continuous_where_the_tails_begin(fitted: Residuals) -> None:
    for knot, level in [(fitted.knots[0], 0.005), (fitted.knots[-1], 0.995)]:
        around = fitted.cdf(np.nextafter(knot, [-np.inf, np.inf]))
        np.testing.assert_allclose(around, level, rtol=0, atol=1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(200, 2_000))
def test_quantiles_of_the_sample_are_quantiles_of_the_fit(seed: int, size: int) -> None:
    sample = np.random.default_rng(seed).normal(size=size)
    levels = np.array([0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99])
    np.testing.assert_allclose(Residuals.fit(sample).cdf(np.quantile(sample, levels)), levels, rtol=0, atol=0.006)


def test_tails_have_the_samples_mean_excess() -> None:
    sample = np.random.default_rng(0).exponential(1.0, 200_000) - np.random.default_rng(1).exponential(0.5, 200_000)
    fitted = Residuals.fit(sample)
    assert fitted.upper == pytest.approx(1.0, rel=0.05)
    assert fitted.lower == pytest.approx(0.5, rel=0.05)


@given(fits, st.floats(0.01, 0.4))
def test_mean_of_the_exponential_against_integration(fitted: Residuals, share: float) -> None:
    """E[exp(sR)] = exp(s a) + the integral of s exp(sz) P(R > z) over z > a, less the same of P(R <= z) below a."""
    scale = share / fitted.upper
    a, top = float(fitted.knots[0]), float(fitted.knots[-1])

    def above(z: float) -> float:
        return scale * np.exp(scale * (z - top)) * (1.0 - float(fitted.cdf(np.array(z))))

    def below(z: float) -> float:
        return scale * np.exp(scale * (z - top)) * float(fitted.cdf(np.array(z)))

    z = np.linspace(a, top, 200_001)
    middle = np.trapezoid(scale * np.exp(scale * (z - top)) * (1.0 - fitted.cdf(z)), z)
    upper = quad(above, top, top + 20 * fitted.upper, limit=200)[0]
    lower = quad(below, a - 20 * fitted.lower, a, limit=200)[0]
    expected = scale * top + np.log(np.exp(scale * (a - top)) + middle + upper - lower)
    assert np.log(fitted.mean_exp(np.array([scale]))[0]) == pytest.approx(expected, abs=2e-3)


@given(fits, st.lists(st.floats(0, 5), min_size=2, max_size=8))
def test_mean_of_the_exponential_is_finite_and_its_log_convex(fitted: Residuals, scales: list[float]) -> None:
    scale = np.minimum(np.sort(scales), fitted.max_scale)
    assert np.isfinite(np.interp(scale, *fitted._mean_exp_grid)).all()
    grid, log_mean = fitted._mean_exp_grid
    assert np.isfinite(log_mean).all()
    slope = np.diff(log_mean) / np.diff(grid)
    assert (np.diff(slope) >= -1e-6 * np.abs(slope).max()).all()


def test_a_larger_scale_than_the_tail_bears_counts_as_the_largest() -> None:
    fitted = Residuals.fit(np.random.default_rng(0).normal(size=1_000))
    assert fitted.mean_exp(np.array([fitted.max_scale])) == fitted.mean_exp(np.array([10 * fitted.max_scale]))
    assert fitted.mean_exp(np.array([0.0])) == pytest.approx(1.0, abs=1e-5)


def test_a_mean_of_nearly_one_value_stays_finite() -> None:
    """All but a few low values alike: the upper tail is as thin as it gets."""
    sample = np.full(1_000, 0.3)
    sample[:3] = -60.0
    mean = Residuals.fit(sample).mean_exp(np.array([0.05]))
    assert mean == pytest.approx(np.exp(0.05 * 0.3), rel=0.01)


@pytest.mark.parametrize("sample", [[], [7.0], [2.0, 2.0, 2.0]])
def test_with_nothing_to_see_it_spreads_like_a_unit_normal(sample: list[float]) -> None:
    fitted = Residuals.fit(np.array(sample, np.float64))
    np.testing.assert_allclose(fitted.cdf(np.array([-0.674, 0.0, 0.674])), [0.25, 0.5, 0.75], rtol=0, atol=0.01)


@given(fits)
def test_plain_values_give_it_back(fitted: Residuals) -> None:
    back = Residuals.from_dict(json.loads(json.dumps(fitted.to_dict())))
    assert back.knots.tobytes() == fitted.knots.tobytes()
    assert (back.lower, back.upper) == (fitted.lower, fitted.upper)
