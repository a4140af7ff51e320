"""The regression on several outcomes against plain ones, and against a solver of another kind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from training.logistic import Pull, Rows, least_loss

WIDTH = 3


def shop(rows: int = 1_500, seed: int = 0) -> Rows:
    """Outcomes are thresholds of one thing hidden, of logistic noise: the weights are the same for each."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(rows, WIDTH))
    cutoff = np.arange(rows) % 2
    hidden = rng.logistic(size=rows) - shared @ [0.9, -0.4, 0.0] - 0.3 * cutoff
    outcomes = (hidden[:, None] <= [-0.8, 0.0, 0.8]).astype(np.float64)
    return Rows(shared, outcomes, np.multiply(0.1, cutoff, dtype=np.float64), cutoff.astype(np.int64))


def pull(ridge: float = 1.0, signs: tuple[int, ...] = (0,) * WIDTH, towards: float = 0.0) -> Pull:
    return Pull(np.full(WIDTH, towards), np.full(WIDTH, ridge), np.array(signs), 4.0)


def test_it_is_newtons_method_on_rows_written_out_once_an_outcome() -> None:
    rows, ridge = shop(), pull(20.0, towards=0.5)
    n, k = rows.outcomes.shape
    levels = np.column_stack([np.ones(n), np.eye(2)[rows.cutoff]])
    z = np.concatenate([np.column_stack([rows.shared, np.kron(np.eye(k)[i], levels)]) for i in range(k)])
    y, offset = rows.outcomes.T.ravel(), np.tile(rows.offset, k)
    drawn = np.diag([20.0] * WIDTH + [1e-6, 4.0, 4.0] * k)
    towards = np.array([0.5] * WIDTH + [0.0] * 3 * k)
    w = towards.copy()
    for _ in range(40):
        p = expit(offset + z @ w)
        slope = z.T @ (p - y) + drawn @ (w - towards)
        w -= np.linalg.solve(z.T @ (z * (p * (1 - p))[:, None]) + drawn, slope)
    assert np.abs(slope).max() < 1e-8
    weights, intercept, level = least_loss(rows, ridge)
    assert [*weights, intercept, *level] == pytest.approx(w[: WIDTH + 3].tolist(), abs=2e-3)


def test_outcomes_that_are_alike_make_weights_surer() -> None:
    """Over draws, weights learned from three outcomes lie closer together than those from one, about the same place."""
    one, three = [], []
    for seed in range(40):
        rows = shop(300, seed)
        three.append(least_loss(rows, pull(1e-3))[0])
        one.append(least_loss(replace(rows, outcomes=rows.outcomes[:, :1]), pull(1e-3))[0])
    assert (np.std(three, axis=0) < 0.95 * np.std(one, axis=0)).all()
    assert np.mean(three, axis=0) == pytest.approx(np.mean(one, axis=0), abs=0.2)


def test_what_is_said_of_the_first_outcome_is_right_on_average() -> None:
    rows = shop()
    weights, intercept, level = least_loss(rows, pull())
    p = expit(rows.offset + rows.shared @ weights + intercept + level[rows.cutoff])
    assert p.mean() == pytest.approx(rows.outcomes[:, 0].mean(), abs=1e-4)
    assert level.sum() == pytest.approx(0.0, abs=1e-3)


@settings(max_examples=15)
@given(signs=st.tuples(*[st.sampled_from([-1, 0, 1])] * WIDTH), seed=st.integers(0, 1_000))
def test_no_weight_has_a_forbidden_sign(signs: tuple[int, ...], seed: int) -> None:
    weights, _, _ = least_loss(shop(200, seed), pull(signs=signs))
    assert (weights * np.array(signs) >= 0.0).all()


@pytest.mark.parametrize("all_of", [0.0, 1.0])
def test_an_outcome_that_is_the_same_for_all_stays_finite(all_of: float) -> None:
    rows = shop(200)
    same = rows.outcomes.copy()
    same[:, 1:] = all_of
    weights, intercept, level = least_loss(replace(rows, outcomes=same), pull())
    alone, _, _ = least_loss(replace(rows, outcomes=rows.outcomes[:, :1]), pull())
    assert np.isfinite([*weights, intercept, *level]).all()
    assert weights == pytest.approx(alone, abs=0.02)  # it tells nothing
