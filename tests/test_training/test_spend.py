from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.operators import Floats
from features.snapshot import to_day
from training.fit import Fitted
from training.gamma_gamma import GammaGamma
from training.process import Process, Purchases
from training.purchase import PurchaseProcess
from training.residuals import Residuals
from training.spend import PROCESS_SHARE, SpendIfAny, fit_spend, from_dict

NORMAL = Residuals.fit(np.random.default_rng(0).normal(size=20_000))
PROCESS = Process(PurchaseProcess("mbg", 0.525, 43.3, 0.891, 1.614), GammaGamma(6.25, 3.74, 15.44))
DAYS = 91


def given_purchase(mean: Floats, scale: Floats) -> SpendIfAny:
    """Of members with two repeat purchases."""
    n = len(mean)
    known = Purchases(np.full(n, 2.0), np.full(n, 200.0), np.full(n, 272.0), np.full(n, 22.35))
    return SpendIfAny(mean, scale, NORMAL, PROCESS, known, DAYS)


@given(
    needs=st.lists(st.floats(-10, 1e6), min_size=2, max_size=10),
    mean=st.floats(-2, 8),
    scale=st.floats(0.05, 3),
)
def test_more_is_exceeded_less_often(needs: list[float], mean: float, scale: float) -> None:
    need = np.sort(needs)
    n = len(need)
    p = given_purchase(np.full(n, mean), np.full(n, scale)).exceeds(need)
    assert (np.diff(p) <= 0).all()
    assert ((p > 0) & (p <= 1)).all()
    assert (p[need <= 0] == 1).all()
    one = given_purchase(np.array([mean]), np.array([scale])).exceeds(need[None, :])[0]
    assert one.tobytes() == p.tobytes()


def drawn(mean: float, scale: float, n: int = 400_000) -> Floats:
    """The mixture played through: log-normal, or purchases one by one while the member is alive, of a known mean price."""
    rng = np.random.default_rng(1)
    log_normal = np.exp(mean + scale * rng.normal(size=n))
    own = given_purchase(np.array([mean]), np.array([scale]))
    bought: list[Floats] = []
    while sum(map(len, bought)) < n:
        # alive at the cutoff; who does not buy in the horizon is not spoken of
        rate = rng.gamma(PROCESS.purchases.r + 2.0, 1.0 / (PROCESS.purchases.alpha + 272.0), n)
        leave = rng.beta(PROCESS.purchases.a, PROCESS.purchases.b + 3.0, n)
        price = rng.gamma(3.74 + 3.0 * 6.25, 1.0 / (15.44 + 3.0 * 22.35), n)
        made, left = rng.poisson(rate * DAYS), rng.geometric(leave)
        count = np.minimum(made, left)[made > 0]
        bought.append(rng.gamma(6.25 * count) / price[made > 0])
    assert own.of.mean_spend is not None
    return np.where(rng.random(n) < PROCESS_SHARE, np.concatenate(bought)[:n], log_normal)


def test_moments_and_tails_against_draws_of_the_mixture() -> None:
    draws = drawn(3.0, 0.6)
    one = given_purchase(np.array([3.0]), np.array([0.6]))
    assert one.expected()[0] == pytest.approx(draws.mean(), rel=0.03)
    for need in (5.0, 20.0, 60.0):
        assert one.exceeds(np.array([need]))[0] == pytest.approx((draws >= need).mean(), abs=0.01)
    ranks = np.array([[0.02, 0.1, 0.5, 0.9, 0.99]])
    np.testing.assert_allclose(one.quantiles(ranks)[0], np.quantile(draws, ranks[0]), rtol=0.03)


def test_the_expectation_is_the_area_over_all_needs() -> None:
    """E[spend] = the integral of P(spend >= need) over need: mean and tier probabilities are of one distribution."""
    one = given_purchase(np.array([3.0]), np.array([0.6]))
    need = np.concatenate([[1e-9], np.geomspace(0.01, 1e5, 20_000)])
    area = np.trapezoid(one.exceeds(need[None, :])[0], need)
    assert one.expected()[0] == pytest.approx(area, rel=0.01)


