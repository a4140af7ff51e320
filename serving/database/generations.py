"""Batches in the store: each fills a generation that nobody reads, and puts it in place at once."""

from __future__ import annotations

import datetime as dt
import json
import math
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, delete, exists, func, insert, select, update

from features.errors import ArtifactError, NoModelError, StoreError
from features.snapshot import to_date, to_day
from serving.database.asking import mark
from serving.database.engine import SQLITE, filling, reading, writing
from serving.database.forecasts import ForecastRow
from serving.database.locks import alone
from serving.database.tables import FORECAST, GENERATION, HISTORY, LINE, MODEL
from serving.store import IdKind
from training.artifact import Bundle

KEPT: Final = 2
"""Complete generations that stay: what is asked now, and what it is compared with or was before."""
_FORECAST: Final = ("member", "as_of", "stale", "desk_order", "temperature", "tier", "stage", "near", "body")
_FORECAST_TYPES: Final = ("text", "int4", "bool", "float8", "float8", "int2", "int2", "int2", "bytea")
_HISTORY: Final = ("member", "body")
_HISTORY_TYPES: Final = ("text", "bytea")


@dataclass(frozen=True)
class Generation:
    """All forecasts of one model at one as-of date."""

    id: int
    model_version: str
    as_of: dt.date
    id_kind: IdKind
    width: int
    members: int
    log: str


def begin(engine: Engine, bundle: Bundle, as_of: dt.date, id_kind: IdKind, width: int, log: str) -> Generation:
    """A new generation, still empty; its model is stored beside it.

    Raises
    ------
    StoreError
    """
    version = bundle.version
    with writing(engine) as connection:
        if connection.execute(select(MODEL.c.version).where(MODEL.c.version == version)).first() is None:
            content = json.dumps([bundle.plain, bundle.texts]).encode()
            _insert_new(connection, version, zlib.compress(content))
        row = {"model_version": version, "as_of": to_day(as_of), "id_kind": id_kind, "width": width, "log": log}
        made_at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        added = connection.execute(insert(GENERATION).values(**row, members=0, made_at=made_at))
        assert added.inserted_primary_key is not None
        return Generation(int(added.inserted_primary_key[0]), version, as_of, id_kind, width, 0, log)


def add(
    engine: Engine, generation: Generation, forecasts: Sequence[ForecastRow], histories: Sequence[tuple[str, bytes]]
) -> None:
    """Put rows into a generation that is being filled, all of them or none.

    Raises
    ------
    StoreError
        the database is away, or the generation has been given up or is complete
    """
    rows = (
        (row.member, row.as_of, row.stale, desk_order(row.value_at_risk), *row[4:])  # the rest stands as in the table
        for row in forecasts
    )
    with filling(engine) as connection:
        state = connection.execute(select(GENERATION.c.complete).where(GENERATION.c.id == generation.id)).scalar()
        if state is not False:
            raise StoreError("a batch fills a generation of its own", "one that is not open", "start the batch again")
        _load(connection, FORECAST.name, generation.id, _FORECAST, _FORECAST_TYPES, rows)
        _load(connection, HISTORY.name, generation.id, _HISTORY, _HISTORY_TYPES, histories)


def publish(engine: Engine, generation: Generation, members: int) -> Generation:
    """Put a filled generation in place; forecasts that do not know a line posted since are marked stale.

    Raises
    ------
    StoreError
    """
    with writing(engine) as connection:
        alone(connection)
        done = update(GENERATION).where(GENERATION.c.id == generation.id).values(complete=True, members=members)
        if connection.execute(done).rowcount != 1:
            raise StoreError("a batch fills a generation of its own", "one that is not there", "start the batch again")
        posted = exists().where(LINE.c.member == FORECAST.c.member, LINE.c.day >= to_day(generation.as_of))
        connection.execute(update(FORECAST).where(FORECAST.c.generation == generation.id, posted).values(stale=True))
        # An older generation that stays may still be asked: it needs the lines since its own date.
        kept = select(func.min(GENERATION.c.as_of)).where(GENERATION.c.id.in_(_to_keep(connection)))
        connection.execute(delete(LINE).where(LINE.c.day < kept.scalar_subquery()))
    return replace(generation, members=members)


def complete(engine: Engine) -> list[Generation]:
    """Generations that are in place, newest first.

    Raises
    ------
    StoreError
    """
    with reading(engine) as connection:
        rows = connection.execute(select(GENERATION).where(GENERATION.c.complete).order_by(GENERATION.c.id.desc()))
        return [_generation(row) for row in rows]


def model(engine: Engine, version: str) -> Bundle:
    """The model of a generation.

    Raises
    ------
    NoModelError
        there is none of this version
    ArtifactError
        it is damaged
    StoreError
    """
    with reading(engine) as connection:
        body = connection.execute(select(MODEL.c.body).where(MODEL.c.version == version)).scalar()
    if body is None:
        raise NoModelError("a store holds the models of its forecasts", "none of this version", "run 'tiercast score' again")
    try:
        plain, texts = json.loads(zlib.decompress(body))
        bundle = Bundle(plain, texts)
        whole = bundle.version == version
    except (zlib.error, ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        got = "a damaged one"
        raise ArtifactError("a model's content matches its version", got, "run 'tiercast score' again")
    return bundle


def desk_order(value_at_risk: float | None) -> float:
    """Where a member stands on the desk's list: the largest value at risk first, those without one last.

    >>> sorted([12.5, None, 300.0], key=desk_order)
    [300.0, 12.5, None]
    """
    # Layout's rows say nan for what is not available.
    return math.inf if value_at_risk is None or math.isnan(value_at_risk) else -value_at_risk


def _generation(row: Row[Any]) -> Generation:
    return Generation(row.id, row.model_version, to_date(row.as_of), row.id_kind, row.width, row.members, row.log)


def _to_keep(connection: Connection) -> list[int]:
    """The newest complete generations of different (model, as-of date)."""
    columns = GENERATION.c.model_version, GENERATION.c.as_of
    newest = select(func.max(GENERATION.c.id)).where(GENERATION.c.complete).group_by(*columns)
    return sorted(connection.execute(newest).scalars(), reverse=True)[:KEPT]


def _insert_new(connection: Connection, version: str, body: bytes) -> None:
    sign = mark(connection.engine)
    statement = f"INSERT INTO model (version, body) VALUES ({sign}, {sign}) ON CONFLICT DO NOTHING"  # noqa: S608
    connection.exec_driver_sql(statement, (version, body))


def _load(
    connection: Connection,
    table: str,
    generation: int,
    columns: Sequence[str],
    types: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
) -> None:
    """Many rows by the driver's fastest way."""
    driver: Any = connection.connection.driver_connection
    names = ", ".join(columns)
    if connection.dialect.name == SQLITE:
        marks = ", ".join("?" * len(columns))
        driver.executemany(f"INSERT INTO {table} ({names}, generation) VALUES ({marks}, {generation:d})", rows)  # noqa: S608
        return
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} (generation, {names}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(("int8", *types))
        for row in rows:
            copy.write_row((generation, *row))
