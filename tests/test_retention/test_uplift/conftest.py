from __future__ import annotations

import numpy as np
import pytest
from moved import Campaign, campaign

from retention.uplift.learnt import Uplift, learn
from retention.uplift.policies import Money

TREES = 24
MONEY = Money(40.0, (4.0, 4.0))


@pytest.fixture(scope="session")
def moving() -> Campaign:
    """Three arms of unequal size; who is moved is not who leaves."""
    return campaign(2_000, 1, weights=(0.5, 0.3, 0.2), moved=0.6, noise=0)


@pytest.fixture(scope="session")
def uplift(moving: Campaign) -> Uplift:
    """Learnt from it, in money."""
    risk = np.asarray(moving.trial.covariates["p_churn"], np.float64)
    return learn(moving.trial, "returned", money=MONEY, risk=risk, trees=TREES)


@pytest.fixture(scope="session")
def nobody() -> Uplift:
    """Learnt where an action does the same for everybody."""
    return learn(campaign(800, 3, moved=0.0, everyone=0.1).trial, "returned", trees=TREES)
