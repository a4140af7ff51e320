"""The published figures of CDNOW, the density by integration, and what always holds."""

from __future__ import annotations

import json
from typing import Any

import cdnow
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import approx_fprime

from features.errors import InputError
from features.operators import Floats
from training.gamma_gamma import GammaGamma, _Likelihood, _parameters, fit_gamma_gamma

PUBLISHED = GammaGamma(p=6.25, q=3.74, gamma=15.44)  # Fader & Hardie 2013

models = st.builds(GammaGamma, p=st.floats(0.05, 50), q=st.floats(1.1, 50), gamma=st.floats(0.01, 1e4))


def test_published_parameters() -> None:
    log = cdnow.load()
    assert log.customers[log.x > 0].sum() == 946
    fitted = fit_gamma_gamma(log.x, log.mean_value, weight=log.customers)
    assert_allclose((fitted.p, fitted.q, fitted.gamma), (6.25, 3.74, 15.44), atol=0.012)


def test_as_lifetimes_has_it() -> None:
    """conditional_expected_average_profit of lifetimes 0.11.3."""
    found = PUBLISHED.expected_mean(np.array([0.0, 1, 2, 10]), np.array([0.0, 11.77, 22.35, 50.0]))
    assert_allclose(found, [35.21898, 18.91685, 24.66371, 49.37922], atol=1e-5)


@pytest.mark.parametrize(("n", "mean_value"), [(1, 8.0), (3, 40.0), (12, 25.0)])
def test_likelihood_is_the_density_over_all_rates(n: int, mean_value: float) -> None:
    """The mean of n purchases is Gamma(pn, νn); ν is integrated out. The likelihood leaves out 1 / m alone."""
    theta = np.log([3.0, 2.2, 30.0])
    p, q, gamma = _parameters(theta)
    rates = stats.gamma(q, scale=1 / gamma)
    density, _ = quad(lambda nu: stats.gamma.pdf(mean_value, p * n, scale=1 / (nu * n)) * rates.pdf(nu), 0, 5)
    ours = _Likelihood(np.array([float(n)]), np.array([mean_value]), np.ones(1))
    assert -ours(theta)[0] == pytest.approx(np.log(density * mean_value), rel=1e-7)


@given(st.tuples(st.floats(-2, 3), st.floats(-2, 3), st.floats(-2, 3)).map(np.array))
@settings(max_examples=40)
def test_gradient_is_that_of_differences(theta: Floats) -> None:
    ours = _Likelihood(np.array([1.0, 2, 2, 9]), np.array([3.0, 0.5, 1.0, 2.0]), np.array([1.0, 2, 1, 0.5]))
    assert_allclose(ours(theta)[1], approx_fprime(theta, lambda at: ours(at)[0], 1e-6), atol=2e-4, rtol=1e-4)


def test_parameters_are_found_again() -> None:
    rng = np.random.default_rng(0)
    true = GammaGamma(p=2.5, q=4.0, gamma=60.0)
    n = 1.0 + rng.poisson(3.0, 60_000)
    mean_value = rng.gamma(true.p * n) / rng.gamma(true.q, 1 / true.gamma, len(n)) / n
    found = fit_gamma_gamma(n, mean_value)
    assert_allclose((found.p, found.q, found.gamma), (true.p, true.q, true.gamma), rtol=0.05)


@given(models, st.integers(1, 500), st.floats(0.01, 1e5))
def test_a_member_is_judged_between_their_own_mean_and_that_of_all(model: GammaGamma, n: int, mean_value: float) -> None:
    of_all = model.p * model.gamma / (model.q - 1)
    found = model.expected_mean(np.array([float(n)]), np.array([mean_value]))[0]
    assert min(of_all, mean_value) * (1 - 1e-9) <= found <= max(of_all, mean_value) * (1 + 1e-9)
    # n = 0, or a mean after returns that is none, leaves the mean of all.
    nothing = model.expected_mean(np.array([0.0, 3.0, 3.0]), np.array([mean_value, 0.0, -mean_value]))
    assert_allclose(nothing, of_all, rtol=1e-12)


ODD: dict[str, tuple[Any, Any]] = {
    "one member": ([1], [5.0]),
    "one price": (np.full(50, 3), np.full(50, 9.0)),
    "one price, many counts": (np.arange(1, 51), np.full(50, 9.0)),
    "nearly one price": (np.arange(1, 51), 9 + 1e-6 * np.arange(50)),
    "a price of every size": (np.ones(30), 10.0 ** np.arange(-10, 20)),
    "two far apart": ([1, 1], [1.0, 1e6]),
    "returns only": ([1, 2], [-1.0, 0.0]),
    "nobody": ([], []),
}


@pytest.mark.parametrize("case", ODD)
def test_odd_logs_give_a_usable_model(case: str) -> None:
    n, mean_value = (np.asarray(column, np.float64) for column in ODD[case])
    model = fit_gamma_gamma(n, mean_value)
    assert np.isfinite([model.p, model.q, model.gamma]).all()
    assert min(model.p, model.q - 1, model.gamma) > 0
    found = model.expected_mean(np.append(n, 0), np.append(mean_value, 0))
    assert (np.isfinite(found) & (found > 0)).all()


def test_one_price_is_what_everybody_pays() -> None:
    model = fit_gamma_gamma(np.full(50, 3.0), np.full(50, 9.0))
    assert model.expected_mean(np.array([0.0, 1.0]), np.array([0.0, 9.0])) == pytest.approx(9.0, rel=0.001)


@given(
    st.lists(st.tuples(st.integers(1, 20), st.floats(0.5, 200)), min_size=30, max_size=50, unique=True),
    st.randoms(use_true_random=False),
)
@settings(max_examples=10)
def test_order_weight_and_currency_do_not_matter(rows: list[tuple[int, float]], random: Any) -> None:
    n, mean_value = (np.array(column, np.float64) for column in zip(*rows, strict=True))
    expected = fit_gamma_gamma(n, mean_value).expected_mean(n, mean_value)
    order = np.array(random.sample(range(len(n)), len(n)))
    assert fit_gamma_gamma(n[order], mean_value[order]) == fit_gamma_gamma(n, mean_value)
    doubled = fit_gamma_gamma(n, mean_value, weight=np.full(len(n), 2.0))
    assert_allclose(doubled.expected_mean(n, mean_value), expected, rtol=1e-4)
    cents = fit_gamma_gamma(n, mean_value * 100)
    assert_allclose(cents.expected_mean(n, mean_value * 100), expected * 100, rtol=1e-4)


@pytest.mark.parametrize(("mean_value", "weight"), [(np.nan, 1.0), (np.inf, 1.0), (3.0, -1.0)])
def test_what_is_no_number_is_refused(mean_value: float, weight: float) -> None:
    with pytest.raises(InputError, match="got 1 member otherwise"):
        fit_gamma_gamma(np.array([1.0, 2]), np.array([2.0, mean_value]), weight=np.array([1.0, weight]))


def test_plain_values_survive_json() -> None:
    model = GammaGamma(1 / 3, 2.7, 1e-7)
    assert GammaGamma.from_dict(json.loads(json.dumps(model.to_dict()))) == model
