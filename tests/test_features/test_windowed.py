"""Sums over a window against the walk: many members, one member, every field."""

from __future__ import annotations

from typing import Any

import numpy as np
import programmes
from hypothesis import given, settings
from hypothesis import strategies as st
from programmes import DAYS, FIRST, Pages, same, to_histories

from features.policy import TierPolicy
from features.snapshot import to_date, to_day
from features.tiers import tier_at, tier_state

diaries = st.lists(programmes.pages(), min_size=1, max_size=4)


@settings(max_examples=80)
@given(content=programmes.memoryless(), pages=diaries)
def test_tiers_are_those_of_the_walk(content: dict[str, Any], pages: list[Pages]) -> None:
    policy, histories = TierPolicy.from_dict(content), to_histories([(own, None) for own in pages])
    dates = [to_date(to_day(FIRST) + i) for i in range(0, DAYS, 3)]
    np.testing.assert_array_equal(tier_at(histories, policy, dates), tier_at(histories, policy, dates, compiled=False))


@settings(max_examples=80)
@given(
    content=programmes.memoryless(programmes.SINGLE),
    pages=diaries,
    cutoffs=st.lists(st.integers(1, DAYS), min_size=1, max_size=4),
    horizon=st.integers(1, 30),
)
def test_states_are_those_of_the_walk(content: dict[str, Any], pages: list[Pages], cutoffs: list[int], horizon: int) -> None:
    policy, histories = TierPolicy.from_dict(content), to_histories([(own, None) for own in pages])
    member = np.repeat(np.arange(len(pages)), len(cutoffs))
    cutoff = np.tile(to_day(FIRST) + np.array(cutoffs), len(pages))
    walked = tier_state(histories, member, cutoff, horizon, policy, compiled=False)
    same(tier_state(histories, member, cutoff, horizon, policy), walked)
    for pair in range(len(member)):
        own = tier_state(histories, member[[pair]], cutoff[[pair]], horizon, policy)
        same(own, tier_state(histories, member[[pair]], cutoff[[pair]], horizon, policy, compiled=False))
        assert own.tier[0] == walked.tier[pair]
