"""Empty stores for tests, on SQLite and on a PostgreSQL server of our own; made-up forecasts to fill them with."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from own_postgres import PASSWORD, Cluster
from sqlalchemy import Engine

from features.snapshot import to_day
from serving.database.engine import open_engine
from serving.database.forecasts import ForecastRow
from serving.database.generations import Generation, add, begin, publish
from serving.database.schema import ensure
from training.artifact import Bundle

BUNDLE = Bundle({"trained_as_of": "2026-01-01", "kind": "made up"}, {"churn": "tree"})
AS_OF = dt.date(2026, 6, 1)
DAY = to_day(AS_OF)


def postgres_url(cluster: Cluster, database: str) -> str:
    """A database of the server, made anew."""
    cluster.run(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)", f"CREATE DATABASE {database}")
    return f"postgresql://tiercast:{quote(PASSWORD)}@127.0.0.1:{cluster.port}/{database}"


def sqlite_url(folder: Path, ready: Path | None = None) -> str:
    """A file of its own, a copy of one whose tables are there already."""
    folder.mkdir(parents=True, exist_ok=True)
    if ready is not None:
        shutil.copy(ready, folder / "store.sqlite")
    return f"sqlite:///{folder / 'store.sqlite'}"


def opened(url: str) -> Engine:
    engine = open_engine(url)
    ensure(engine)
    return engine


def row(member: str, value_at_risk: float | None = 10.0, **changes: object) -> ForecastRow:
    made = ForecastRow(member, DAY, False, value_at_risk, 50.0, 1, 2, 0, f"forecast of {member}".encode())
    return made._replace(**changes)  # type: ignore[arg-type]


def fill(
    engine: Engine,
    rows: Iterable[ForecastRow],
    *,
    as_of: dt.date = AS_OF,
    bundle: Bundle = BUNDLE,
    silent: Iterable[str] = (),
) -> Generation:
    """A published generation; of ``silent`` members there is a history alone."""
    rows = list(rows)
    generation = begin(engine, bundle, as_of, "text", 3, "{}")
    histories = [(member, f"history of {member}".encode()) for member in [*(one.member for one in rows), *silent]]
    add(engine, generation, rows, histories)
    return publish(engine, generation, len(rows))
