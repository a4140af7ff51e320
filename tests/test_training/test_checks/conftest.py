"""What checks see of a sound programme, gathered once."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
import simulated

from features.histories import Histories
from training.backtest import OURS, run_backtest
from training.checks import Evidence, Outcome, gather
from training.train import Trained

SIMPLE = {OURS, "base rate", "recency rule", "same tier", "Markov"}
"""Rules that a sound model beats on any log; a purchase process may well be better on a small one, and the check says so."""


@pytest.fixture(scope="session")
def sound(small: Histories, small_trained: Trained) -> Evidence:
    """The made-up shop, trained, with two past cutoffs."""
    earlier = simulated.AS_OF - dt.timedelta(days=2 * simulated.HORIZON)
    origins = run_backtest(small, [earlier], **simulated.SPANS, policy=simulated.NET)
    assert small_trained.origin is not None
    found = gather(small, small_trained.fitted, small_trained.forecasts, [*origins, small_trained.origin])
    return replace(found, outcomes=tuple(map(simple, found.outcomes)))


def simple(outcome: Outcome) -> Outcome:
    """The same with no other rules than ours and those."""
    churn, tiers = ({name: p for name, p in rules.items() if name in SIMPLE} for rules in (outcome.churn, outcome.tiers))
    return replace(outcome, churn=churn, tiers=tiers)
