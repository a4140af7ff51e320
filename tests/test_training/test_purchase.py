"""The published figures of CDNOW, a simulation, and what always holds."""

from __future__ import annotations

import json
from typing import Any

import cdnow
import numpy as np
import pytest
import renewal
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import special, stats

from features.errors import InputError
from training.purchase import Kind, PurchaseProcess, fit_process

KINDS: list[Kind] = ["mbg", "bg"]
WEEK = 7.0
# r, α in weeks, a, b: Fader, Hardie & Lee 2005 and Batislam, Denizel & Filiztekin 2007.
PUBLISHED: dict[Kind, tuple[float, float, float, float]] = {
    "bg": (0.243, 4.414, 0.793, 2.426),
    "mbg": (0.525, 6.183, 0.891, 1.614),
}

processes = st.builds(
    PurchaseProcess,
    st.sampled_from(KINDS),
    r=st.floats(0.05, 20),
    alpha=st.floats(0.5, 500),
    a=st.floats(0.05, 20),
    b=st.floats(0.05, 50),
)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    x = draw(st.integers(0, 3_000))
    age = draw(st.floats(0.5, 5_000))
    recency = age * draw(st.floats(0.0, 1.0)) if x else 0.0
    return np.array([float(x)]), np.array([recency]), np.array([age])


def published(kind: Kind) -> PurchaseProcess:
    r, alpha, a, b = PUBLISHED[kind]
    return PurchaseProcess(kind, r, alpha * WEEK, a, b)


@pytest.mark.parametrize("kind", KINDS)
def test_published_parameters(kind: Kind) -> None:
    log = cdnow.load()
    assert log.customers.sum() == 2_357
    fitted = fit_process(log.x, log.recency, log.age, weight=log.customers, kind=kind)
    assert_allclose((fitted.r, fitted.alpha / WEEK, fitted.a, fitted.b), PUBLISHED[kind], atol=0.0009)


