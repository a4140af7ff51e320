from __future__ import annotations

import math
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from serving.forecast.tier_pairs import tier_pairs

NAMES = ("Member", "Silver", "Gold")
CHANCES = st.lists(st.sampled_from([0.0, 0.2, 0.5]), min_size=3, max_size=3) | st.just([math.nan] * 3)


def counted_one_by_one(held: list[float], chances: list[list[float]]) -> Counter[tuple[str | None, str | None]]:
    pairs: Counter[tuple[str | None, str | None]] = Counter()
    for tier, own in zip(held, chances, strict=True):
        likely = None if math.isnan(own[0]) else max(NAMES, key=dict(zip(NAMES, own, strict=True)).__getitem__)
        pairs[None if math.isnan(tier) else NAMES[int(tier)], likely] += 1
    return pairs


@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0, 2.0, math.nan]), CHANCES), min_size=1, max_size=12))
def test_pairs_are_those_counted_one_by_one(rows: list[tuple[float, list[float]]]) -> None:
    held, chances = [tier for tier, _ in rows], [own for _, own in rows]
    assert tier_pairs(np.array(held), np.array(chances), NAMES) == counted_one_by_one(held, chances)


def test_without_a_policy_there_is_no_tier() -> None:
    for n in (1, 3):
        assert tier_pairs(np.full(n, np.nan), np.empty((n, 0)), ()) == {(None, None): n}
