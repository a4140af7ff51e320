"""Levels against other ways to find them, and the rule of the year before on shops whose season is known."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import expit

from features.histories import Histories, Ragged
from features.operators import Floats
from features.snapshot import to_day
from training.process import Purchases, process_at
from training.season import YEAR, Levels, Season, churn_level, season, spend_level, year_before

FIRST = to_day(dt.date(2020, 1, 1))
SPANS = {"horizon_days": 28, "lookback_days": 91}


@settings(max_examples=40)
@given(
    log_odds=st.lists(st.floats(-8, 8), min_size=1, max_size=60),
    share=st.floats(0, 1),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_level_is_the_intercept(log_odds: list[float], share: float, seed: int) -> None:
    """Of a logistic regression with a normal prior of variance 4, found by brute force."""
    odds, left = np.array(log_odds), np.random.default_rng(seed).random(len(log_odds)) < share

    def loss(level: float) -> float:
        raw = odds + level
        return float((np.logaddexp(0.0, raw) - left * raw).sum() + level**2 / 8.0)

    level, noise = churn_level(odds, left)
    assert level == pytest.approx(
        minimize_scalar(loss, bounds=(-40, 40), method="bounded", options={"xatol": 1e-9}).x, abs=1e-5
    )
    curvature = (loss(level + 1e-3) - 2.0 * loss(level) + loss(level - 1e-3)) / 1e-6
    assert noise == pytest.approx(1.0 / curvature, rel=1e-3)


def test_with_many_rows_it_is_right_on_average() -> None:
    rng = np.random.default_rng(0)
    odds = rng.normal(size=20_000)
    left = rng.random(20_000) < expit(odds + 0.6)
    level, _ = churn_level(odds, left)
    assert expit(odds + level).mean() == pytest.approx(left.mean(), abs=1e-4)


def test_noise_is_what_levels_vary_by() -> None:
    rng = np.random.default_rng(0)
    odds = rng.normal(0.5, 1.0, 400)
    found = np.array([churn_level(odds, rng.random(400) < expit(odds - 0.3)) for _ in range(600)])
    assert found[:, 0].mean() == pytest.approx(-0.3, abs=0.02)
    assert found[:, 0].var() == pytest.approx(found[:, 1].mean(), rel=0.15)
    ratios = rng.normal(0.1, 0.8, (600, 50))
    spent = np.array([spend_level(row) for row in ratios])
    assert spent[:, 0].mean() == pytest.approx(0.1, abs=0.02)
    assert spent[:, 0].var() == pytest.approx(spent[:, 1].mean(), rel=0.15)


@pytest.mark.parametrize("left", [True, False])
def test_all_or_none_left_is_finite(left: bool) -> None:
    level, noise = churn_level(np.zeros(100), np.full(100, left))
    assert 2.0 < (level if left else -level) < 10.0
    assert 0.0 < noise <= 4.0
    assert spend_level(np.empty(0)) == (0.0, 4.0)
    assert spend_level(np.array([0.5])) == (0.5, 4.0)


@given(
    level=st.lists(st.floats(-3, 3), min_size=1, max_size=20),
    noise=st.floats(0, 2),
)
def test_drawn_in_towards_the_mean(level: list[float], noise: float) -> None:
    raw = np.array(level)
    levels = Levels(np.arange(len(raw)), raw, np.full(len(raw), noise))
    drawn = levels.drawn_in
    assert 0.0 <= levels.signal <= 1.0
    assert drawn.mean() == pytest.approx(raw.mean(), abs=1e-9)
    assert (np.abs(drawn - raw.mean()) <= np.abs(raw - raw.mean()) + 1e-12).all()
    if noise >= raw.var():
        assert drawn == pytest.approx(np.full(len(raw), raw.mean()))
    if noise == 0.0:
        assert drawn == pytest.approx(raw)


def test_drawing_in_comes_nearer_to_the_truth() -> None:
    rng = np.random.default_rng(0)
    raw_error, drawn_error = 0.0, 0.0
    for _ in range(200):
        truth = rng.normal(0.0, 0.2, 8)
        levels = Levels(np.arange(8), truth + rng.normal(0.0, 0.2, 8), np.full(8, 0.04))
        raw_error += ((levels.level - truth) ** 2).sum()
        drawn_error += ((levels.drawn_in - truth) ** 2).sum()
    assert drawn_error < 0.8 * raw_error


def shop(amplitude: float, days: int = 1_000, members: int = 900, seed: int = 0) -> Histories:
    """Members of one pace who leave at random; all buy by the calendar, and spend by it, ``amplitude`` up and down."""
    rng = np.random.default_rng(seed)
    wave = np.exp(amplitude * np.sin(2.0 * np.pi * np.arange(days) / YEAR))
    pace = rng.gamma(2.0, 0.02, members)
    first = rng.integers(0, days - 1, members)
    first[:3] = 0
    last = first + rng.exponential(500.0, members)
    at = np.arange(days)
    bought = rng.random((members, days)) < pace[:, None] * wave
    bought &= (at > first[:, None]) & (at <= last[:, None])
    bought[np.arange(members), first] = True
    member, day = np.nonzero(bought)
    gross = (wave[day] * rng.lognormal(3.0, 0.4, len(day)) * 10_000).astype(np.int64)
    offsets = np.searchsorted(member, np.arange(members + 1)).astype(np.int64)
    rows = Ragged(offsets, (day + FIRST).astype(np.int32), {"orders": np.ones(len(day), np.int64), "gross": gross})
    none = Ragged(np.zeros(members + 1, np.int64), np.empty(0, np.int32), {"returned": np.empty(0, np.int64)})
    return Histories(np.arange(members), rows, none, frozenset({"amount"}), FIRST, FIRST + days)


@cache
def busy() -> Histories:
    return shop(0.8)


@cache
def even() -> Histories:
    return shop(0.0)


def at_cutoff(histories: Histories, cutoff: int) -> tuple[Floats, Any]:
    """The process's log-odds of leaving, and who left, of members active at a cutoff."""
    members, of = Purchases.everyone(histories, cutoff)
    active = of.age - of.recency <= 91
    log_none, log_some = process_at(histories, cutoff).log_chances(of.select(active), 28)
    visits = histories.visits
    member = np.repeat(np.arange(len(histories)), np.diff(visits.offsets))
    within = (visits.day >= cutoff) & (visits.day < cutoff + 28)
    return log_none - log_some, ~np.isin(members[active], member[within])


