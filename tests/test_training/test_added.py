from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.added import AddedModel, At, Times, fit_added, logarithm
from training.residuals import Residuals
from training.tabulated import TabulatedTrees

NORMAL = Residuals.fit(np.random.default_rng(0).normal(size=5_000))


def model(*, whole: bool) -> AddedModel:
    return AddedModel(TabulatedTrees.one("", 1.0, 1), TabulatedTrees.one("", -0.5, 1), NORMAL, whole)


def at(rows: int = 1, *, whole: bool = False) -> At:
    shape = model(whole=whole)
    return At(shape, *shape.parameters(np.zeros((rows, 1))))


@given(st.floats(1e-9, 1 - 1e-9))
def test_quantiles_are_where_the_distribution_function_is(rank: float) -> None:
    assert NORMAL.cdf(NORMAL.quantiles(np.array([rank])))[0] == pytest.approx(rank, rel=1e-6)


@given(st.lists(st.floats(1e-8, 1 - 1e-8), min_size=2, max_size=6, unique=True).map(sorted))
def test_levels_rise_and_lie_where_the_distribution_says(ranks: list[float]) -> None:
    found = at(2).levels(np.array(ranks))
    assert (np.diff(found, axis=1) >= 0).all()
    np.testing.assert_allclose(at(2).exceeds(found), np.tile(1.0 - np.array(ranks), (2, 1)), atol=1e-6)


def test_a_rate_turns_currency_into_points() -> None:
    spend = at(3)
    points = Times(spend, 2.0)
    need = np.array([4.0, 40.0, 0.0])
    np.testing.assert_array_equal(points.exceeds(need), spend.exceeds(need / 2.0))
    np.testing.assert_array_equal(points.levels(np.array([0.3])), 2.0 * spend.levels(np.array([0.3])))


def test_counts_are_asked_for_half_below() -> None:
    need = np.array([[1.0, 2.0, 7.0]])
    np.testing.assert_allclose(at(whole=True).exceeds(need), at().exceeds(need - 0.5))
    assert at(whole=True).exceeds(np.zeros((1, 1)))[0, 0] == 1.0


def test_counts_are_moved_by_less_than_a_half() -> None:
    counts = np.arange(1.0, 200.0)
    moved = np.exp(logarithm(counts, whole=True))
    assert (np.abs(moved - counts) <= 0.5 + 1e-9).all()
    assert np.ptp(moved - counts) > 0.9
    np.testing.assert_array_equal(logarithm(counts, whole=True), logarithm(counts, whole=True))


def test_what_comes_to_nothing_is_a_small_amount() -> None:
    amounts = np.array([-5.0, 0.0, *np.linspace(1, 100, 300)])
    logs = logarithm(amounts, whole=False)
    assert logs[0] == logs[1] == logs.min()
    assert np.exp(logs[0]) == pytest.approx(np.quantile(amounts[2:], 0.005))
    assert np.isfinite(logarithm(np.zeros(4), whole=False)).all()


def test_counts_of_a_known_kind_are_found_again() -> None:
    """Poisson counts above 0, whose rate a feature knows: probabilities are right within a few points, at low counts too."""
    rng = np.random.default_rng(3)
    x = rng.uniform(0.0, 2.0, size=(6_000, 1))
    rate = np.exp(x[:, 0])
    counts = rng.poisson(rate).astype(float)
    some = counts > 0
    member = np.arange(len(x))
    fitted = fit_added(x[some][:3_000], member[some][:3_000], counts[some][:3_000], whole=True)
    plain = json.loads(json.dumps(fitted.to_dict()))
    shape = AddedModel.from_dict(plain, fitted.texts("added"), "added", 1)
    own, came = x[some][3_000:], counts[some][3_000:]
    p = At(shape, *shape.parameters(own))
    for need in (1.0, 2.0, 4.0, 8.0):
        said = p.exceeds(np.full(len(own), need))
        assert said.mean() == pytest.approx((came >= need).mean(), abs=0.03)
        for half in (own[:, 0] < 1.0, own[:, 0] >= 1.0):
            assert said[half].mean() == pytest.approx((came[half] >= need).mean(), abs=0.07)
    assert p.exceeds(np.full(len(own), 1.0)).mean() > 0.95
