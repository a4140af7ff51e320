"""F(h) = 1 - p, the process itself where it agrees with the forecast, and what always holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import renewal
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from features.errors import ConfigError
from training.next_purchase import LEVELS, days_to_next, probability_within, worded
from training.purchase import PurchaseProcess

processes = st.builds(
    PurchaseProcess,
    st.sampled_from(["mbg", "bg"]),
    r=st.floats(0.05, 20),
    alpha=st.floats(0.5, 500),
    a=st.floats(0.05, 20),
    b=st.floats(0.05, 50),
)
chances = st.one_of(st.floats(0.0, 1.0), st.sampled_from([0.0, 1e-300, 1e-12, 1.0 - 1e-12, 1.0]))
horizons = st.floats(1.0, 700.0)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    x = draw(st.integers(0, 3_000))
    age = draw(st.floats(0.5, 5_000))
    recency = age * draw(st.floats(0.0, 1.0)) if x else 0.0
    return np.array([float(x)]), np.array([recency]), np.array([age])


@given(processes, histories(), chances, horizons)
def test_what_leaves_and_what_comes_are_one(process: PurchaseProcess, history: Any, p: float, days: float) -> None:
    p_churn = np.array([p])
    assert_allclose(probability_within(process, *history, p_churn, days, (days,)), 1.0 - p, rtol=1e-15)
    if 0.0 < 1.0 - p < 1.0:
        assert_allclose(days_to_next(process, *history, p_churn, days, (1.0 - p,)), days, rtol=1e-9)


@given(processes, histories(), chances, horizons, st.floats(0.001, 0.999))
def test_days_undo_the_probability(process: PurchaseProcess, history: Any, p: float, days: float, level: float) -> None:
    p_churn = np.array([p])
    wait = days_to_next(process, *history, p_churn, days, (level,))
    if np.isinf(wait[0, 0]):
        assert probability_within(process, *history, p_churn, days, (1e12,)) <= level * (1 + 1e-9)
    else:
        assume(wait[0, 0] < 1e12)
        assert_allclose(probability_within(process, *history, p_churn, days, wait), level, rtol=1e-6)
        assert (wait[0, 0] <= days * (1 + 1e-9)) == (level <= (1.0 - p) * (1 + 1e-9)) or abs(level - 1.0 + p) < 1e-6


@given(processes, histories(), chances, horizons)
def test_later_is_likelier_and_surer_takes_longer(process: PurchaseProcess, history: Any, p: float, days: float) -> None:
    p_churn, levels = np.array([p]), np.array([1e-9, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1 - 1e-9])
    wait = days_to_next(process, *history, p_churn, days, levels)[0]
    assert not np.isnan(wait).any()
    assert (wait >= 0).all()
    assert (wait[1:] >= wait[:-1] * (1 - 1e-12)).all()
    times = days * np.array([0.0, 1e-9, 0.01, 0.5, 1.0, 1.0 + 1e-9, 2.0, 30.0, 1e6])
    within = probability_within(process, *history, p_churn, days, times)[0]
    assert within[0] == 0.0
    assert ((within >= 0) & (within <= 1)).all()
    assert (np.diff(within) >= -1e-15).all()


@given(processes, histories(), horizons, st.floats(0.01, 0.99), st.floats(1.0, 2_000.0))
def test_a_forecast_that_agrees_changes_nothing(
    process: PurchaseProcess, history: Any, days: float, level: float, time: float
) -> None:
    p_none = process.p_none(*history, days)
    found = probability_within(process, *history, p_none, days, (time,))
    assert_allclose(found, 1.0 - process.p_none(*history, np.array([time]))[:, None], atol=1e-12)
    assume(abs(level - process.p_alive(*history)[0]) > 1e-6)
    alone, wait = process.days_to_next(*history, level), days_to_next(process, *history, p_none, days, (level,))[:, 0]
    assert np.isinf(wait) == np.isinf(alone)
    if np.isfinite(alone[0]) and alone[0] < 1e9:
        assert_allclose(wait, alone, rtol=1e-5, atol=1e-6)


@given(processes, histories(), horizons, st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.sampled_from(LEVELS))
def test_a_likelier_leaver_is_awaited_longer(
    process: PurchaseProcess, history: Any, days: float, p: float, other: float, level: float
) -> None:
    sooner, later = (days_to_next(process, *history, np.array([each]), days, (level,)) for each in sorted((p, other)))
    assert sooner <= later * (1 + 1e-12)


def test_simulated_members_come_when_it_is_said() -> None:
    process, days = PurchaseProcess("mbg", r=0.9, alpha=40.0, a=0.7, b=4.0), 60.0
    seen = renewal.simulate(process, 40_000, days=400.0)
    history = (seen.x, seen.recency, seen.age)
    wait = days_to_next(process, *history, process.p_none(*history, days), days, (0.2, 0.4))
    for column, level in enumerate((0.2, 0.4)):
        near = wait[:, column] <= 400.0
        assert near.sum() > 5_000
        beyond = near & (wait[:, column] > days)
        assert beyond.sum() > 1_000
        for part in (near, beyond):
            assert (seen.wait[part] <= wait[part, column]).mean() == pytest.approx(level, abs=0.03)


def test_who_is_long_gone_is_still_forecast_as_the_trees_say() -> None:
    process = PurchaseProcess("mbg", r=0.5, alpha=40.0, a=0.9, b=1.6)
    gone = np.array([1_000.0]), np.array([400.0]), np.array([4_000.0])
    assert process.log_p_some(*gone, 28.0) < -700  # P(a purchase) is 0 as a float
    wait = days_to_next(process, *gone, np.array([0.4]), 28.0, (0.3, 0.6, 0.7))
    assert 0 < wait[0, 0] < 28
    assert_allclose(wait[0, 1], 28.0)
    assert np.isinf(wait[0, 2])


def test_one_member_alone_gets_the_same_days_to_the_bit() -> None:
    process, rng = PurchaseProcess("mbg", 0.5, 40.0, 0.9, 1.6), np.random.default_rng(0)
    x, age = rng.integers(0, 40, 101).astype(float), rng.integers(1, 700, 101).astype(float)
    rows = (x, np.where(x > 0, age * rng.random(101), 0.0), age, rng.random(101))
    together = days_to_next(process, *rows, 28.0)
    within = probability_within(process, *rows, 28.0, (7.0, 28.0, 91.0))
    for i in range(101):
        alone = [column[i : i + 1] for column in rows]
        assert days_to_next(process, *alone, 28.0)[0].tolist() == together[i].tolist()
        assert probability_within(process, *alone, 28.0, (7.0, 28.0, 91.0))[0].tolist() == within[i].tolist()


@pytest.mark.parametrize("level", [0.0, 1.0, -0.1, np.nan])
def test_a_level_is_a_probability(level: float) -> None:
    process, one = PurchaseProcess("mbg", 1.0, 40.0, 1.0, 2.0), np.ones(1)
    with pytest.raises(ConfigError, match="a level is a probability inside"):
        days_to_next(process, one, one, one, one / 2, 28.0, (0.5, level))


def test_words_keep_one_day_singular_and_ten_years_are_never() -> None:
    assert worded(0.2, 0.9, 3.0).en == "next purchase expected in 1 day (80 % of such members: in 1 to 3 days)"
    assert "never again" in worded(1.0, 20.0, 3_651.0).en
    assert worded(1.0, 20.0, 30.0).zh == "预计 20 天后再次购买（80% 的此类会员在 1 至 30 天之间）"
