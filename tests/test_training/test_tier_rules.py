from __future__ import annotations

import numpy as np
import pytest
import simulated
from hypothesis import given
from hypothesis import strategies as st

from features.policy import TierPolicy
from features.tier_states import UNDEFINED, TierState
from training.tier_rules import carried, counts_spend


def state(need: list[list[int]]) -> TierState:
    zeros = np.zeros(len(need), np.int64)
    return TierState(zeros, zeros, zeros, zeros, np.array(need, np.int64))


needs = st.lists(st.lists(st.integers(0, 500_0000), min_size=2, max_size=2), min_size=1, max_size=8)


@given(needs, st.floats(0.1, 200.0), st.floats(0.0, 0.2))
def test_rows_sum_to_one_and_nothing_lies_below_what_is_secured(need: list[list[int]], scale: float, share: float) -> None:
    rising = [[0, *sorted(row)] for row in need]
    other = np.full((len(need), 3), 1 / 3)
    p = carried(state(rising), lambda amount: np.exp(-amount / scale), other, share)
    np.testing.assert_allclose(p.sum(axis=1), 1.0)
    assert (p >= 0).all()
    for row, found in zip(rising, p, strict=True):
        secured = sum(amount == 0 for amount in row) - 1
        np.testing.assert_allclose(found[:secured], share / 3)
        top = np.exp(-row[2] / 10_000 / scale)
        assert found[2] == pytest.approx((1 - share) * top + share / 3)


def test_a_tier_by_invitation_is_reached_by_no_amount() -> None:
    p = carried(state([[0, 10_000, UNDEFINED]]), lambda amount: np.full(len(amount), 0.4), np.zeros((1, 3)), 0.0)
    assert p.tolist() == [[0.6, 0.4, 0.0]]


def test_what_counts_as_spend() -> None:
    assert counts_spend(simulated.NET)
    by_orders = TierPolicy.from_dict(
        {"programme": "O", "tiers": [{"name": "A"}, {"name": "B", "reach": 3}], "metric": "orders", "window": "lifetime"}
    )
    assert not counts_spend(by_orders)
