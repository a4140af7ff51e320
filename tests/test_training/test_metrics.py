from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import log_loss, roc_auc_score

from features.operators import Floats
from training.metrics import (
    Estimate,
    auc,
    auc_change,
    auc_estimate,
    calibration_error,
    chance_error,
    class_log_losses,
    log_losses,
    mean_estimate,
    pinball_losses,
    ranked_probability_scores,
)

probabilities = st.one_of(st.floats(0.001, 0.999), st.sampled_from([0.1, 0.5, 0.5, 0.9]))  # ties among them
pairs = st.lists(st.tuples(st.sampled_from([0.0, 1.0]), probabilities, st.integers(0, 4)), min_size=2, max_size=60)


def columns(rows: list[tuple[float, float, int]]) -> tuple[Floats, Floats, Floats]:
    y, p, weight = np.array(rows, np.float64).T
    return y, p, weight


@given(pairs)
def test_losses_against_sklearn(rows: list[tuple[float, float, int]]) -> None:
    y, p, _ = columns(rows)
    assert log_losses(y, p).mean() == pytest.approx(log_loss(y, p, labels=[0, 1]))


@given(pairs)
def test_auc_against_sklearn_with_ties(rows: list[tuple[float, float, int]]) -> None:
    y, p, _ = columns(rows)
    if y.min() == y.max():
        assert np.isnan(auc(y, p))
        return
    assert auc(y, p) == pytest.approx(roc_auc_score(y, p))


@given(st.lists(st.tuples(st.integers(0, 2), st.lists(st.floats(0.01, 1), min_size=3, max_size=3)), min_size=1))
def test_class_losses_against_sklearn(rows: list[tuple[int, list[float]]]) -> None:
    y = np.array([row[0] for row in rows])
    p = np.array([row[1] for row in rows])
    p /= p.sum(axis=1, keepdims=True)
    assert class_log_losses(y, p).mean() == pytest.approx(log_loss(y, p, labels=[0, 1, 2]))


def test_a_loss_of_the_impossible_is_large_and_finite() -> None:
    assert log_losses(np.array([1.0, 0.0]), np.array([0.0, 1.0])).tolist() == pytest.approx([-np.log(1e-15)] * 2)
    assert class_log_losses(np.array([1]), np.array([[1.0, 0.0]])).tolist() == pytest.approx([-np.log(1e-15)])


def test_calibration_error_against_sklearns_curve() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(1_500)
    y = (rng.random(1_500) < p**2).astype(float)
    share, given_p = calibration_curve(y, p, n_bins=15, strategy="quantile")
    assert calibration_error(y, p) == pytest.approx(np.abs(share - given_p).mean(), abs=1e-3)
    assert calibration_error((rng.random(1_500) < p).astype(float), p) < 0.05 < calibration_error(y, p)


def test_calibration_error_at_the_edges() -> None:
    assert np.isnan(calibration_error(np.empty(0), np.empty(0)))
    assert calibration_error(np.array([1.0]), np.array([0.25])) == 0.75
    assert calibration_error(np.ones(5), np.ones(5)) == 0.0


def test_an_interval_is_that_of_the_normal_theory() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(2.0, 3.0, 2_000)
    found = mean_estimate(values, np.arange(2_000))
    width = 1.96 * values.std() / np.sqrt(2_000)
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - width, abs=0.03)
    assert found.high == pytest.approx(values.mean() + width, abs=0.03)


def test_members_are_drawn_whole() -> None:
    """Ten copies of each row tell no more than one."""
    rng = np.random.default_rng(2)
    values, ids = rng.normal(size=200), np.arange(200)
    once, often = mean_estimate(values, ids), mean_estimate(np.repeat(values, 10), np.repeat(ids, 10))
    assert (often.low, often.high) == pytest.approx((once.low, once.high))
    naive = mean_estimate(np.repeat(values, 10), np.arange(2_000))
    assert naive.high - naive.low < 0.5 * (often.high - often.low)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=30), st.integers(1, 10))
def test_an_interval_lies_within_the_values_and_is_the_same_twice(values: list[float], members: int) -> None:
    array, ids = np.array(values), np.arange(len(values)) % members
    found = mean_estimate(array, ids)
    assert found == mean_estimate(array, ids)
    assert array.min() - 1e-9 <= found.low <= found.high <= array.max() + 1e-9


