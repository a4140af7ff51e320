"""What checks see of a sound programme, gathered once."""

from __future__ import annotations

import datetime as dt

import pytest
import simulated

from features.histories import Histories
from training.backtest import run_backtest
from training.checks import Evidence, gather
from training.train import Trained


@pytest.fixture(scope="session")
def sound(small: Histories, small_trained: Trained) -> Evidence:
    """The made-up shop, trained, with two past cutoffs."""
    earlier = simulated.AS_OF - dt.timedelta(days=2 * simulated.HORIZON)
    origins = run_backtest(small, [earlier], **simulated.SPANS, policy=simulated.NET)
    assert small_trained.origin is not None
    return gather(small, small_trained.fitted, small_trained.forecasts, [*origins, small_trained.origin])
