from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, norm
from sklearn.linear_model import LogisticRegression

from training.checks.noise import (
    Z_99,
    Z_999,
    calibration_line,
    calibration_noise,
    chi_squared,
    measured_auc,
    measured_mean,
    spread_beyond_noise,
)
from training.metrics import auc, auc_estimate, calibration_error, mean_estimate


def test_a_mean_and_its_interval_against_the_bootstrap() -> None:
    rng = np.random.default_rng(0)
    member = rng.integers(0, 150, 600)
    values = rng.normal(size=150)[member] + 0.3 * rng.normal(size=600)
    ours, theirs = measured_mean(values, member), mean_estimate(values, member)
    assert ours.value == pytest.approx(theirs.value)
    assert ours.high - ours.low == pytest.approx(theirs.high - theirs.low, rel=0.15)


def test_an_auc_and_its_interval_against_the_bootstrap() -> None:
    rng = np.random.default_rng(1)
    p = rng.random(500).round(2)  # with ties
    y = rng.random(500) < p
    ours, theirs = measured_auc(y, p), auc_estimate(y.astype(float), p, np.arange(500))
    assert ours.value == pytest.approx(theirs.value)
    assert ours.high - ours.low == pytest.approx(theirs.high - theirs.low, rel=0.15)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.1, 0.2, 0.5, 0.9])), min_size=1, max_size=40))
def test_an_auc_is_that_of_the_scores(rows: list[tuple[bool, float]]) -> None:
    y, p = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    found = measured_auc(y, p).value
    assert found == pytest.approx(auc(y.astype(float), p), nan_ok=True)


def test_a_slope_against_sklearn() -> None:
    rng = np.random.default_rng(2)
    z = rng.normal(0.3, 1.5, 3_000)
    y = (rng.random(3_000) < 1 / (1 + np.exp(-0.7 * z))).astype(float)
    p = 1 / (1 + np.exp(-z))
    theirs = LogisticRegression(C=np.inf, tol=1e-10).fit(z[:, None], y).coef_[0, 0]
    ours = calibration_line(y, p, np.arange(3_000))
    assert ours.value == pytest.approx(theirs, abs=1e-4)
    assert ours.low < 0.7 < ours.high
    assert ours.error == pytest.approx(_naive_error(z, y), rel=0.25)


def _naive_error(z: np.ndarray, y: np.ndarray) -> float:
    """Standard error of the slope over resampled rows."""
    rng = np.random.default_rng(0)
    slopes = []
    for _ in range(60):
        at = rng.integers(0, len(z), len(z))
        slopes.append(LogisticRegression(C=np.inf).fit(z[at, None], y[at]).coef_[0, 0])
    return float(np.std(slopes))


def test_rows_of_one_member_count_once() -> None:
    rng = np.random.default_rng(3)
    z = rng.normal(size=400)
    y = (rng.random(400) < 1 / (1 + np.exp(-z))).astype(float)
    p = 1 / (1 + np.exp(-z))
    once = calibration_line(y, p, np.arange(400))
    often = calibration_line(np.repeat(y, 5), np.repeat(p, 5), np.repeat(np.arange(400), 5))
    assert often.error == pytest.approx(once.error, rel=1e-6)
    assert measured_mean(np.repeat(y, 5), np.repeat(np.arange(400), 5)).error == pytest.approx(
        measured_mean(y, np.arange(400)).error
    )


@pytest.mark.parametrize(
    ("y", "p"),
    [
        (np.empty(0), np.empty(0)),
        (np.ones(9), np.linspace(0.1, 0.9, 9)),
        (np.arange(9) % 2.0, np.full(9, 0.5)),
        ((np.arange(9) > 4).astype(float), np.linspace(0.1, 0.9, 9)),  # parted without error: no finite slope
    ],
)
def test_where_there_is_no_slope_there_is_no_number(y: np.ndarray, p: np.ndarray) -> None:
    found = calibration_line(y, p, np.arange(len(y)))
    assert np.isnan(found.value) or found.error > 10


@pytest.mark.parametrize("n", [20, 333, 2_000, 6_000])
def test_noise_of_calibration_against_the_plain_way(n: int) -> None:
    rng = np.random.default_rng(4)
    p = rng.beta(2, 3, n)
    mean, most = calibration_noise(p)
    drawn = [calibration_error((rng.random(n) < p).astype(float), p) for _ in range(150)]
    assert mean == pytest.approx(np.mean(drawn), rel=0.08)
    assert most == pytest.approx(np.quantile(drawn, 0.99), rel=0.25)


def test_spread_of_figures_that_differ_and_of_figures_that_do_not() -> None:
    rng = np.random.default_rng(5)
    error = np.full(12, 0.02)
    false = [spread_beyond_noise(rng.normal(0.8, error), error).real for _ in range(2_000)]
    assert 0.003 < np.mean(false) < 0.02
    true = [spread_beyond_noise(rng.normal(0.8, np.hypot(error, 0.1)), error) for _ in range(300)]
    assert np.mean([found.beyond for found in true]) == pytest.approx(0.1, rel=0.05)
    assert all(found.real for found in true)
    assert spread_beyond_noise(np.array([0.5, 0.5]), np.array([0.1, 0.0])).beyond == 0.0


@pytest.mark.parametrize("freedom", [1, 2, 9, 60])
def test_quantiles_against_scipy(freedom: int) -> None:
    assert norm.cdf([Z_99, Z_999]) == pytest.approx([0.99, 0.999], abs=1e-5)
    for z, level in ((Z_99, 0.99), (Z_999, 0.999)):
        assert chi_squared(freedom, z) == pytest.approx(chi2.ppf(level, freedom), rel=0.04)


def test_no_rows_have_no_mean_and_one_member_no_error() -> None:
    assert np.isnan(measured_mean(np.empty(0), np.empty(0, np.int64)).value)
    assert np.isnan(measured_mean(np.ones(3), np.zeros(3, np.int64)).error)
    assert np.isnan(measured_auc(np.ones(3, bool), np.ones(3)).value)
