"""Spend's distribution and a policy → the probability of each tier at cutoff + horizon.

P(tier >= k) = 1 where nothing more is needed for tier k, 0 where no amount gives it (a tier by invitation), else
(1 - p_churn) * P(spend >= need of k | purchase). Only for policies that count spend: no other metric is forecast yet.
Where returns reopen the decision, a member may fall below what carry has secured: ``slip`` is how often one did in training.
"""

from __future__ import annotations

import numpy as np

from features.operators import Floats
from features.policy import TierPolicy
from features.tiers import UNDEFINED, TierState
from training.dataset import Dataset
from training.spend import SpendIfAny


def tier_probabilities(p_churn: Floats, spend: SpendIfAny, state: TierState, slip: float) -> Floats:
    """Probability of each tier, lowest first.

    Parameters
    ----------
    p_churn : (n_rows,) the forecast's mass at no spend at all
    spend : the rest of its distribution
    state : the policy's word on the rows
    slip : probability of ending one tier below the secured one because of returns, 0 where they do not count

    Returns
    -------
    (n_rows, n_tiers), rows sum to 1
    """
    rows, tiers = state.need.shape
    at_least = np.ones((rows, tiers + 1))
    at_least[:, tiers] = 0.0
    needs = state.natural(state.need)
    exceeded = spend.exceeds(needs[:, 1:])
    for k in range(1, tiers):
        reached = (1.0 - p_churn) * exceeded[:, k - 1]
        reached = np.where(state.need[:, k] == UNDEFINED, 0.0, reached)
        at_least[:, k] = np.where(state.need[:, k] == 0, 1.0, np.minimum(reached, at_least[:, k - 1]))
    probability = at_least[:, :-1] - at_least[:, 1:]
    if slip > 0.0:
        secured = state.secured > 0
        probability[secured] *= 1.0 - slip
        probability[secured, state.secured[secured] - 1] += slip
    return probability


def by_spend(policy: TierPolicy | None) -> bool:
    """Whether tiers follow from spend alone, the one metric that is forecast."""
    return policy is not None and all(version.metric == "spend" for version in policy.versions or (policy,))


def fit_slip(data: Dataset) -> float:
    """How often training members fell below a secured tier, drawn in by half a member; 0 where returns do not count."""
    state, reached = data.table.state, data.labels.next_tier
    assert state is not None
    assert reached is not None
    assert data.table.policy is not None
    if data.table.policy.returns == "ignore":
        return 0.0
    secured = state.secured > 0
    fell = reached[secured] < state.secured[secured]
    return float((fell.sum() + 0.5) / (len(fell) + 1.0))
