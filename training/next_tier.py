"""Spend's distribution and a policy → the probability of each tier at cutoff + horizon.

P(tier >= k) = 1 where carry alone reaches tier k, else (1 - p_churn) * P(spend >= need of k | purchase).
Where returns reopen the decision, a member may fall below what carry has secured: ``slip`` is how often one did in training.
"""

from __future__ import annotations

import numpy as np

from features.money import to_currency
from features.operators import Floats
from features.tiers import TierState
from training.dataset import Dataset
from training.spend import SpendModel


def tier_probabilities(
    p_churn: Floats, mean: Floats, scale: Floats, spend: SpendModel, state: TierState, slip: float
) -> Floats:
    """Probability of each tier, lowest first.

    Parameters
    ----------
    p_churn, mean, scale : (n_rows,) the forecast distribution of spend
    state : the policy's word on the rows
    slip : probability of ending one tier below the secured one because of returns, 0 where they do not count

    Returns
    -------
    (n_rows, n_tiers), rows sum to 1
    """
    rows, tiers = state.need.shape
    at_least = np.ones((rows, tiers + 1))
    at_least[:, tiers] = 0.0
    needs = to_currency(state.need)
    for k in range(1, tiers):
        reached = (1.0 - p_churn) * spend.exceeds(mean, scale, needs[:, k])
        at_least[:, k] = np.where(state.need[:, k] > 0, np.minimum(reached, at_least[:, k - 1]), 1.0)
    probability = at_least[:, :-1] - at_least[:, 1:]
    if slip > 0.0:
        secured = state.secured > 0
        probability[secured] *= 1.0 - slip
        probability[secured, state.secured[secured] - 1] += slip
    return probability


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
