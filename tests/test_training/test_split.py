from __future__ import annotations

import datetime as dt
import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from features.errors import UnusableLogError
from training.split import MOST_CUTOFFS, member_folds, training_cutoffs

FIRST = dt.date(2016, 2, 1)
days = st.integers(1, 800)


@given(room=days, horizon=st.integers(1, 400), lookback=days, most=st.integers(1, 12))
def test_cutoffs_are_closed_spaced_and_have_history(room: int, horizon: int, lookback: int, most: int) -> None:
    assume(room >= 2)
    as_of = FIRST + dt.timedelta(days=room + horizon)
    cutoffs = training_cutoffs(FIRST, as_of, horizon_days=horizon, lookback_days=lookback, most=most)
    assert 1 <= len(cutoffs) <= most
    assert cutoffs[0] + dt.timedelta(days=horizon) == as_of
    assert cutoffs == sorted(set(cutoffs), reverse=True)
    # Each has its look-back inside the log, or half of the days before the newest where that is less.
    assert (cutoffs[-1] - FIRST).days >= min(lookback, room // 2) >= 1
    steps = {(later - earlier).days for later, earlier in itertools.pairwise(cutoffs)}
    assert len(steps) <= 1
    for step in steps:
        assert step % 7 == 0 or step == horizon < 7
        assert step <= max(horizon, 1)


@given(horizon=st.integers(7, 60), lookback=st.integers(1, 120))
def test_a_long_log_gives_as_many_cutoffs_as_allowed_a_horizon_apart(horizon: int, lookback: int) -> None:
    as_of = FIRST + dt.timedelta(days=2_000)
    cutoffs = training_cutoffs(FIRST, as_of, horizon_days=horizon, lookback_days=lookback)
    assert len(cutoffs) == MOST_CUTOFFS
    assert (cutoffs[0] - cutoffs[1]).days == horizon // 7 * 7


@given(room=st.integers(-500, 1), horizon=st.integers(1, 400), lookback=days)
def test_a_log_too_short_is_refused(room: int, horizon: int, lookback: int) -> None:
    as_of = FIRST + dt.timedelta(days=room + horizon)
    with pytest.raises(UnusableLogError, match="closed horizon after at least two days of history"):
        training_cutoffs(FIRST, as_of, horizon_days=horizon, lookback_days=lookback)


@given(rows=st.lists(st.integers(0, 40), min_size=1, max_size=120), folds=st.integers(1, 6), seed=st.integers(0, 99))
def test_folds_keep_members_whole_and_even(rows: list[int], folds: int, seed: int) -> None:
    member = np.array(rows, np.int64)
    fold = member_folds(member, folds, seed)
    of_member = {m: set(fold[member == m].tolist()) for m in rows}
    assert all(len(own) == 1 for own in of_member.values())
    sizes = np.bincount([own.pop() for own in of_member.values()], minlength=folds)
    assert len(sizes) == folds
    assert sizes.max() - sizes.min() <= 1


def test_folds_depend_on_the_order_of_members_and_the_seed_alone() -> None:
    member = np.repeat(np.arange(50), 2)
    assert member_folds(member, 4, 1).tolist() == member_folds(member * 10 + 3, 4, 1).tolist()
    assert member_folds(member, 4, 1).tolist() != member_folds(member, 4, 2).tolist()
