from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from features.bounds import StandingBounds
from features.daily import Line
from features.rfm import score_rfm
from features.snapshot import to_day

CUTOFF = dt.date(2020, 3, 10)
DAY = to_day(CUTOFF)
BOUNDS = StandingBounds(
    period_days=30,
    periods=2,
    recency_days=(5, 10, 20, 40),
    orders_per_period=(1, 2, 3, 4),
    spend_per_period=(10, 20, 30, 40),
)


def bought(*days: tuple[int, float]) -> list[Line]:
    """(days before the cutoff, amount)."""
    return [Line(dt.datetime.combine(CUTOFF - dt.timedelta(days=ago), dt.time(9)), amount) for ago, amount in days]


@pytest.mark.parametrize(("ago", "score"), [(1, 5), (5, 5), (6, 4), (10, 4), (11, 3), (20, 3), (21, 2), (40, 2), (41, 1)])
def test_recency_is_scored_up_to_each_bound(ago: int, score: int) -> None:
    found = score_rfm(strategies.histories({"m": bought((ago, 5.0), (60, 5.0))}), DAY, BOUNDS)
    assert (found.recency_days.tolist(), found.recency_score.tolist()) == ([ago], [score])


@pytest.mark.parametrize(("orders", "score"), [(1, 1), (2, 2), (3, 2), (4, 3), (6, 4), (8, 5), (9, 5)])
def test_frequency_is_scored_by_orders_a_period(orders: int, score: int) -> None:
    found = score_rfm(strategies.histories({"m": bought(*((ago, 1.0) for ago in range(1, orders + 1)))}), DAY, BOUNDS)
    assert (found.frequency.tolist(), found.frequency_score.tolist()) == ([orders], [score])


@pytest.mark.parametrize(
    ("spend", "score"), [(19.9999, 1), (20.0, 2), (39.9999, 2), (40.0, 3), (60.0, 4), (79.9999, 4), (80.0, 5)]
)
def test_monetary_is_scored_by_net_spend_a_period(spend: float, score: int) -> None:
    found = score_rfm(strategies.histories({"m": bought((3, spend + 7), (2, -7.0))}), DAY, BOUNDS)
    assert found.monetary.tolist() == [pytest.approx(spend)]
    assert found.monetary_score.tolist() == [score]


def test_the_window_is_half_open() -> None:
    found = score_rfm(strategies.histories({"m": bought((0, 1.0), (1, 2.0), (60, 4.0), (61, 8.0))}), DAY, BOUNDS)
    assert (found.recency_days.tolist(), found.monetary.tolist(), found.frequency.tolist()) == ([1], [6.0], [2])


def test_what_cannot_be_scored() -> None:
    log = {"a": bought((3, -5.0)), "b": bought((3, 5.0))}
    found = score_rfm(strategies.histories(log), DAY, StandingBounds())
    assert np.isnan(found.recency_days).tolist() == [True, False]
    assert found.recency_score.tolist() == [0, 5]
    assert found.frequency_score.tolist() == [0, 1]
    assert found.monetary_score.tolist() == [0, 0], "no bounds in currency, and no policy to derive them from"
    assert score_rfm(strategies.histories(log), DAY, StandingBounds(), pace=0.01).monetary_score.tolist() == [0, 3]


@given(st.integers(1, 50), st.integers(1, 50))
def test_a_later_purchase_never_scores_lower(one: int, other: int) -> None:
    log = {"near": bought((min(one, other), 5.0)), "far": bought((max(one, other), 5.0))}
    far, near = score_rfm(strategies.histories(log), DAY, BOUNDS).recency_score.tolist()
    assert near >= far


@given(
    st.lists(st.tuples(st.integers(1, 59), st.floats(0, 50)), min_size=1), st.tuples(st.integers(1, 59), st.floats(0, 50))
)
def test_one_more_purchase_never_scores_lower(days: list[tuple[int, float]], more: tuple[int, float]) -> None:
    found = score_rfm(strategies.histories({"less": bought(*days), "more": bought(*days, more)}), DAY, BOUNDS)
    for scores in (found.recency_score, found.frequency_score, found.monetary_score):
        less, with_more = scores.tolist()
        assert 1 <= less <= with_more <= 5
