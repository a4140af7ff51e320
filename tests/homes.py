"""Homes to serve from: what the demo left, and small ones of made-up logs."""

from __future__ import annotations

import datetime as dt
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from calls import Client
from sqlalchemy import Engine

import features
from features.feature import Feature
from features.histories import Histories
from features.policy import TierPolicy
from serving.assembly import Service, assembled
from serving.batch.run import Scored, score_all
from serving.database.engine import open_engine
from serving.database.schema import ensure
from serving.forecast.record import Layout
from serving.http.protection import Protection
from serving.settings import Home, Limits, sqlite_url
from training.artifact import Bundle, load, save, to_forecaster
from training.fit import fit_forecaster
from training.forecaster import Forecaster

AS_OF = dt.date(2018, 1, 2)


def service(home: Path, limits: Limits | None = None, **chosen: Any) -> Service:
    """The service over a home, looked up once and followed no further; without keys unless they are asked for."""
    protected = Protection(**{"with_keys": False, "log": "off", **chosen})
    made = assembled(Home(home), chosen=protected, most=limits, environment={})
    made.desk.look()
    return made


def app(home: Path, limits: Limits | None = None) -> Client:
    """The service's routes and middlewares as BentoML stacks them, without BentoML."""
    return Client(service(home, limits).app)


@dataclass(frozen=True)
class Demo:
    """What ``tiercast demo`` left, and what it said."""

    place: Path
    run: subprocess.CompletedProcess[str]

    @property
    def home(self) -> Home:
        return Home(self.place)

    @property
    def version(self) -> str:
        (folder,) = self.home.models.iterdir()
        return folder.name

    @cached_property
    def forecaster(self) -> Forecaster:
        return to_forecaster(load(self.home.models / self.version))

    @cached_property
    def forecasts(self) -> pd.DataFrame:
        return pd.read_parquet(self.place / "forecasts.parquet")

    @cached_property
    def client(self) -> Client:
        return app(self.place)


def shop_log(
    members: int = 60, *, days: int = 240, amounts: bool = True, ids: Callable[[int], Any] = lambda i: f"{i:03d}"
) -> pd.DataFrame:
    """A made-up shop from 2020-01-01 on: members of different rhythms, a third of whom leave at some time."""
    random = np.random.default_rng(7)
    rows = []
    for i in range(members):
        day = int(random.integers(0, 20))
        stop = days if i % 3 else int(random.integers(40, days))
        while day < stop:
            time = dt.datetime(2020, 1, 1, int(random.integers(8, 20))) + dt.timedelta(days=day)
            rows.append((ids(i), time.isoformat(), round(float(random.gamma(2.0, 12.0)), 2)))
            day += 1 + int(random.geometric(1 / (3 + i % 17)))
    frame = pd.DataFrame(rows, columns=["customer_id", "timestamp", "amount"])
    return frame if amounts else frame.drop(columns="amount")


SHOP_POLICY = TierPolicy.from_dict(
    {
        "programme": "Shop",
        "tiers": [{"name": "Base"}, {"name": "Top", "reach": 150.0}],
        "metric": "spend",
        "window": {"rolling_days": 60},
    }
)


@dataclass(frozen=True)
class Shop:
    """A made-up log, the model trained on it, and a home to serve it from."""

    log: pd.DataFrame
    histories: Histories
    bundle: Bundle
    forecaster: Forecaster
    layout: Layout
    home: Home
    as_of: dt.date
    scored: Scored = field(repr=False)

    def score(self, out: Path, as_of: dt.date | None = None, **options: Any) -> Scored:
        """Score it again, to another folder."""
        with opened_store(out / "store.sqlite") as store:
            return score_all(self.histories, self.bundle, as_of or self.as_of, **{"out": out, "store": store, **options})


def open_shop(
    place: Path,
    log: pd.DataFrame,
    policy: TierPolicy | None = SHOP_POLICY,
    own: Sequence[Feature] | None = None,
    *,
    time_zone: str | None = None,
) -> Shop:
    """Train on a log, by default on the features that are used by default, save the model and score everybody."""
    histories = features.from_log(features.check(log, time_zone=time_zone))
    as_of = histories.span[1]
    fitted = fit_forecaster(histories, as_of, horizon_days=21, lookback_days=60, policy=policy, features=own)
    home = Home(place)
    save(fitted.bundle, home.models / fitted.bundle.version)
    layout = Layout.of(fitted.forecaster, fitted.bundle.version)
    with opened_store(home.store) as store:
        scored = score_all(histories, fitted.bundle, as_of, out=place, store=store)
    return Shop(log, histories, fitted.bundle, fitted.forecaster, layout, home, as_of, scored)


def copied_store(home: Home, place: Path) -> Path:
    """A folder with the same store, to be written to: copied through SQLite, whose other files come and go as it is used."""
    place.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(home.store)) as full, closing(sqlite3.connect(place / home.store.name)) as own:
        full.backup(own)
    return place


@contextmanager
def opened_store(path: Path) -> Iterator[Engine]:
    """A store as a file, with its tables."""
    engine = open_engine(sqlite_url(path))
    ensure(engine)
    try:
        yield engine
    finally:
        engine.dispose()
