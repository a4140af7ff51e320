"""Taking away what no batch needs any more, little by little: posting goes on meanwhile."""

from __future__ import annotations

import datetime as dt
import time
from typing import Final

from sqlalchemy import Connection, Engine, Table, delete, func, select, update

from serving.database.engine import SQLITE, filling, patient, reading, writing
from serving.database.locks import alone
from serving.database.tables import COMPLETE, FILLING, FORECAST, GENERATION, HISTORY, LEAVING, LINE, MODEL

KEPT: Final = 2
"""Complete generations that stay: what is asked now, and what it is compared with or came before it."""
CHUNK: Final = 2_000
"""Rows taken away in one transaction."""
_GIVEN_UP_AFTER: Final = dt.timedelta(days=1)


def prune(engine: Engine) -> None:
    """Keep the newest complete generations of different (model, as-of date), and what is being filled; the rest goes.

    A generation to which no row was added for a day has been given up by its batch. Lines from before the oldest generation
    that stays are in every batch. One that is broken off is taken up again by the next.

    Raises
    ------
    StoreError
    """
    with writing(engine) as connection:
        patient(connection)
        alone(connection)
        kept = _to_keep(connection)
        given_up = (dt.datetime.now(dt.UTC) - _GIVEN_UP_AFTER).isoformat(timespec="seconds")
        abandoned = (GENERATION.c.state == FILLING) & (GENERATION.c.filled_at < given_up)
        replaced = (GENERATION.c.state == COMPLETE) & GENERATION.c.id.not_in(kept)
        # From here on nobody reads or writes them, so the rest needs no lock.
        connection.execute(update(GENERATION).where(abandoned | replaced).values(state=LEAVING))
    with reading(engine) as connection:
        leaving = list(connection.execute(select(GENERATION.c.id).where(GENERATION.c.state == LEAVING)).scalars())
        oldest = connection.execute(select(func.min(GENERATION.c.as_of)).where(GENERATION.c.id.in_(kept))).scalar()
    for generation in leaving:
        _take_away(engine, FORECAST, generation)
        _take_away(engine, HISTORY, generation)
    with writing(engine) as connection:
        patient(connection)
        alone(connection)
        connection.execute(delete(GENERATION).where(GENERATION.c.id.in_(leaving)))
        connection.execute(delete(MODEL).where(MODEL.c.version.not_in(select(GENERATION.c.model_version))))
    if oldest is not None:
        _forget_lines(engine, oldest)


def _to_keep(connection: Connection) -> list[int]:
    columns = GENERATION.c.model_version, GENERATION.c.as_of
    newest = select(func.max(GENERATION.c.id)).where(GENERATION.c.state == COMPLETE).group_by(*columns)
    return sorted(connection.execute(newest).scalars(), reverse=True)[:KEPT]


def _take_away(engine: Engine, table: Table, generation: int) -> None:
    """All rows of a generation, in the order of the primary key."""
    mine = table.c.generation == generation
    end = select(table.c.member).where(mine).order_by(table.c.member).offset(CHUNK - 1).limit(1)
    last: str | None = None
    more = True
    while more:
        began = time.monotonic()
        with filling(engine) as connection:
            after = table.c.member > last if last is not None else table.c.member.is_not(None)
            last = connection.execute(end.where(after)).scalar()
            more = last is not None
            upto = table.c.member <= last if last is not None else table.c.member.is_not(None)
            connection.execute(delete(table).where(mine, after, upto))
        _rest(engine, began)


def _forget_lines(engine: Engine, before: int) -> None:
    more = True
    while more:
        began = time.monotonic()
        with filling(engine) as connection:
            some = select(LINE.c.member, LINE.c.key).where(LINE.c.day < before).limit(CHUNK)
            pairs = [tuple(pair) for pair in connection.execute(some)]
            if pairs:
                sign = "?" if engine.dialect.name == SQLITE else "%s"
                statement = f"DELETE FROM line WHERE member = {sign} AND key = {sign}"  # noqa: S608
                connection.exec_driver_sql(statement, pairs)
            more = len(pairs) == CHUNK
        _rest(engine, began)


def _rest(engine: Engine, began: float) -> None:
    """As long as it worked: SQLite's writers take turns by asking now and then, and would hardly ever find it free."""
    if engine.dialect.name == SQLITE:
        time.sleep(min(time.monotonic() - began, 0.2))
