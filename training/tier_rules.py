"""A distribution of spend and a policy's needs → tiers, for rules that learn nothing of tiers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from features.operators import Floats
from features.policy import TierPolicy
from features.tier_states import UNDEFINED, TierState


def counts_spend(policy: TierPolicy) -> bool:
    """Whether what the tiers need is spend, in every version of a policy."""
    return all(version.metric == "spend" for version in policy.versions or (policy,))


def carried(state: TierState, exceeds: Callable[[Floats], Floats], other: Floats, share: float) -> Floats:
    """(n_rows, n_tiers): P(at least a tier) = P(spend >= what it still needs), which is 1 where nothing is.

    Parameters
    ----------
    exceeds : (n_rows,) amounts in currency to probabilities
    other : (n_rows, n_tiers) of which a ``share`` is mixed in, so that nothing that has happened is impossible

    >>> state = TierState(*[np.zeros(1, np.int64)] * 4, need=np.array([[0, 100_0000]]))
    >>> carried(state, lambda need: np.where(need > 0, 0.25, 1.0), np.full((1, 2), 0.5), 0.0).tolist()
    [[0.75, 0.25]]
    """
    rows, tiers = state.need.shape
    at_least = np.ones((rows, tiers + 1))
    at_least[:, tiers] = 0.0
    for k in range(1, tiers):
        reached = np.where(state.need[:, k] == UNDEFINED, 0.0, exceeds(state.natural(state.need[:, k])))
        at_least[:, k] = np.minimum(at_least[:, k - 1], reached)
    probability = at_least[:, :-1] - at_least[:, 1:]
    return (1.0 - share) * probability + share * other
