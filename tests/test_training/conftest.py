"""Fits that many tests look at, made once a session."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import simulated

from features.daily import DailyRow
from features.histories import Histories
from features.policy import TierPolicy
from serving.batch.pyfunc import answers
from training.backtest import Origin, run_backtest
from training.fit import Fitted, fit_forecaster
from training.forecaster import Forecaster
from training.mlflow_adapter import log_training
from training.track import records
from training.train import Trained, run_training

JOURNEY_CUTOFF = dt.date(2017, 12, 4)


@pytest.fixture(autouse=True)
def closed_figures() -> Iterator[None]:
    """No test leaves a figure open for the next."""
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


@pytest.fixture(scope="session")
def small_log() -> dict[str, list[DailyRow]]:
    return simulated.log()


@pytest.fixture(scope="session")
def small(small_log: dict[str, list[DailyRow]]) -> Histories:
    return simulated.histories(small_log)


@pytest.fixture(scope="session")
def visits_only(small_log: dict[str, list[DailyRow]]) -> Histories:
    return simulated.histories(small_log, has_amounts=False)


@pytest.fixture(scope="session")
def small_fitted(small: Histories) -> Fitted:
    """With a policy under which returns count."""
    return fit_forecaster(small, simulated.AS_OF, **simulated.SPANS, policy=simulated.NET)


@pytest.fixture(scope="session")
def visits_fitted(visits_only: Histories) -> Fitted:
    """Without amounts, yet with a policy."""
    return fit_forecaster(visits_only, simulated.AS_OF, **simulated.SPANS, policy=simulated.NET)


@pytest.fixture(scope="session")
def small_trained(small: Histories) -> Trained:
    return run_training(small, **simulated.SPANS, policy=simulated.NET, as_of=simulated.AS_OF)


@pytest.fixture(scope="session")
def small_origins(small: Histories) -> list[Origin]:
    """The small log as it was forecast at two cutoffs a horizon apart."""
    older = simulated.AS_OF - dt.timedelta(days=simulated.HORIZON)
    return run_backtest(small, [older, simulated.AS_OF], **simulated.SPANS, policy=simulated.NET)


@pytest.fixture(scope="session")
def journey_origin(journey: Histories, journey_policy: TierPolicy) -> Origin:
    """Complete Journey as it was forecast at 2017-12-04."""
    (origin,) = run_backtest(journey, [JOURNEY_CUTOFF], **simulated.SPANS, policy=journey_policy)
    return origin


@dataclass(frozen=True)
class Registry:
    """An MLflow tracking server in a folder, with one run in it."""

    uri: str
    folder: Path
    run_id: str


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory, small_trained: Trained, small: Histories) -> Registry:
    folder = tmp_path_factory.mktemp("mlflow")
    uri = f"sqlite:///{folder}/mlflow.db"
    bundle = small_trained.fitted.bundle
    logged = log_training(records(small_trained, small), bundle, answers, tracking_uri=uri, artifacts=folder / "artifacts")
    return Registry(uri, folder, logged.run_id)


@pytest.fixture(scope="session")
def journey_forecaster(journey: Histories, journey_policy: TierPolicy) -> Forecaster:
    """As in ``journey_origin``, fitted a second time."""
    return fit_forecaster(journey, JOURNEY_CUTOFF, **simulated.SPANS, policy=journey_policy).forecaster
