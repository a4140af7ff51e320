"""A simulated shop with its model and reference, scored by plain calls: as it was, and with prices raised on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import simulated
from stores import opened, sqlite_url

import features
from features.histories import Histories
from serving.batch.run import score_all
from serving.settings import Home
from serving.watch.kept import write_reference
from serving.watch.recording import record_run
from serving.watch.runs import Run
from training.artifact import save
from training.fit import Fitted, fit_forecaster
from training.reference import Reference
from training.sightings import make_reference

TRAINED = simulated.FIRST + dt.timedelta(days=270)
CHANGED = TRAINED + dt.timedelta(days=28)
FIGURES = {"churn_auc": (0.8, 0.75, 0.85), "next_tier_log_loss": (0.5, 0.4, 0.6)}
REFUSED = {"rows": 1_000, "no_member": 5}


@dataclass(frozen=True)
class World:
    lines: pd.DataFrame
    histories: Histories
    fitted: Fitted
    reference: Reference

    @property
    def version(self) -> str:
        return self.fitted.bundle.version


@cache
def lines(raised: float = 1.0) -> pd.DataFrame:
    """The shop's lines, from ``CHANGED`` on at other prices."""
    rows = []
    for member, days in simulated.log(members=260, seed=3).items():
        for day, values in days:
            price = raised if day >= CHANGED else 1.0
            for k in range(values["orders"]):
                amount = values["gross"] / values["orders"] / 10_000 * price
                rows.append((member, day.isoformat(), round(amount, 2), f"{member}-{day}-{k}"))
            if values["returned"]:
                rows.append((member, day.isoformat(), -round(values["returned"] / 10_000 * price, 2), f"{member}-{day}-r"))
    return pd.DataFrame(rows, columns=["customer_id", "timestamp", "amount", "order_id"])


def read(frame: pd.DataFrame) -> Histories:
    return features.from_log(features.check(frame))


@pytest.fixture(scope="session")
def world() -> World:
    frame = lines()
    histories = read(frame)
    fitted = fit_forecaster(histories, TRAINED, policy=simulated.NET, **simulated.SPANS)
    version = fitted.bundle.version
    reference = make_reference(fitted.forecaster, version, histories, refused=REFUSED, figures=FIGURES)
    return World(frame, histories, fitted, reference)


@pytest.fixture(scope="session")
def dearer() -> Histories:
    """The same shop with doubled prices from ``CHANGED`` on."""
    return read(lines(2.0))


@pytest.fixture
def place(tmp_path: Path, world: World) -> Home:
    """A home with the model and its reference."""
    home = Home(tmp_path / "home")
    save(world.fitted.bundle, home.models / world.version)
    write_reference(home.path, world.reference)
    return home


Scoring = Callable[..., Run]


@pytest.fixture
def scored(place: Home, world: World) -> Scoring:
    """Score and record a day, so many after the training, as 'tiercast score' does."""

    def run(days: int, histories: Histories = world.histories, **also: Any) -> Run:
        store = opened(sqlite_url(place.path))
        try:
            as_of = TRAINED + dt.timedelta(days=days)
            done = score_all(histories, world.fitted.bundle, as_of, out=place.path, store=store)
            return record_run(place, world.fitted.bundle, done.generation, store, histories=histories, **also)
        finally:
            store.dispose()

    return run
