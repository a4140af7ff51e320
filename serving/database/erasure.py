"""Erasing a member: every row of theirs goes, and a receipt stays that does not name them."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update

from serving.database.asking import ask
from serving.database.engine import SQLITE, reading, writing
from serving.database.generations import Generation
from serving.database.locks import members_held, shared
from serving.database.rows import now
from serving.database.tables import ERASURE, FORECAST, GENERATION, HISTORY, LINE
from serving.database.texts import storable


@dataclass(frozen=True)
class Receipt:
    """That somebody was erased: when, and how many rows by table. ``id`` is random and says nothing about whom."""

    id: str
    erased_at: dt.datetime
    counts: dict[str, int]


def erase(engine: Engine, key: str, mark: bytes) -> Receipt:
    """Delete every row of a member, in all generations, and write a receipt; all or nothing.

    Erased once more, a member has the receipt of the first time, with what was found since added to it.

    Parameters
    ----------
    mark : keyed hash of the member, by which the next batch leaves them out

    Raises
    ------
    StoreError
    """
    counts = {"forecast": 0, "history": 0, "line": 0}
    with writing(engine) as connection:
        shared(connection)
        if storable(key):
            counts = _delete(connection, key)
        erased_at = now()
        there = connection.execute(select(ERASURE.c.id, ERASURE.c.counts).where(ERASURE.c.mark == mark)).first()
        if there is None:
            number = secrets.token_hex(16)
            row = {"id": number, "erased_at": erased_at, "counts": json.dumps(counts), "mark": mark}
            connection.execute(insert(ERASURE).values(row))
        else:
            number, before = there.id, json.loads(there.counts)
            counts = {table: count + before[table] for table, count in counts.items()}
            changed = {"erased_at": erased_at, "counts": json.dumps(counts)}
            connection.execute(update(ERASURE).where(ERASURE.c.id == number).values(changed))
    _empty_journal(engine)
    return Receipt(number, dt.datetime.fromisoformat(erased_at), counts)


def erased_marks(engine: Engine) -> set[bytes]:
    """Marks of all who were erased.

    Raises
    ------
    StoreError
    """
    with reading(engine) as connection:
        return {bytes(mark) for mark in connection.execute(select(ERASURE.c.mark)).scalars()}


def take_out(engine: Engine, generation: Generation, keys: list[str]) -> None:
    """Delete members from a generation that is being filled: who was erased while their forecasts were made.

    Raises
    ------
    StoreError
    """
    with writing(engine) as connection:
        for table in (FORECAST, HISTORY):
            for start in range(0, len(keys), 500):
                some = keys[start : start + 500]
                connection.execute(delete(table).where(table.c.generation == generation.id, table.c.member.in_(some)))
    _empty_journal(engine)


def _delete(connection: Connection, key: str) -> dict[str, int]:
    generations = list(connection.execute(select(GENERATION.c.id)).scalars())
    members_held(connection, generations, [key])
    of_member: dict[str, Any] = {
        # By generation, as the primary keys begin with it.
        "forecast": delete(FORECAST).where(FORECAST.c.generation.in_(generations), FORECAST.c.member == key),
        "history": delete(HISTORY).where(HISTORY.c.generation.in_(generations), HISTORY.c.member == key),
        "line": delete(LINE).where(LINE.c.member == key),
    }
    return {table: connection.execute(statement).rowcount for table, statement in of_member.items()}


def _empty_journal(engine: Engine) -> None:
    """On SQLite what was deleted is zeros in the file (see the engine), but its journal holds it until that is empty."""
    if engine.dialect.name == SQLITE:
        # While somebody else reads it stays; the next erasure empties it, or the last process that closes the file.
        ask(engine, "PRAGMA wal_checkpoint(TRUNCATE)")
