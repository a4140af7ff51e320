"""Counted anew silence by silence; the choice on made-up curves and logs; as known then."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy import stats

from features.errors import UnusableLogError
from features.histories import Histories, Ragged, from_rows
from training.horizon import Horizon, Of, Silences, choose_horizon, silences

START = dt.date(2017, 1, 1)
VISIT = {"orders": 1, "gross": 0, "returned": 0}


def ragged(days: list[list[int]]) -> Ragged:
    return Ragged(
        np.concatenate(([0], np.cumsum([len(own) for own in days]))).astype(np.int64),
        np.array([day for own in days for day in own], np.int32),
        {},
    )


def histories(days: list[list[int]]) -> Histories:
    rows = [(i, [(START + dt.timedelta(days=day), VISIT) for day in own]) for i, own in enumerate(days)]
    return from_rows(rows, has_amounts=False)


def renewing(members: int, gap: float, stay: float, days: int, seed: int = 0) -> Histories:
    """Members with gaps about ``gap`` days who stay after each visit with a probability."""
    rng = np.random.default_rng(seed)
    found = [[0, days - 1]]
    for _ in range(members):
        own, day = [], int(rng.integers(0, days // 2))
        while day < days:
            own.append(day)
            if rng.random() > stay:
                break
            day += 1 + int(rng.gamma(4.0, gap / 4.0))
        found.append(own)
    return histories(found)


members = st.lists(st.lists(st.integers(0, 149), unique=True, max_size=12).map(sorted), min_size=1, max_size=8)


@given(members, st.integers(0, 150))
def test_each_silence_is_counted_as_it_should_be(days: list[list[int]], end: int) -> None:
    days = [[day for day in own if day < end] for own in days]
    found = silences(ragged(days), 0, end)
    assert_array_equal(found.days, np.arange(7, end // 3 + 1, 7))
    for i, h in enumerate(found.days.tolist()):
        watched = reached = ended = 0
        for own in days:
            for k, day in enumerate(own):
                if day + 2 * h >= end:
                    continue
                later = [other for other in own[k + 1 :] if other <= day + h]
                soon = [other for other in own[k + 1 :] if day + h < other <= day + 2 * h]
                watched += 1
                reached += not later
                ended += bool(soon) and not later
        assert (found.watched[i], found.reached[i], found.ended[i]) == (watched, reached, ended)


def curve(ended: list[int], reached: int = 1_000, watched: int = 10_000) -> Silences:
    full = np.ones(len(ended), np.int64)
    return Silences(7 * np.arange(1, len(ended) + 1), full * watched, full * reached, np.array(ended))


CHOICES: dict[str, tuple[list[int], Of, int | None]] = {
    "the first that holds": ([300, 200, 90, 80], "silent", 2),
    "a share at the bound holds": ([300, 100, 90], "silent", 1),
    "one that does not stay is none": ([300, 90, 200, 80], "silent", 3),
    "chance alone moves nothing": ([300, 90, 105, 80], "silent", 1),
    "none": ([300, 200, 150], "silent", None),
    "of all, a tenth of that": ([3_000, 2_000, 900], "all", 2),
    "before most silences end nothing is chosen": ([10, 50, 80, 60], "silent", 2),
}


@pytest.mark.parametrize("name", CHOICES)
def test_the_least_that_stays(name: str) -> None:
    ended, of, chosen = CHOICES[name]
    assert curve(ended).least(0.1, of) == chosen


def test_few_silences_are_not_judged() -> None:
    found = Silences(np.array([7, 14, 21]), np.array([900, 500, 400]), np.array([100, 60, 49]), np.array([40, 5, 40]))
    assert found.judged().tolist() == [True, True, False]
    assert found.least(0.1) == 1
    assert Silences(*(np.zeros(0, np.int64),) * 4).least(0.1) is None


@given(st.integers(1, 2_000), st.floats(0, 1))
def test_the_interval_is_wilsons(n: int, share: float) -> None:
    ended = round(n * share)
    found = Silences(*(np.array([number]) for number in (7, n, n, ended)))
    oracle = stats.binomtest(ended, n).proportion_ci(method="wilson")
    assert np.allclose([end[0] for end in found.interval()], [oracle.low, oracle.high], atol=1e-6)


def test_a_rhythm_with_leavers_gives_a_horizon_past_the_rhythm() -> None:
    log = renewing(1_500, gap=14.0, stay=0.85, days=365)
    found = choose_horizon(log, log.span[1])
    assert 21 <= found.days <= 42
    assert found.curve.share()[found.days // 7 - 1] <= 0.1
    assert choose_horizon(log, log.span[1], most=0.3).days <= found.days
    slower = renewing(1_500, gap=28.0, stay=0.85, days=730)
    assert choose_horizon(slower, slower.span[1]).days > found.days


def test_hardly_anybody_comes_back_yet_a_week_is_no_horizon() -> None:
    """Of a thousand members 6 in 100 come back, after about three months: in any week hardly anyone does."""
    log = renewing(1_000, gap=90.0, stay=0.06, days=700)
    found = choose_horizon(log, log.span[1])
    assert (found.curve.share() < 0.1).all()
    assert found.days >= 42


def test_the_future_changes_nothing() -> None:
    log = renewing(800, gap=14.0, stay=0.85, days=365)
    then = START + dt.timedelta(days=250)
    known = log.before(then)
    assert choose_horizon(log, then).to_dict() == choose_horizon(known, then).to_dict()
    assert choose_horizon(log, then).to_dict() != choose_horizon(log, log.span[1]).to_dict()
    assert int(choose_horizon(log, then).curve.days[-1]) == 77


def test_where_everybody_comes_back_it_is_refused_with_a_way_out() -> None:
    rng = np.random.default_rng(1)
    days = [sorted({0, *np.cumsum(1 + rng.pareto(0.9, 300) * 3).astype(int).clip(0, 400).tolist()}) for _ in range(300)]
    log = histories(days)
    with pytest.raises(UnusableLogError) as refused:
        choose_horizon(log, log.span[1])
    assert "at most 10% come back within as many days again" in refused.value.rule
    assert "days, of horizons up to" in refused.value.got
    assert "name a horizon, as horizon_days: 28" in refused.value.fix
    weaker = choose_horizon(log, log.span[1], of="all")
    assert f"came_back_of: all, which gives {weaker.days} days" in refused.value.fix
    assert "shopping days" in weaker.to_text()


@pytest.mark.parametrize(
    ("days", "got"), [([[0]], "none"), ([[0, 5, 19]], "none"), ([[0, 5, 21]], "1 of 7 days"), ([[0, 5, 50]], "1 of 7 days")]
)
def test_too_little_is_refused(days: list[list[int]], got: str) -> None:
    log = histories(days)
    with pytest.raises(UnusableLogError, match="at least 50 silences") as refused:
        choose_horizon(log, log.span[1])
    assert refused.value.got.startswith(got)


def test_text_table_and_plain_values_say_the_same() -> None:
    found = Horizon(14, 0.1, "silent", START, curve([300, 60, 50]))
    assert found.to_text() == (
        "horizon 14 days, chosen from rows before 2017-01-01: of 1,000 silences of 14 days, 6.0% [4.7%, 7.6%] ended within "
        "14 more (at most 10%)"
    )
    assert found.to_table().splitlines()[2] == "    14         1,000    6.0% [4.7%, 7.6%]  <- chosen"
    plain = json.loads(json.dumps(found.to_dict()))
    assert (plain["horizon_days"], plain["came_back_share"], plain["as_of"]) == (14, 0.1, "2017-01-01")
    assert [row["share"] for row in plain["curve"]] == [0.3, 0.06, 0.05]


def test_millions_of_shopping_days_are_counted_in_one_pass() -> None:
    """As many as nobody would count one by one."""
    rng = np.random.default_rng(0)
    day = np.cumsum(rng.integers(1, 60, (200_000, 10)), axis=1).astype(np.int32)
    found = silences(Ragged(np.arange(0, day.size + 1, 10), day.ravel(), {}), 0, 700)
    gap = np.diff(day, axis=1, append=10_000)
    watched = day + 28 < 700
    counted = (found.watched[1], found.reached[1], found.ended[1])
    assert counted == (watched.sum(), (watched & (gap > 14)).sum(), (watched & (gap > 14) & (gap <= 28)).sum())
