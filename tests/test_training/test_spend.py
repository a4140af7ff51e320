"""One distribution of spend given a purchase: mixed of two, and everything that is said of it agrees."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.fit import Fitted
from training.gamma_gamma import GammaGamma
from training.linear import Linear
from training.process import Process, Purchases
from training.purchase import PurchaseProcess
from training.residuals import Residuals
from training.season import YEAR, Season
from training.spend import PROCESS_SHARE, SpendIfAny, SpendModel
from training.tabulated import TabulatedTrees

PROCESS = Process(PurchaseProcess("mbg", r=0.8, alpha=30.0, a=0.6, b=3.0), GammaGamma(6.25, 3.74, 15.44))
NOTHING = np.zeros(1)
LINEAR = Linear(NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, 0.0, 1.0, 0.0, 0.0)
NORMAL = Residuals.fit(np.random.default_rng(0).normal(size=20_000))
DAYS = 28


def members(rows: int, seed: int = 0) -> Purchases:
    rng = np.random.default_rng(seed)
    age = rng.integers(30, 600, rows).astype(np.float64)
    return Purchases(
        rng.integers(0, 60, rows).astype(np.float64), age * rng.random(rows), age, rng.lognormal(3.0, 0.8, rows)
    )


def model(mean: float = 0.2, log_scale: float = -0.5, season: Season | None = None) -> SpendModel:
    """Trees that say the same of everybody."""
    trees = TabulatedTrees.one("", mean, 1), LINEAR, 0.0, TabulatedTrees.one("", log_scale, 1)
    return SpendModel(*trees, NORMAL, season or Season(0.0))


def given_purchase(of: Purchases, mean: float = 0.2, log_scale: float = -0.5) -> SpendIfAny:
    return model(mean, log_scale).given(np.zeros((len(of.age), 1)), PROCESS, of, 0, DAYS)


@settings(max_examples=25)
@given(
    needs=st.lists(st.floats(-10, 1e6), min_size=2, max_size=10),
    mean=st.floats(-2, 3),
    log_scale=st.floats(-3, 1),
    seed=st.integers(0, 100),
)
def test_more_is_exceeded_less_often(needs: list[float], mean: float, log_scale: float, seed: int) -> None:
    spend = given_purchase(members(6, seed), mean, log_scale)
    need = np.broadcast_to(np.sort(needs), (6, len(needs)))
    p = spend.exceeds(need)
    assert (np.diff(p, axis=1) <= 1e-12).all()
    assert ((p > 0) & (p <= 1)).all()
    assert (p[need <= 0] == 1).all()
    assert spend.exceeds(need[:, 0]).tolist() == p[:, 0].tolist()


def test_it_is_the_mixture_of_both() -> None:
    """Drawn: seven parts in eight log-normal, one part a number of purchases and what they are worth."""
    of, rng, draws = members(4), np.random.default_rng(1), 300_000
    spend = given_purchase(of)
    own_mean = PROCESS.expected_spend(of, DAYS)
    assert of.mean_spend is not None
    assert spend.own_mean.tolist() == own_mean.tolist()
    need = np.array([5.0, 40.0, 150.0])
    found, expected = spend.exceeds(np.tile(need, (4, 1))), spend.expected()
    for i in range(4):
        log_normal = own_mean[i] * np.exp(0.2 + np.exp(-0.5) * rng.normal(size=draws))
        rate = rng.gamma(PROCESS.purchases.r + of.repeats[i], 1.0 / (PROCESS.purchases.alpha + of.age[i]), draws)
        drop = rng.beta(PROCESS.purchases.a, PROCESS.purchases.b + of.repeats[i] + 1.0, draws)
        count = np.minimum(rng.poisson(rate * DAYS), rng.geometric(drop))
        money = PROCESS.money
        assert money is not None
        shape, scale = money.posterior(of.repeats[i] + 1.0, of.mean_spend[i])
        rows = count > 0
        own = rng.gamma(count[rows] * money.p) / rng.gamma(float(shape), size=rows.sum()) * float(scale)
        for k, least in enumerate(need):
            drawn = (1.0 - PROCESS_SHARE) * (log_normal >= least).mean() + PROCESS_SHARE * (own >= least).mean()
            assert found[i, k] == pytest.approx(drawn, abs=0.01)
        assert expected[i] == pytest.approx((1.0 - PROCESS_SHARE) * log_normal.mean() + PROCESS_SHARE * own.mean(), rel=0.05)
    assert 0.0 < PROCESS_SHARE < 0.5


def test_the_expectation_is_the_area_over_all_needs() -> None:
    """E[spend] = the integral of P(spend >= need) over need: mean and tier probabilities are of one distribution."""
    of = members(5)
    spend = given_purchase(of)
    need = np.concatenate([[0.0], np.geomspace(0.01, 1e6, 4_000)])
    area = np.trapezoid(spend.exceeds(np.tile(need, (5, 1))), need, axis=1)
    assert spend.expected() == pytest.approx(area, rel=0.02)


@settings(max_examples=15)
@given(ranks=st.lists(st.floats(0.001, 0.999), min_size=1, max_size=5), seed=st.integers(0, 50))
def test_quantiles_invert_it(ranks: list[float], seed: int) -> None:
    spend = given_purchase(members(5, seed))
    rank = np.tile(np.sort(ranks), (5, 1))
    found = spend.quantiles(rank)
    assert (np.diff(found, axis=1) >= 0).all()
    assert (spend.exceeds(found * (1.0 - 2e-4)) >= 1.0 - rank - 1e-9).all()
    assert (spend.exceeds(found * (1.0 + 2e-4)) <= 1.0 - rank + 1e-9).all()


def test_a_quantile_of_nothing_is_0_and_has_no_say_in_the_others() -> None:
    spend, rank = given_purchase(members(8)), np.tile([0.0, 0.3, 0.95], (8, 1))
    rank[2] = 0.0
    found = spend.quantiles(rank)
    assert ((found > 0.0) == (rank > 0.0)).all()
    some = rank[:, 1] > 0.0
    assert found[some, 1:].tolist() == spend.quantiles(np.maximum(rank[:, 1:], 0.3))[some].tolist()


def test_a_row_is_answered_alike_alone_and_among_others() -> None:
    of = members(40)
    spend, need = given_purchase(of), np.random.default_rng(2).uniform(-20, 200, (40, 3))
    whole = spend.exceeds(need)
    for i in range(40):
        alone = given_purchase(of.select(slice(i, i + 1)))
        assert alone.exceeds(need[i : i + 1]).tolist() == whole[i : i + 1].tolist()
        assert alone.expected().tolist() == spend.expected()[i : i + 1].tolist()


def test_levels_rise_and_are_the_log_normals() -> None:
    spend = given_purchase(members(5))
    levels = spend.levels(np.array([0.1, 0.5, 0.9]))
    assert (np.diff(levels, axis=1) > 0).all()
    assert levels[:, 1] == pytest.approx(spend.own_mean * math.exp(0.2), rel=0.03)


def test_the_season_moves_the_mean() -> None:
    of, x = members(5), np.zeros((5, 1))
    seasonal = model(season=Season(0.1, (1_000, 1_014), (0.0, 0.4)))
    usual, later = (seasonal.given(x, PROCESS, of, 1_000 + YEAR + days, DAYS) for days in (0, 14))
    assert later.mean - usual.mean == pytest.approx(np.full(5, 0.4))
    assert usual.mean == pytest.approx(np.log(usual.own_mean) + 0.2 + 0.1)
    raised = (later.expected() - PROCESS_SHARE * later.own_mean) / (usual.expected() - PROCESS_SHARE * usual.own_mean)
    assert raised == pytest.approx(np.full(5, math.exp(0.4)))


def test_contributions_add_up_to_the_mean_of_log_spend(small_fitted: Fitted) -> None:
    data, forecaster = small_fitted.data, small_fitted.forecaster
    assert forecaster.spend is not None
    seasonal = dataclasses.replace(forecaster.spend, season=Season(0.1, (1_000, 1_014), (0.0, 0.4)))
    known = data.table.x, forecaster.process, Purchases.of(data.table), 1_014 + YEAR, DAYS
    base, found = seasonal.contributions(*known)
    assert found.shape == (len(data.table), data.table.x.shape[1] + 2)
    np.testing.assert_allclose(base + found.sum(axis=1), seasonal.given(*known).mean, rtol=0, atol=1e-9)