@settings(max_examples=30)
@given(
    ranks=st.lists(st.floats(1e-6, 1 - 1e-6), min_size=1, max_size=4),
    rows=st.lists(st.tuples(st.floats(-2, 8), st.floats(0.05, 3)), min_size=1, max_size=4),
)
def test_quantiles_are_where_the_distribution_is_and_know_no_neighbours(
    ranks: list[float], rows: list[tuple[float, float]]
) -> None:
    mean, scale = np.array(rows).T
    rank = np.tile(np.sort(ranks), (len(rows), 1))
    found = given_purchase(mean, scale).quantiles(rank)
    assert (np.diff(found, axis=1) >= 0).all()
    # to a ten-thousandth of the log: what is just below is exceeded as often or more, just above as often or less
    exceeds = given_purchase(mean, scale).exceeds
    as_often = exceeds(found * np.exp(-1e-4)) >= 1 - rank - 1e-12
    assert as_often[found > 2e-3].all()  # amounts below a thousandth are not told apart
    assert (exceeds(found * np.exp(1e-4)) <= 1 - rank + 1e-12).all()
    for i in range(len(rows)):
        alone = given_purchase(mean[i : i + 1], scale[i : i + 1]).quantiles(rank[i : i + 1])
        assert alone.tobytes() == found[i : i + 1].tobytes()


def of_rows(fitted: Fitted, rows: object = slice(None)) -> SpendIfAny:
    """What is told of rows of training, as if all were forecast at the training's date."""
    data, model, settings = fitted.data, fitted.forecaster.spend, fitted.forecaster.settings
    assert model is not None
    of = Purchases.of(data.table).select(rows)
    return model.given(
        data.table.x[rows],  # type: ignore[index]
        fitted.forecaster.process,
        of,
        to_day(settings.trained_as_of),
        settings.horizon_days,
    )


def test_a_fit_agrees_with_what_was_spent(small_fitted: Fitted) -> None:
    data = small_fitted.data
    assert data.labels.spend is not None
    bought = np.flatnonzero(~data.labels.churned)
    spend = data.labels.spend[bought] / 10_000
    found = of_rows(small_fitted, bought)
    assert found.expected().mean() == pytest.approx(spend.mean(), rel=0.1)
    for need in (20.0, 60.0, 150.0):
        assert found.exceeds(np.full(len(bought), need)).mean() == pytest.approx((spend >= need).mean(), abs=0.05)
    kept = spend > 1.0  # one in twenty sends all of it back, which nobody can know
    assert kept.mean() > 0.9
    assert np.corrcoef(found.mean[kept], np.log(spend[kept]))[0, 1] > 0.4


def test_contributions_are_of_what_is_served(small_fitted: Fitted) -> None:
    data, model, settings = small_fitted.data, small_fitted.forecaster.spend, small_fitted.forecaster.settings
    assert model is not None
    of, cutoff = Purchases.of(data.table), to_day(settings.trained_as_of)
    base, parts = model.contributions(data.table.x, small_fitted.forecaster.process, of, cutoff, settings.horizon_days)
    assert parts.shape == (len(data.table), data.table.x.shape[1] + 2)
    np.testing.assert_allclose(base + parts.sum(axis=1), of_rows(small_fitted).mean, rtol=0, atol=1e-9)


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
    found = fit_spend(dataclasses.replace(small_fitted.data, labels=alike))
    plain = json.loads(json.dumps(found.to_dict()))
    model = from_dict(plain, found.mean.text, found.log_scale.text, small_fitted.data.table.x.shape[1])
    told = dataclasses.replace(small_fitted, forecaster=dataclasses.replace(small_fitted.forecaster, spend=model))
    expected = of_rows(told).expected()
    assert np.isfinite(expected).all()
    assert (expected > 0).all()
    if churned:
        assert (found.mean.rounds, found.log_scale.rounds) == (0, 0)
        # nothing learned: what the process expects, as spread as a unit normal
        assert found.season.usual == 0.0
        assert found.mean_bias == 0.0


def test_nearly_one_price_stays_finite(small_fitted: Fitted) -> None:
    labels = small_fitted.data.labels
    spend = np.full(len(labels.churned), 99_900)
    spend[:2] = 10
    alike = dataclasses.replace(labels, churned=np.zeros_like(labels.churned), spend=spend)
    found = fit_spend(dataclasses.replace(small_fitted.data, labels=alike))
    model = from_dict(found.to_dict(), found.mean.text, found.log_scale.text, small_fitted.data.table.x.shape[1])
    told = dataclasses.replace(small_fitted, forecaster=dataclasses.replace(small_fitted.forecaster, spend=model))
    own = of_rows(told)
    log_normal = np.exp(own.mean) * own.residuals.mean_exp(own.scale)
    assert np.median(log_normal) == pytest.approx(9.99, rel=0.05)