# conditional_probability_alive and conditional_expected_number_of_purchases_up_to_time(39 weeks) of lifetimes 0.11.3.
PEER = {
    "bg": ([1.0, 0.438237, 0.726579, 0.499038, 0.95332], [0.195098, 0.41982, 1.226028, 2.186642, 17.446281]),
    "mbg": ([0.389735, 0.381123, 0.706202, 0.480042, 0.948943], [0.154013, 0.42128, 1.262961, 2.069224, 16.504334]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_as_lifetimes_has_it(kind: Kind) -> None:
    x = np.array([0.0, 1, 2, 5, 26])
    recency = WEEK * np.array([0.0, 10, 30.43, 20, 38])
    age = WEEK * np.array([38.86, 38.86, 38.86, 32, 38.86])
    alive, expected = PEER[kind]
    assert_allclose(published(kind).p_alive(x, recency, age), alive, atol=1e-6)
    assert_allclose(published(kind).expected_purchases(x, recency, age, 39 * WEEK), expected, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_simulated_members_do_as_forecast(kind: Kind) -> None:
    process = PurchaseProcess(kind, r=0.9, alpha=40.0, a=0.7, b=4.0)
    days = 60.0
    seen = renewal.simulate(process, 80_000, days=days)
    history = (seen.x, seen.recency, seen.age)
    p_none = process.p_none(*history, days)
    for part in np.array_split(np.argsort(p_none), 12):
        share, sure = (seen.ahead[part] == 0).mean(), p_none[part].mean()
        assert abs(share - sure) < 4.5 * np.sqrt(sure * (1 - sure) / len(part)) + 1e-4
    expected = process.expected_purchases(*history, days)
    for part in np.array_split(np.argsort(expected), 6):
        error = seen.ahead[part].std() / np.sqrt(len(part))
        assert abs(seen.ahead[part].mean() - expected[part].mean()) < 4.5 * error + 1e-4
    wait = process.days_to_next(*history, 0.4)
    near = wait <= days
    assert near.sum() > 5_000
    assert (seen.wait[near] <= wait[near]).mean() == pytest.approx(0.4, abs=0.02)
    fitted = fit_process(*history, kind=kind)
    found = np.log([fitted.r, fitted.alpha, fitted.a, fitted.b])
    assert_allclose(found, np.log([process.r, process.alpha, process.a, process.b]), atol=0.1)


@given(processes, histories(), st.floats(0.01, 2_000))
def test_no_purchase_is_its_closed_form(process: PurchaseProcess, history: Any, days: float) -> None:
    x, _, age = history
    alive = process.p_alive(*history)
    quiet = ((process.alpha + age) / (process.alpha + age + days)) ** (process.r + x)
    p_none = process.p_none(*history, days)
    assert_allclose(p_none, 1 - alive * (1 - quiet), atol=1e-9)
    assert 0 < p_none[0] < 1
    log_none, log_some = process.log_p_none(*history, days), process.log_p_some(*history, days)
    assert np.isfinite([log_none, log_some]).all()
    assert_allclose(np.exp(log_none) + np.exp(log_some), 1.0, atol=1e-12)


@given(processes, histories(), st.floats(1, 700), st.floats(1.01, 3))
def test_more_time_helps_and_more_silence_does_not(process: PurchaseProcess, history: Any, days: float, more: float) -> None:
    x, recency, age = history
    p_none, slack = process.p_none(*history, days), 1e-12
    assert process.p_none(*history, days * more) <= p_none + slack
    assert process.p_none(x, recency, age * more, days) >= p_none - slack
    assert process.p_none(x, recency / more, age, days) >= p_none - slack
    assert process.p_alive(x, recency, age * more) <= process.p_alive(*history) + slack
    assert process.expected_purchases(*history, days * more) >= process.expected_purchases(*history, days) * (1 - 1e-6)


@given(processes, histories(), st.floats(0.01, 0.99))
def test_days_to_next_undoes_p_none(process: PurchaseProcess, history: Any, level: float) -> None:
    wait = process.days_to_next(*history, level)
    alive = process.p_alive(*history)
    assert np.isinf(wait)[0] == (alive <= level)[0]
    assume(level < alive[0] - 1e-9 and wait[0] < 1e12)
    assert_allclose(1 - process.p_none(*history, wait), level, rtol=1e-6)


@given(processes, st.integers(0, 40), st.floats(0.5, 800), st.floats(0.01, 200))
@settings(max_examples=50)
def test_expected_purchases_are_the_sum_of_reaching_each(process: PurchaseProcess, x: int, age: float, days: float) -> None:
    tau = days / (process.alpha + age)
    k = np.arange(1, 20_000)
    assume(stats.nbinom.sf(k[-1], process.r + x, 1 / (1 + tau)) < 1e-9)
    stays = process.b + (x + 1 if process.kind == "mbg" else x)
    loyal = np.exp(special.betaln(process.a, stays + k - 1) - special.betaln(process.a, stays))
    reached = loyal * stats.nbinom.sf(k - 1, process.r + x, 1 / (1 + tau))
    found = process.expected_if_alive(np.array([float(x)]), np.array([age]), days)
    assert_allclose(found, reached.sum(), rtol=1e-6)


def test_logs_keep_what_probabilities_round_away() -> None:
    process = published("mbg")
    one = np.array([1.0])
    # A thousand purchases, then ten silent years.
    gone = process.log_p_some(one * 1_000, one * 400, one * 4_000, 28)
    odds = np.log(process.a / (process.b + 1_000)) + (process.r + 1_000) * np.log(
        (process.alpha + 4_000) / (process.alpha + 400)
    )
    quiet = (process.r + 1_000) * np.log1p(28 / (process.alpha + 4_000))
    assert_allclose(gone, -odds + np.log1p(-np.exp(-quiet)), rtol=1e-12)
    assert process.p_none(one * 1_000, one * 400, one * 4_000, 28) < 1
    # A moment's horizon: P(some) is the rate times the time.
    moment = process.log_p_none(one, one, one * 1, 1e-9)
    assert_allclose(moment, -process.p_alive(one, one, one) * (process.r + 1) / (process.alpha + 1) * 1e-9, rtol=1e-6)
    # A daily buyer in a year: only dropping out keeps them away.
    daily = process.log_p_none(one * 3_000, one * 3_000, one * 3_000, 365)
    assert_allclose(daily, np.log(1 - process.p_alive(one * 3_000, one * 3_000, one * 3_000)), rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_extremes_stay_finite(kind: Kind, scale: float) -> None:
    x = np.array([0.0, 0, 1, 5_000, 5_000, 5_000, 20_000])
    recency = np.array([0.0, 0, 1, 5_000, 1e-6, 9_999, 2e4]) * scale
    age = np.array([1e-3, 1e6, 1e6, 5_000, 1e6, 1e4, 1e6]) * scale
    for r, alpha, a, b in [(1e-3, 1e-3, 1e-4, 1e-4), (1e3, 1e6, 1e5, 1e5), (1e3, 1e-3, 1e5, 1e-4), (1e-3, 1e6, 1e-4, 1e5)]:
        process = PurchaseProcess(kind, r, alpha, a, b)
        p_none, expected = process.p_none(x, recency, age, 28.0), process.expected_purchases(x, recency, age, 28.0)
        assert ((p_none > 0) & (p_none < 1)).all()
        assert (np.isfinite(expected) & (expected >= 0)).all()
        assert np.isfinite(process.log_p_some(x, recency, age, 28.0)).all()
        assert not np.isnan(process.days_to_next(x, recency, age, 0.5)).any()


ODD = {
    "one, who never came back": ([0], [0], [5]),
    "one, who came back": ([3], [50], [50]),
    "nobody came back": (np.zeros(50), np.zeros(50), np.arange(1, 51)),
    "all of one age and once": (np.zeros(9), np.zeros(9), np.full(9, 9)),
    "all bought today": (np.arange(1, 51), np.arange(1, 51) * 7, np.arange(1, 51) * 7),
    "all the same": (np.full(50, 5), np.full(50, 30), np.full(50, 100)),
    "thousands of purchases": ([5_000, 4_000, 3_000], [5_000] * 3, [5_001] * 3),
    "moments old": ([0, 1, 2], [0, 1e-6, 2e-6], [1e-5] * 3),
    "long gone": ([9, 0, 5], [10, 0, 5], [1_000] * 3),
    "nobody": ([], [], []),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", ODD)
def test_odd_logs_give_a_usable_process(case: str, kind: Kind) -> None:
    x, recency, age = (np.asarray(column, np.float64) for column in ODD[case])
    process = fit_process(x, recency, age, kind=kind)
    plain = [process.r, process.alpha, process.a, process.b]
    assert np.isfinite(plain).all()
    assert min(plain) > 0
    p_none = process.p_none(x, recency, age, 28.0)
    assert ((p_none > 0) & (p_none < 1)).all()


def test_more_pull_ends_nearer_to_the_plain_process() -> None:
    one = np.array([3.0]), np.array([50.0]), np.array([50.0])
    freely, held = fit_process(*one), fit_process(*one, pull=0.05)
    assert freely.r > 100
    assert 0.5 < held.r < 10


def test_what_odd_logs_say() -> None:
    never = fit_process(np.zeros(50), np.zeros(50), np.full(50, 100.0))
    assert never.p_none(np.zeros(1), np.zeros(1), np.full(1, 100.0), 28.0) > 0.98
    weeks = np.arange(1.0, 51.0)
    weekly = fit_process(weeks, weeks * 7, weeks * 7)
    assert weekly.p_none(weeks, weeks * 7, weeks * 7, 28.0).max() < 0.05


small_logs = st.lists(
    st.tuples(st.integers(0, 12), st.floats(0.05, 1), st.integers(30, 400)), min_size=30, max_size=60, unique=True
)


@given(small_logs, st.randoms(use_true_random=False), st.sampled_from(KINDS))
@settings(max_examples=6)
def test_order_weight_and_unit_of_time_do_not_matter(rows: list[tuple[int, float, int]], random: Any, kind: Kind) -> None:
    """Read off what is forecast: on a flat likelihood parameters may wander where forecasts do not."""
    x, share, age = (np.array(column, np.float64) for column in zip(*rows, strict=True))
    recency = np.where(x > 0, share * age, 0.0)
    process = fit_process(x, recency, age, kind=kind)
    p_none = process.p_none(x, recency, age, 30.0)
    order = np.array(random.sample(range(len(x)), len(x)))
    assert fit_process(x[order], recency[order], age[order], kind=kind) == process
    doubled = fit_process(x, recency, age, weight=np.full(len(x), 2.0), kind=kind)
    assert_allclose(doubled.p_none(x, recency, age, 30.0), p_none, atol=1e-5)
    twice = fit_process(*(np.concatenate([each, each]) for each in (x, recency, age)), kind=kind)
    assert_allclose(twice.p_none(x, recency, age, 30.0), p_none, atol=1e-5)
    weeks = fit_process(x, recency / 7, age / 7, kind=kind)
    assert_allclose(weeks.p_none(x, recency / 7, age / 7, 30.0 / 7), p_none, atol=1e-4)


def test_parameters_by_order_weight_and_unit_on_a_real_log() -> None:
    log = cdnow.load()
    process = fit_process(log.x, log.recency, log.age, weight=log.customers)
    one_by_one = (np.repeat(column, log.customers.astype(int))[::-1] for column in (log.x, log.recency, log.age))
    for other in (fit_process(*one_by_one), fit_process(log.x, log.recency, log.age, weight=log.customers * 2)):
        assert_allclose(
            (other.r, other.alpha, other.a, other.b), (process.r, process.alpha, process.a, process.b), rtol=1e-4
        )
    weeks = fit_process(log.x, log.recency / 7, log.age / 7, weight=log.customers)
    assert_allclose(
        (weeks.r, weeks.alpha * 7, weeks.a, weeks.b), (process.r, process.alpha, process.a, process.b), rtol=1e-4
    )


@pytest.mark.parametrize(
    ("x", "recency", "age", "weight"),
    [(-1, 0, 5, 1), (1, 6, 5, 1), (0, 0, 0, 1), (1, np.nan, 5, 1), (1, 2, np.inf, 1), (1, 2, 5, -1), (1, -1, 5, 1)],
)
def test_impossible_histories_are_refused(x: float, recency: float, age: float, weight: float) -> None:
    rows = [np.array([good, bad]) for good, bad in [(1.0, x), (2.0, recency), (9.0, age), (1.0, weight)]]
    with pytest.raises(InputError, match="got 1 member otherwise"):
        fit_process(*rows[:3], weight=rows[3])


def test_plain_values_survive_json() -> None:
    process = PurchaseProcess("bg", 0.1, 1 / 3, 2.5e-7, 1e5)
    assert PurchaseProcess.from_dict(json.loads(json.dumps(process.to_dict()))) == process
