"""The regression against other solvers, and what has to hold of it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from features.operators import Floats
from training import linear
from training.linear import Linear, fit_linear, log_scaled

WIDTH = 4


def shop(rows: int = 3_000, seed: int = 0, absent: float = 0.1, effects: tuple[float, ...] = (0.8, -0.5, 0.0, 0.3)) -> Any:
    """x, y, log_none, log_some, cutoff: the process is right but for ``effects`` of features, in units of their logs."""
    rng = np.random.default_rng(seed)
    x = rng.lognormal(2.0, 0.8, (rows, WIDTH))
    x[:, 2] = rng.normal(size=rows) * 20.0
    process = rng.normal(0.3, 1.2, rows)
    cutoff = np.arange(rows) % 3
    y = (rng.random(rows) < expit(process + (log_scaled(x) - 2.0) @ effects + 0.2 * cutoff)).astype(float)
    x[rng.random(x.shape) < absent] = np.nan
    return x, y, np.log(expit(process)), np.log(expit(-process)), cutoff


def fitted(x: Floats, y: Floats, log_none: Floats, log_some: Floats, cutoff: Any, directions: Any = (0,) * WIDTH) -> Any:
    return fit_linear(x, y, log_none, log_some, np.zeros(len(y)), cutoff, directions)


def test_without_pull_and_signs_it_is_scikit_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_RIDGE", "_PROCESS_RIDGE"):
        monkeypatch.setattr(linear, name, 1e-9)
    monkeypatch.setattr(linear, "_OUTER", 0.0)
    x, y, log_none, log_some, _ = shop(absent=0.0)
    model, drift = fitted(x, y, log_none, log_some, np.zeros(len(y), np.int64))
    z = np.column_stack([log_none, -log_some, log_scaled(x)])
    peer = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(z, y)
    ours = model.log_odds(x, log_none, log_some) + drift[0]
    np.testing.assert_allclose(ours, peer.decision_function(z), rtol=0, atol=5e-3)
    assert [model.w1, model.w2, *model.weight] == pytest.approx(peer.coef_[0].tolist(), abs=5e-3)


def test_with_pull_it_is_newtons_method() -> None:
    """The penalised likelihood written anew, missing values and cutoffs included, and solved by Newton steps."""
    x, y, log_none, log_some, cutoff = shop()
    gone = np.isnan(x)
    filled = log_scaled(np.where(gone, np.nanmedian(x, axis=0), x))
    filled = np.clip(filled, *np.quantile(filled, [0.001, 0.999], axis=0))
    scaled = (filled - filled.mean(axis=0)) / filled.std(axis=0)
    z = np.column_stack([np.ones(len(y)), log_none, -log_some, scaled, gone - gone.mean(axis=0), np.eye(3)[cutoff]])
    pull = np.diag([1e-6] + [10.0] * 2 + [300.0] * 2 * WIDTH + [4.0] * 3)
    towards = np.array([0.0, 1.0, 1.0] + [0.0] * (2 * WIDTH + 3))
    w = towards.copy()
    for _ in range(50):
        p = expit(z @ w)
        slope = z.T @ (p - y) + pull @ (w - towards)
        w -= np.linalg.solve(z.T @ (z * (p * (1 - p))[:, None]) + pull, slope)
    assert np.abs(slope).max() < 1e-8
    model, drift = fitted(x, y, log_none, log_some, cutoff)
    assert drift == pytest.approx(w[-3:], abs=2e-3)
    np.testing.assert_allclose(model.log_odds(x, log_none, log_some) + drift[cutoff], z @ w, rtol=0, atol=2e-3)


@settings(max_examples=15)
@given(
    directions=st.tuples(*[st.sampled_from([-1, 0, 1])] * WIDTH),
    effects=st.tuples(*[st.floats(-1, 1)] * WIDTH),
    seed=st.integers(0, 1000),
)
def test_no_weight_has_a_forbidden_sign(directions: tuple[int, ...], effects: tuple[float, ...], seed: int) -> None:
    model, _ = fitted(*shop(400, seed, effects=effects), directions)
    assert (model.weight * directions >= 0).all()
    assert model.w1 >= 0
    assert model.w2 >= 0
    grid = np.linspace(-50, 300, 40)[:, None] * np.ones(WIDTH)
    moves = np.diff(model.contributions(grid), axis=0) * directions
    assert (moves >= -1e-12).all()


def test_a_bound_that_does_not_bind_changes_nothing_and_one_that_does_gives_zero() -> None:
    rows = shop()
    free, _ = fitted(*rows)
    assert free.weight[0] > 0.1 > -0.1 > free.weight[1]
    agreeing, _ = fitted(*rows, (1, -1, 0, 0))
    assert agreeing.weight == pytest.approx(free.weight, abs=2e-3)
    against, _ = fitted(*rows, (-1, 1, 0, 0))
    assert against.weight[:2].tolist() == [0.0, 0.0]


def test_contributions_add_up_and_have_a_mean_of_zero() -> None:
    x, y, log_none, log_some, cutoff = shop()
    model, _ = fitted(x, y, log_none, log_some, cutoff)
    added = model.contributions(x)
    total = model.rhythm(log_none, log_some) + added.sum(axis=1)
    np.testing.assert_allclose(total, model.log_odds(x, log_none, log_some), rtol=0, atol=1e-12)
    np.testing.assert_allclose(added.mean(axis=0), 0.0, atol=1e-9)
    assert np.abs(added).max() > 0.1
    assert model.rhythm(log_none, log_some).mean() == pytest.approx(model.usual, abs=1e-12)


def test_what_is_missing_adds_a_value_of_its_own() -> None:
    x, y, log_none, log_some, cutoff = shop(absent=0.0)
    rng = np.random.default_rng(1)
    # Those who leave more often are those of whom nothing is known, whatever the value would have been.
    x[rng.random(len(x)) < np.where(y == 1, 0.6, 0.1), 3] = np.nan
    x[:, 2] = np.nan
    model, _ = fitted(x, y, log_none, log_some, cutoff)
    assert model.missing[3] > 0.3
    assert model.contributions(x)[np.isnan(x[:, 3]), 3] == pytest.approx(model.missing[3])
    assert (model.contributions(x)[:, 2] == 0.0).all()  # known of nobody
    unseen = np.full((1, WIDTH), np.nan)
    assert np.isfinite(model.log_odds(unseen, log_none[:1], log_some[:1])).all()
    # Where training missed nobody, a missing value counts as the median.
    assert model.missing[0] == pytest.approx(model.contributions(np.full((1, WIDTH), np.median(x[:, 0])))[0, 0])


def test_a_constant_says_nothing() -> None:
    x, *rest = shop(absent=0.0)
    x[:, 1] = 7.0
    model, _ = fitted(x, *rest)
    assert (model.contributions(np.array([[1.0, 1e6, 1.0, 1.0]]))[:, 1] == 0.0).all()


def test_beyond_what_training_saw_nothing_grows() -> None:
    x, *rest = shop()
    model, _ = fitted(x, *rest)
    far = model.contributions(np.array([[1e6] * WIDTH, [1e12] * WIDTH]))
    assert far[0].tolist() == far[1].tolist()
    assert np.isfinite(model.contributions(np.array([[np.inf, -np.inf, 0.0, 1.0]]))).all()


def test_with_few_rows_the_process_speaks() -> None:
    x, y, log_none, log_some, cutoff = shop(30)
    model, _ = fitted(x, y, log_none, log_some, cutoff)
    away = model.log_odds(x, log_none, log_some) - (log_none - log_some)
    assert (model.w1, model.w2) == pytest.approx((1.0, 1.0), abs=0.25)
    assert np.abs(model.contributions(x)).max() < 0.15
    assert away.std() < 0.4
    # With many it says what the process does not.
    assert np.abs(fitted(*shop())[0].contributions(x)).max() > 0.5


def test_each_cutoff_has_a_level_of_its_own() -> None:
    x, y, log_none, log_some, cutoff = shop(9_000)
    _, drift = fitted(x, y, log_none, log_some, cutoff)
    assert np.diff(drift) == pytest.approx([0.2, 0.2], abs=0.15)
    _, moved = fit_linear(x, y, log_none, log_some, 0.2 * cutoff, cutoff, (0,) * WIDTH)
    assert drift - moved == pytest.approx([-0.2, 0.0, 0.2], abs=0.02)


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_one_outcome_only_stays_finite(outcome: float) -> None:
    x, y, log_none, log_some, cutoff = shop(200)
    model, drift = fitted(x, np.full_like(y, outcome), log_none, log_some, cutoff)
    assert np.isfinite(model.log_odds(x, log_none, log_some)).all()
    assert np.isfinite(drift).all()


def test_through_json_and_back() -> None:
    x, y, log_none, log_some, cutoff = shop(500)
    model, _ = fitted(x, y, log_none, log_some, cutoff)
    back = Linear.from_dict(json.loads(json.dumps(model.to_dict())))
    assert back.to_dict() == model.to_dict()
    assert back.log_odds(x, log_none, log_some).tobytes() == model.log_odds(x, log_none, log_some).tobytes()


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(0, 70))
def test_a_row_is_answered_alike_alone_and_among_others(seed: int, rows: int) -> None:
    x, y, log_none, log_some, cutoff = shop(300)
    model, _ = fitted(x, y, log_none, log_some, cutoff)
    at = np.random.default_rng(seed).integers(0, len(x), rows)
    whole, added = model.log_odds(x, log_none, log_some), model.contributions(x)
    for layout in ("C", "F"):
        rows_x = np.array(x[at], order=layout)  # type: ignore[call-overload]
        assert model.log_odds(rows_x, log_none[at], log_some[at]).tolist() == whole[at].tolist()
        assert model.contributions(rows_x).tolist() == added[at].tolist()
