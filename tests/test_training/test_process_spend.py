"""Spend given a purchase against the whole sum over counts, and against simulated members."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import renewal
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import special

from features.operators import Floats
from training.gamma_gamma import GammaGamma
from training.process_spend import SpendGivenPurchase
from training.purchase import PurchaseProcess

SHARES = np.array([0.05, 0.2, 0.5, 0.8, 1.0, 1.3, 2.0, 4.0])

processes = st.builds(
    PurchaseProcess,
    st.sampled_from(["mbg", "bg"]),
    r=st.floats(0.2, 5),
    alpha=st.floats(2, 200),
    a=st.floats(0.1, 3),
    b=st.floats(0.5, 12),
)
models = st.builds(GammaGamma, p=st.floats(0.3, 12), q=st.floats(1.3, 10), gamma=st.floats(5, 200))


@st.composite
def members(draw: st.DrawFn) -> tuple[Floats, Floats, Floats, Floats]:
    """x, age, n and mean value of one member who buys at most daily."""
    x = draw(st.integers(0, 400))
    age = draw(st.integers(max(x, 1), 1_500))
    return tuple(np.array([float(each)]) for each in (x, age, x + 1, draw(st.floats(1, 300))))  # type: ignore[return-value]


def by_all_counts(model: SpendGivenPurchase, member: Any, days: float, need: Floats) -> Floats:
    """Each number of purchases up to 4,000, with exact distribution functions."""
    x, age, n, mean_value = (each[0] for each in member)
    process, money = model.process, model.money
    k = np.arange(1.0, 4_001.0)
    tau = days / (process.alpha + age)
    stays = process.b + (x + 1 if process.kind == "mbg" else x)
    reached = special.betainc(k, process.r + x, tau / (1 + tau))
    reached *= np.exp(special.betaln(process.a, stays + k - 1) - special.betaln(process.a, stays))
    weight = -np.diff(reached, append=0.0) / reached[0]
    shape, scale = money.q + n * money.p, money.gamma + n * mean_value
    return np.array([weight @ special.betainc(shape, k * money.p, scale / (scale + each)) for each in need])


@given(processes, models, members(), st.sampled_from([7.0, 28.0, 90.0, 365.0]))
@settings(max_examples=60)
def test_cells_and_approximation_are_as_good_as_every_count(
    process: PurchaseProcess, money: GammaGamma, member: Any, days: float
) -> None:
    model = SpendGivenPurchase(process, money)
    x, age, n, mean_value = member
    need = model.expected(x, age, days, n, mean_value) * SHARES
    found = model.exceeds(x, age, days, n, mean_value, need[None, :])[0]
    assert_allclose(found, by_all_counts(model, member, days, need), atol=0.02)


@pytest.mark.parametrize("money", [GammaGamma(0.1, 1.05, 4.0), GammaGamma(0.1, 300.0, 4_000.0), GammaGamma(1.3, 1.05, 20.0)])
def test_small_shapes_are_summed_without_approximation(money: GammaGamma) -> None:
    """Whether those of all counts are small, or that of what is known of the member."""
    model = SpendGivenPurchase(PurchaseProcess("mbg", 0.7, 60.0, 0.6, 3.0), money)
    member = x, age, n, mean_value = tuple(np.array([each]) for each in (0.0, 200.0, 1.0, 30.0))
    need = np.geomspace(0.01, 3_000, 60)
    found = model.exceeds(x, age, 28.0, n, mean_value, need[None, :])[0]
    assert_allclose(found, by_all_counts(model, member, 28.0, need), atol=3e-9)


def test_simulated_members_spend_as_forecast() -> None:
    process = PurchaseProcess("mbg", r=1.2, alpha=30.0, a=0.8, b=6.0)
    money = GammaGamma(p=1.5, q=3.0, gamma=40.0)
    days = 56.0
    seen = renewal.simulate(process, 120_000, days=days, seed=3)
    rng = np.random.default_rng(4)
    nu = rng.gamma(money.q, 1 / money.gamma, len(seen.x))
    n = seen.x + 1
    mean_value = rng.gamma(money.p * n) / nu / n
    bought = seen.ahead > 0
    spend = rng.gamma(money.p * seen.ahead[bought]) / nu[bought]
    history = (seen.x[bought], seen.age[bought], days, n[bought], mean_value[bought])
    model = SpendGivenPurchase(process, money)
    expected = model.expected(*history)
    need = expected[:, None] * np.array([0.3, 1.0, 2.0])
    over = model.exceeds(*history, need)
    for column in range(3):
        for part in np.array_split(np.argsort(over[:, column]), 5):
            share = (spend[part] >= need[part, column]).mean()
            assert share == pytest.approx(over[part, column].mean(), abs=0.01 + 3 * 0.5 / np.sqrt(len(part)))
    assert spend.mean() == pytest.approx(expected.mean(), rel=0.02)
    count = model.expected_count(*history[:3])
    assert seen.ahead[bought].mean() == pytest.approx(count.mean(), rel=0.02)


@pytest.mark.parametrize("x", [0, 2, 30, 250])
def test_one_member_drawn_over_and_over(x: int) -> None:
    process, money = PurchaseProcess("mbg", 0.7, 25.0, 0.6, 3.0), GammaGamma(2.0, 3.5, 50.0)
    model = SpendGivenPurchase(process, money)
    age, days, n, mean_value, draws = 300.0, 90.0, x + 1.0, 30.0, 40_000
    rng = np.random.default_rng(x)
    rate = rng.gamma(process.r + x, 1 / (process.alpha + age), draws)
    leaving = rng.beta(process.a, process.b + x + 1, draws)
    count = np.minimum(rng.poisson(rate * days), rng.geometric(np.maximum(leaving, 1e-12)))
    nu = rng.gamma(money.q + money.p * n, 1 / (money.gamma + n * mean_value), draws)
    spend = rng.gamma(money.p * count[count > 0]) / nu[count > 0]
    member = [np.array([each]) for each in (float(x), age, n, mean_value)]
    need = model.expected(member[0], member[1], days, *member[2:]) * SHARES
    found = model.exceeds(member[0], member[1], days, *member[2:], need[None, :])[0]
    assert_allclose(found, [(spend >= each).mean() for each in need], atol=0.012)


@given(processes, models, members(), st.floats(0.5, 400), st.lists(st.floats(-10, 1e6), min_size=2, max_size=6))
def test_more_needed_is_never_more_likely(
    process: PurchaseProcess, money: GammaGamma, member: Any, days: float, needs: list[float]
) -> None:
    x, age, n, mean_value = member
    need = np.sort(np.array([needs]))
    found = SpendGivenPurchase(process, money).exceeds(x, age, days, n, mean_value, need)
    assert ((found >= 0) & (found <= 1)).all()
    assert (np.diff(found) <= 1e-9).all()
    assert (found[need <= 0] == 1).all()
    more = SpendGivenPurchase(process, money).exceeds(x, age, days, n, mean_value * 1.5, need)
    assert (more >= found - 1e-3).all()


def test_extremes_stay_finite() -> None:
    x = np.array([0.0, 0, 1, 5_000, 5_000, 20_000])
    age = np.array([1e-6, 1e6, 1e6, 5_000, 1e6, 1e6])
    mean_value = np.array([0.0, -3, 1e-3, 1e6, 5, 5])
    need = np.tile([0.0, -1, 1e-3, 10, 1e3, 1e9], (6, 1))
    for parameters in [(1e-3, 1e-3, 1e-4, 1e-4), (1e3, 1e6, 1e5, 1e5), (1e3, 1e-3, 1e5, 1e-4), (1e-3, 1e6, 1e-4, 1e5)]:
        for money in (GammaGamma(1e-2, 1.05, 1e-4), GammaGamma(1e4, 1e4, 1e4)):
            model = SpendGivenPurchase(PurchaseProcess("mbg", *parameters), money)
            for days in (1e-6, 28.0, 1e5):
                over = model.exceeds(x, age, days, x + 1, mean_value, need)
                assert (np.isfinite(over) & (over >= 0) & (over <= 1)).all()
                assert np.isfinite(model.expected(x, age, days, x + 1, mean_value)).all()


@given(st.integers(1, 40), st.integers(1, 4), st.integers(0, 10_000))
@settings(max_examples=40)
def test_alone_or_among_others_the_same_to_the_bit(rows: int, needs: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    process, money = PurchaseProcess("mbg", 0.7, 25.0, 0.6, 3.0), GammaGamma(2.0, 3.5, 50.0)
    model = SpendGivenPurchase(process, money)
    x = np.floor(np.exp(rng.uniform(0, 6, rows)))
    age = x + rng.integers(1, 500, rows)
    recency, mean_value, need = rng.uniform(0, 1, rows) * age, rng.uniform(1, 90, rows), rng.uniform(-10, 900, (rows, needs))
    some = rng.integers(rows, size=1)
    one = (x[some], age[some], 28.0, x[some] + 1, mean_value[some])
    every = (x, age, 28.0, x + 1, mean_value)
    assert model.exceeds(*one, need[some]).tolist() == model.exceeds(*every, need)[some].tolist()
    assert model.expected(*one).tolist() == model.expected(*every)[some].tolist()
    for foretold in (process.p_none, process.log_p_some, process.expected_purchases, process.days_to_next):
        assert foretold(x[some], recency[some], age[some], 0.3) == foretold(x, recency, age, 0.3)[some]


def test_no_rows() -> None:
    nobody = np.zeros(0)
    model = SpendGivenPurchase(PurchaseProcess("mbg", 0.7, 25.0, 0.6, 3.0), GammaGamma(2.0, 3.5, 50.0))
    assert model.exceeds(nobody, nobody, 28.0, nobody, nobody, np.zeros((0, 3))).shape == (0, 3)
    assert model.expected(nobody, nobody, 28.0, nobody, nobody).shape == (0,)
