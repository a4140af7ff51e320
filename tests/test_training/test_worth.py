"""Against simulated members, against the process's own expectation, and what always holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pydantic import ValidationError

from features.operators import Floats
from training.purchase import PurchaseProcess
from training.worth import Worth, values_ahead

processes = st.builds(
    PurchaseProcess,
    st.sampled_from(["mbg", "bg"]),
    r=st.floats(0.05, 20),
    alpha=st.floats(0.5, 500),
    a=st.floats(0.05, 20),
    b=st.floats(0.05, 50),
)
chances = st.one_of(st.floats(0.0, 1.0), st.sampled_from([0.0, 1e-300, 1.0 - 1e-12, 1.0]))
horizons = st.floats(1.0, 400.0)
UNDISCOUNTED = Worth(yearly_discount=0.0)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    x = draw(st.integers(0, 500))
    age = draw(st.floats(0.5, 3_000))
    recency = age * draw(st.floats(0.0, 1.0)) if x else 0.0
    return np.array([float(x)]), np.array([recency]), np.array([age])


def followed(process: PurchaseProcess, members: int, days: float, horizons: int) -> tuple[Floats, Floats, Floats, Floats]:
    """x, recency, age and (n_members, horizons) purchases in each horizon after, member by member's own rate and end."""
    rng = np.random.default_rng(5)
    rate = rng.gamma(process.r, 1.0 / process.alpha, members)
    last = rng.geometric(
        np.maximum(rng.beta(process.a, process.b, members), 1e-12)
    )  # the purchase after which they are gone
    age = rng.integers(30, 500, members).astype(float)
    times = np.cumsum(rng.exponential(1.0, (members, 400)) / rate[:, None], axis=1)
    real = np.arange(2, 402)[None, :] <= last[:, None] + (process.kind == "bg")
    past, since = real & (times <= age[:, None]), times - age[:, None]
    ahead = [(real & (since > days * j) & (since <= days * (j + 1))).sum(axis=1) for j in range(horizons)]
    return past.sum(axis=1).astype(float), np.where(past, times, 0.0).max(axis=1), age, np.stack(ahead, axis=1)


@pytest.mark.parametrize("kind", ["mbg", "bg"])
def test_simulated_members_are_worth_what_is_said(kind: Any) -> None:
    process, days = PurchaseProcess(kind, r=0.9, alpha=40.0, a=0.7, b=4.0), 45.0
    x, recency, age, ahead = followed(process, 20_000, days, 4)
    p_none = process.p_none(x, recency, age, days)
    first = process.expected_purchases(x, recency, age, days) / (1.0 - p_none)
    found = values_ahead(process, x, recency, age, p_none, first, 1.0, days, UNDISCOUNTED)
    total = ahead.sum(axis=1)
    for part in np.array_split(np.argsort(found.expected), 5):
        error = total[part].std() / np.sqrt(len(part))
        assert abs(total[part].mean() - found.expected[part].mean()) < 4 * error
    stayed = np.flatnonzero(ahead[:, 0] > 0)
    for part in np.array_split(stayed[np.argsort(found.if_stays[stayed])], 5):
        error = total[part].std() / np.sqrt(len(part))
        assert abs(total[part].mean() - found.if_stays[part].mean()) < 4 * error
    # What a shorter way would say: the expected value over the chance to stay. It counts those who only pause, too.
    shorter = found.expected[stayed] / (1.0 - p_none[stayed])
    assert shorter.mean() > 1.1 * total[stayed].mean()


@given(processes, histories(), horizons, st.integers(2, 6))
def test_a_forecast_that_agrees_is_worth_the_processs_purchases(
    process: PurchaseProcess, history: Any, days: float, ahead: int
) -> None:
    p_none = process.p_none(*history, days)
    first, all_of_them = (process.expected_purchases(*history, days * k) for k in (1, ahead))
    spend = process.expected_if_alive(history[0], history[2], days) / -np.expm1(
        process.log_quiet(history[0], history[2], days)
    )
    found = values_ahead(process, *history, p_none, spend, 1.0, days, Worth(horizons=ahead, yearly_discount=0.0))
    assert_allclose(found.expected, all_of_them, rtol=2e-4, atol=1e-9)
    assert first <= all_of_them * (1 + 1e-6)


@given(processes, histories(), chances, horizons, st.floats(0.0, 1e6), st.floats(0.01, 1.0))
def test_one_horizon_is_the_forecasts_own(
    process: PurchaseProcess, history: Any, p: float, days: float, spend: float, share: float
) -> None:
    p_churn, once = np.array([p]), np.array([spend])
    found = values_ahead(process, *history, p_churn, once, share, days, Worth(horizons=1))
    assert_allclose(found.expected, share * (1.0 - p) * spend, rtol=1e-12)
    assert_allclose(found.if_stays, share * spend, rtol=1e-12)
    assert_allclose(found.at_risk, share * p * spend, rtol=1e-12)


@given(processes, histories(), chances, chances, horizons)
def test_what_always_holds(process: PurchaseProcess, history: Any, p: float, other: float, days: float) -> None:
    one = np.ones(1)

    def at(p: float, **settings: Any) -> Any:
        return values_ahead(process, *history, np.array([p]), one, 0.5, days, Worth(**settings))

    less, more = at(min(p, other)), at(max(p, other))
    for found in (less, more):
        assert np.isfinite([found.expected, found.if_stays, found.at_risk]).all()
        assert (found.expected >= 0) & (found.at_risk >= 0)
        assert found.at_risk <= found.if_stays
    assert more.if_stays == less.if_stays
    assert more.at_risk >= less.at_risk
    assert at(p, horizons=5).expected >= at(p, horizons=4).expected
    assert at(p, yearly_discount=0.5).expected <= at(p, yearly_discount=0.1).expected * (1 + 1e-12)
    doubled = values_ahead(process, *history, np.array([p]), one * 2, 0.5, days, Worth())
    assert_allclose(doubled.expected, 2 * at(p).expected, rtol=1e-12)


def test_rows_do_not_depend_on_each_other() -> None:
    process, rng = PurchaseProcess("mbg", 0.5, 40.0, 0.9, 1.6), np.random.default_rng(0)
    x = rng.integers(0, 4, 60).astype(float)
    age = rng.integers(1, 6, 60) * 50.0
    rows = (x, np.where(x > 0, age / 2, 0.0), age, rng.random(60), rng.random(60) * 100, rng.random(60))
    together = values_ahead(process, *rows, 28.0, Worth())
    for i in range(0, 60, 7):
        alone = values_ahead(process, *(column[i : i + 1] for column in rows), 28.0, Worth())
        assert alone.expected[0] == together.expected[i]
        assert alone.at_risk[0] == together.at_risk[i]
    none = values_ahead(process, *(column[:0] for column in rows), 28.0, Worth())
    assert len(none.expected) == 0


def test_settings() -> None:
    assert Worth().discounts(365.0).tolist() == pytest.approx([1.0, 1 / 1.1, 1 / 1.1**2, 1 / 1.1**3])
    wrong: list[dict[str, Any]] = [{"horizons": 0}, {"horizons": 2.5}, {"yearly_discount": -0.1}, {"margin_share": 1.2}]
    for settings in (*wrong, {"margin_share": 0}, {"rate": 0.1}, {"yearly_discount": float("nan")}):
        with pytest.raises(ValidationError):
            Worth(**settings)
