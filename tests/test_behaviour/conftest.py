"""One forecaster of a made-up shop and one of a real one, for what both must do."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest
import simulated

from features.histories import Histories
from features.policy import TierPolicy
from training.fit import Fitted, fit_forecaster
from training.labels import Labels, label

JOURNEY_CUTOFF = dt.date(2017, 12, 4)


@dataclass(frozen=True)
class Shop:
    """A log, and what was fitted on the part of it before ``as_of``."""

    histories: Histories
    as_of: dt.date
    fitted: Fitted

    def outcome(self) -> Labels:
        """What happened after ``as_of``."""
        return label(self.fitted.forecaster.describe(self.histories, self.as_of), self.histories)


@pytest.fixture(scope="session")
def made_up() -> Shop:
    histories = simulated.histories(simulated.log())
    return Shop(
        histories, simulated.AS_OF, fit_forecaster(histories, simulated.AS_OF, **simulated.SPANS, policy=simulated.NET)
    )


@pytest.fixture(scope="session")
def real(journey: Histories, journey_policy: TierPolicy) -> Shop:
    return Shop(journey, JOURNEY_CUTOFF, fit_forecaster(journey, JOURNEY_CUTOFF, **simulated.SPANS, policy=journey_policy))


@pytest.fixture(params=["made_up", "real"])
def shop(request: pytest.FixtureRequest) -> Shop:
    found: Shop = request.getfixturevalue(request.param)
    return found