@cache
def learned(histories: Histories, as_of: int) -> Season:
    """The season as a training at ``as_of`` knows it, with eight cutoffs four weeks apart."""
    cutoffs = np.array([as_of - 28 * i for i in range(8, 0, -1)])
    trained = Levels(cutoffs, *np.array([churn_level(*at_cutoff(histories, int(day))) for day in cutoffs]).T)
    before = year_before(histories, as_of, int(cutoffs[-1]), **SPANS)
    assert before.churn is not None
    return season(trained, before.churn, before.why)


def log_loss(log_odds: Floats, left: Any) -> float:
    return float((np.logaddexp(0.0, log_odds) - left * log_odds).mean())


def test_a_shop_with_a_season_is_forecast_better_for_it() -> None:
    gains, nearer = [], []
    for as_of in (FIRST + 640, FIRST + 730, FIRST + 820, FIRST + 910):  # a quarter of a year apart
        found = learned(busy(), as_of)
        odds, left = at_cutoff(busy(), as_of)
        gains.append(log_loss(odds + found.usual, left) - log_loss(odds + found.level(as_of), left))
        truth = churn_level(odds, left)[0]
        nearer.append(abs(found.usual - truth) - abs(found.level(as_of) - truth))
    assert np.mean(gains) > 0.005
    assert np.mean(nearer) > 0.1


def test_a_shop_without_is_nearly_left_alone() -> None:
    as_of = FIRST + 820
    found = learned(even(), as_of)
    odds, left = at_cutoff(even(), as_of)
    assert np.abs(found.above).max() < 0.2
    assert np.abs(found.above).max() < 0.3 * np.abs(learned(busy(), as_of).above).max()
    assert log_loss(odds + found.level(as_of), left) - log_loss(odds + found.usual, left) < 0.002


def test_spend_moves_with_the_calendar_too() -> None:
    before = year_before(busy(), FIRST + 820, FIRST + 792, **SPANS)
    assert before.spend is not None
    middle = before.spend.cutoff + 14 - FIRST
    wave = 0.8 * np.sin(2.0 * np.pi * middle / YEAR)
    assert np.corrcoef(wave, before.spend.level)[0, 1] > 0.9


def test_what_comes_later_tells_nothing() -> None:
    as_of = FIRST + 820
    visits = busy().visits
    then = Histories(busy().members, visits.take(visits.day < as_of), busy().returns, busy().columns, FIRST, as_of)
    now, found = (year_before(each, as_of, as_of - 28, **SPANS) for each in (busy(), then))
    assert now.churn is not None
    assert found.churn is not None
    assert now.churn.level.tobytes() == found.churn.level.tobytes()


def test_the_level_moves_after_training() -> None:
    found = learned(busy(), FIRST + 820)
    ahead = [found.above_usual(FIRST + 820 + days) for days in range(0, 330, 14)]
    assert ahead == pytest.approx([*np.interp(np.arange(0, 330, 14), np.array(found.days) - found.days[0], found.above)])
    assert np.ptp(ahead) > 0.5
    at = int(np.argmax(found.above))
    assert found.level(found.days[at] + YEAR) == pytest.approx(found.usual + found.above[at])


@pytest.mark.parametrize(
    ("days", "lookback", "told"),
    [
        (300, 91, "the log had lasted 0 days, and 180 are needed"),
        (YEAR + 179, 91, "the log had lasted 179 days, and 180 are needed"),
        (YEAR + 300, 365, "the log had lasted 300 days, and 365 are needed"),
    ],
)
def test_a_short_log_says_why(days: int, lookback: int, told: str) -> None:
    before = year_before(even(), FIRST + days, FIRST + days - 28, horizon_days=28, lookback_days=lookback)
    assert (before.churn, before.spend) == (None, None)
    assert told in before.why
    found = season(Levels(np.arange(3), np.array([0.0, 0.3, 0.6]), np.zeros(3)), before.churn, before.why)
    assert (found.days, found.above, found.why) == ((), (), before.why)
    assert found.usual == pytest.approx(0.3 + 0.5 * 0.3)
    assert found.level(FIRST) == found.level(FIRST + 400) == found.usual


def test_a_day_more_is_enough_and_few_members_are_not() -> None:
    spans: Any = {"horizon_days": 28, "lookback_days": 91}
    enough = year_before(even(), FIRST + YEAR + 180, FIRST + YEAR + 152, **spans)
    assert enough.churn is not None
    assert enough.why == "the level of a year before is taken"
    few = year_before(even().range(0, 25), FIRST + YEAR + 180, FIRST + YEAR + 152, **spans)
    assert few.churn is None
    assert few.why == "a year before, fewer than 20 members were active"


def test_through_json_and_back() -> None:
    found = learned(busy(), FIRST + 820)
    assert Season.from_dict(json.loads(json.dumps(found.to_dict()))) == found