def test_an_interval_contains_the_value_on_ordinary_data() -> None:
    rng = np.random.default_rng(3)
    p = rng.random(400)
    y = (rng.random(400) < p).astype(float)
    ids = np.arange(400) // 2
    for found in (auc_estimate(y, p, ids), mean_estimate(log_losses(y, p), ids)):
        assert found.low < found.value < found.high


def test_with_one_class_only_an_auc_and_its_interval_are_undefined() -> None:
    found = auc_estimate(np.zeros(5), np.linspace(0, 1, 5), np.arange(5))
    assert np.isnan([found.value, found.low, found.high]).all()


def test_one_leaver_gives_an_interval_from_the_draws_that_have_it() -> None:
    y = np.zeros(20)
    y[3] = 1
    found = auc_estimate(y, np.linspace(0, 1, 20), np.arange(20))
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_a_distance_that_resampling_raises_is_moved_back_about_its_value() -> None:
    rng = np.random.default_rng(4)
    drawn = np.abs(rng.normal(0.0, 0.02, 301)) + 0.03
    drawn[0] = 0.03
    found, plain = Estimate.of(drawn, centred=True), Estimate.of(drawn)
    assert 0.0 <= found.low < found.value < found.high
    assert plain.low >= plain.value
    assert found.high - found.low == pytest.approx(plain.high - plain.low)


def test_without_a_value_there_is_no_interval() -> None:
    assert np.isnan(vars(Estimate.of(np.array([np.nan, 1.0, 2.0]))).popitem()[1])
    assert Estimate.of(np.array([2.0, np.nan, np.nan])).value == 2.0
    assert np.isnan(Estimate.of(np.array([2.0, np.nan, np.nan])).high)


def test_what_chance_makes_of_a_right_forecast() -> None:
    rng = np.random.default_rng(5)
    p = rng.beta(1.0, 4.0, 2_000)
    errors = [calibration_error((rng.random(2_000) < p).astype(float), p) for _ in range(60)]
    assert chance_error(p) == pytest.approx(np.mean(errors), rel=0.08)
    assert chance_error(np.zeros(9)) == 0.0
    assert np.isnan(chance_error(np.empty(0)))


@given(st.lists(st.tuples(st.integers(0, 3), st.lists(st.floats(0.01, 1), min_size=4, max_size=4)), min_size=1))
def test_ranked_scores_against_a_loop(rows: list[tuple[int, list[float]]]) -> None:
    y = np.array([row[0] for row in rows])
    p = np.array([row[1] for row in rows])
    p /= p.sum(axis=1, keepdims=True)
    for came, given_, score in zip(y, p, ranked_probability_scores(y, p), strict=True):
        expected = np.mean([(given_[: k + 1].sum() - (came <= k)) ** 2 for k in range(3)])
        assert score == pytest.approx(expected)
        assert 0.0 <= score <= 1.0


def test_one_class_cannot_be_told_apart() -> None:
    assert np.isnan(ranked_probability_scores(np.zeros(2, np.int64), np.ones((2, 1)))).all()


@given(st.lists(st.floats(-50, 500), min_size=5, max_size=60), st.sampled_from([0.1, 0.5, 0.9]))
def test_no_number_has_less_pinball_loss_than_the_quantile(values: list[float], level: float) -> None:
    y = np.array(values)
    best = min(pinball_losses(y, np.full(len(y), point), level).mean() for point in y)
    quantile = np.quantile(y, level, method="inverted_cdf")
    assert pinball_losses(y, np.full(len(y), quantile), level).mean() == pytest.approx(best, abs=1e-9)
    np.testing.assert_allclose(pinball_losses(y, np.zeros(len(y)), 0.5), np.abs(y) / 2)


def test_an_estimate_shows_its_interval() -> None:
    assert str(Estimate(0.85, 0.8, 0.9)) == "0.8500 [0.8000, 0.9000]"


def test_a_change_of_auc_is_paired() -> None:
    rng = np.random.default_rng(0)
    y, p = (rng.random(200) < 0.3).astype(float), rng.random(200)
    members = np.arange(200)
    assert auc_change(y, p, p * 0.5, members) == Estimate(0.0, 0.0, 0.0)
    better = np.where(y > 0, p + 0.1, p)
    change = auc_change(y, better, p, members)
    assert change.value == pytest.approx(auc(y, better) - auc(y, p))
    assert 0 < change.low < change.value < change.high
