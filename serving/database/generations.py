"""Batches in the store: each fills a generation that nobody reads, and puts it in place at once."""

from __future__ import annotations

import datetime as dt
import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, insert, select, update

from features.errors import ArtifactError, InputError, NoModelError, StoreError, counted
from features.snapshot import to_date, to_day
from serving.database.engine import PATIENCE_S, SQLITE, filling, reading, writing
from serving.database.forecasts import ForecastRow
from serving.database.locks import alone
from serving.database.rows import COLUMNS, now, upsert, values
from serving.database.stale import mark_stale
from serving.database.tables import COMPLETE, FILLING, FORECAST, GENERATION, HISTORY, LEAVING, MODEL
from serving.database.texts import storable
from serving.forecast.members import IdKind
from training.artifact import Bundle
from training.provenance import Provenance

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
    with writing(engine, PATIENCE_S) as connection:
        content = json.dumps([bundle.plain, bundle.texts]).encode()
        kept = upsert(connection, MODEL).values(version=version, body=zlib.compress(content))
        # Written anew where it is there, so that scoring again mends a damaged one.
        connection.execute(kept.on_conflict_do_update(index_elements=["version"], set_={"body": kept.excluded.body}))
        row = {"model_version": version, "as_of": to_day(as_of), "id_kind": id_kind, "width": width, "log": log}
        added = connection.execute(insert(GENERATION).values(**row, members=0, state=FILLING, filled_at=now()))
        assert added.inserted_primary_key is not None
        return Generation(int(added.inserted_primary_key[0]), version, as_of, id_kind, width, 0, log)


def add(
    engine: Engine, generation: Generation, forecasts: Sequence[ForecastRow], histories: Sequence[tuple[str, bytes]]
) -> None:
    """Put rows into a generation that is being filled, all of them or none.

    Raises
    ------
    InputError
        an id is none that a database can hold
    StoreError
        the database is away, or the generation has been given up or is complete
    """
    unfit = sum(not storable(row[0]) for rows in (forecasts, histories) for row in rows)
    if unfit:  # who cannot be asked for could not be erased either
        raise InputError(
            "an id is text without null characters", f"{counted(unfit, 'row')} of others", "mend them in the log"
        )
    with filling(engine) as connection:
        _take(connection, generation.id, filled_at=now())
        _load(connection, FORECAST.name, generation.id, COLUMNS, _FORECAST_TYPES, map(values, forecasts))
        _load(connection, HISTORY.name, generation.id, _HISTORY, _HISTORY_TYPES, histories)


def give_up(engine: Engine, generation: int, version: str) -> None:
    """Leave a generation that a batch began to fill, and that will not be filled, to ``prune``.

    Raises
    ------
    StoreError
    """
    with writing(engine, PATIENCE_S) as connection:
        open_one = (GENERATION.c.id == generation, GENERATION.c.state == FILLING, GENERATION.c.model_version == version)
        connection.execute(update(GENERATION).where(*open_one).values(state=LEAVING))


def publish(engine: Engine, generation: Generation, members: int) -> Generation:
    """Put a filled generation in place; forecasts that do not know a line posted since are marked stale.

    Raises
    ------
    StoreError
    """
    if engine.dialect.name != SQLITE:
        with filling(engine) as connection:
            connection.exec_driver_sql("ANALYZE forecast, history")  # now, not when the server finds the time for it
    with writing(engine, PATIENCE_S) as connection:
        alone(connection)
        _take(connection, generation.id, state=COMPLETE, members=members)
        mark_stale(connection, generation.id)
    return replace(generation, members=members)


def complete(engine: Engine) -> list[Generation]:
    """Generations that are in place, newest first.

    Raises
    ------
    StoreError
    """
    with reading(engine) as connection:
        rows = connection.execute(select(GENERATION).where(GENERATION.c.state == COMPLETE).order_by(GENERATION.c.id.desc()))
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


def remember(engine: Engine, version: str, known: Provenance) -> None:
    """Store beside a model where it came from.

    Raises
    ------
    StoreError
    """
    with writing(engine) as connection:
        connection.execute(update(MODEL).where(MODEL.c.version == version).values(about=known.to_json()))


def _generation(row: Row[Any]) -> Generation:
    return Generation(row.id, row.model_version, to_date(row.as_of), row.id_kind, row.width, row.members, row.log)


def _take(connection: Connection, generation: int, **values: Any) -> None:
    """Change a generation that is being filled, and hold it until the transaction ends."""
    open_one = (GENERATION.c.id == generation, GENERATION.c.state == FILLING)
    if connection.execute(update(GENERATION).where(*open_one).values(**values)).rowcount != 1:
        raise StoreError("a batch fills a generation of its own", "one that is not open", "start the batch again")


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
