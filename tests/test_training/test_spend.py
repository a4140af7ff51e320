from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.fit import Fitted
from training.residuals import Residuals
from training.spend import SpendModel, fit_spend
from training.tabulated import TabulatedTrees


def constant(mean: float = 3.0, log_scale: float = -0.5) -> SpendModel:
    sample = np.random.default_rng(0).normal(size=20_000)
    return SpendModel(TabulatedTrees("", mean, 1), TabulatedTrees("", log_scale, 1), Residuals.fit(sample))


@given(
    needs=st.lists(st.floats(-10, 1e6), min_size=2, max_size=10),
    mean=st.floats(-2, 8),
    scale=st.floats(0.05, 3),
)
def test_more_is_exceeded_less_often(needs: list[float], mean: float, scale: float) -> None:
    need = np.sort(needs)
    p = constant().exceeds(np.full(len(need), mean), np.full(len(need), scale), need)
    assert (np.diff(p) <= 0).all()
    assert ((p > 0) & (p <= 1)).all()
    assert (p[need <= 0] == 1).all()


def test_both_moments_against_draws_from_the_log_normal() -> None:
    model = constant()
    mean, scale = model.parameters(np.zeros((1, 1)))
    drawn = np.exp(3.0 + np.exp(-0.5) * np.random.default_rng(1).normal(size=400_000))
    assert (mean[0], scale[0]) == pytest.approx((3.0, np.exp(-0.5)))
    assert model.expected(mean, scale)[0] == pytest.approx(drawn.mean(), rel=0.03)
    for need in (5.0, 20.0, 60.0):
        assert model.exceeds(mean, scale, np.array([need]))[0] == pytest.approx((drawn >= need).mean(), abs=0.01)


def test_the_expectation_is_the_area_over_all_needs() -> None:
    """E[spend] = the integral of P(spend >= need) over need: mean and tier probabilities are of one distribution."""
    model = constant()
    need = np.concatenate([[1e-9], np.geomspace(0.01, 1e5, 200_000)])
    survival = model.exceeds(np.full(len(need), 3.0), np.full(len(need), 0.6), need)
    area = np.trapezoid(survival, need)
    assert model.expected(np.array([3.0]), np.array([0.6]))[0] == pytest.approx(area, rel=0.005)


def test_a_fit_agrees_with_what_was_spent(small_fitted: Fitted) -> None:
    data, model = small_fitted.data, small_fitted.forecaster.spend
    assert model is not None
    assert data.labels.spend is not None
    bought = ~data.labels.churned
    spend = data.labels.spend[bought] / 10_000
    mean, scale = model.parameters(data.table.x[bought])
    assert model.expected(mean, scale).mean() == pytest.approx(spend.mean(), rel=0.1)
    for need in (20.0, 60.0, 150.0):
        forecast = model.exceeds(mean, scale, np.full(len(mean), need)).mean()
        assert forecast == pytest.approx((spend >= need).mean(), abs=0.05)
    assert np.corrcoef(mean, np.log(np.maximum(spend, 0.01)))[0, 1] > 0.4


@pytest.mark.parametrize(
    ("churned", "spend"),
    [(True, 0), (False, 0), (False, -50_000), (False, 99_900)],
    ids=["no buyer", "free items only", "returned more than bought", "one price"],
)
def test_spend_of_one_kind_still_gives_a_distribution(small_fitted: Fitted, churned: bool, spend: int) -> None:
    labels = small_fitted.data.labels
    assert labels.spend is not None
    alike = dataclasses.replace(
        labels, churned=np.full_like(labels.churned, churned), spend=np.full_like(labels.spend, spend)
    )
    fitted = fit_spend(dataclasses.replace(small_fitted.data, labels=alike))
    width = small_fitted.data.table.x.shape[1]
    model = SpendModel(
        TabulatedTrees(fitted.mean.text, fitted.mean.bias, width),
        TabulatedTrees(fitted.log_scale.text, fitted.log_scale.bias, width),
        fitted.residuals,
    )
    mean, scale = model.parameters(small_fitted.data.table.x[:3])
    assert (fitted.mean.rounds, fitted.log_scale.rounds) == (0, 0)
    assert np.isfinite(model.expected(mean, scale)).all()
    assert (model.expected(mean, scale) > 0).all()
    if spend > 0:
        assert model.expected(mean, scale) == pytest.approx(9.99, rel=0.05)


def test_nearly_one_price_stays_finite(small_fitted: Fitted) -> None:
    labels = small_fitted.data.labels
    spend = np.full(len(labels.churned), 99_900)
    spend[:2] = 10
    alike = dataclasses.replace(labels, churned=np.zeros_like(labels.churned), spend=spend)
    fitted = fit_spend(dataclasses.replace(small_fitted.data, labels=alike))
    scale = np.exp(np.array([fitted.log_scale.bias]))
    assert np.exp(fitted.mean.bias) * fitted.residuals.mean_exp(scale)[0] == pytest.approx(9.99, rel=0.05)
