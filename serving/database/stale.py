"""Forecasts that do not know all posted lines: marked here, so that whoever reads one makes it anew first."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, exists, literal, null, select, true

from serving.database.rows import upsert
from serving.database.tables import FORECAST, GENERATION, HISTORY, LINE


def mark_stale(connection: Connection, generation: int, members: Sequence[str] | None = None) -> None:
    """Mark those whose members have lines on days from the generation's date on.

    A member of the log without a forecast, for want of a purchase in the look-back, may have one now: a row without numbers
    is put in place, which says so.

    Parameters
    ----------
    members : all of them where there are none named
    """
    since = select(GENERATION.c.as_of).where(GENERATION.c.id == generation).scalar_subquery()
    concerned: ColumnElement[bool]
    if members is None:
        concerned = HISTORY.c.member.in_(select(LINE.c.member).where(LINE.c.day >= since))
    else:
        posted = exists().where(LINE.c.member == HISTORY.c.member, LINE.c.day >= since)
        concerned = HISTORY.c.member.in_(members) & posted
    empty = {
        "generation": HISTORY.c.generation,
        "member": HISTORY.c.member,
        "as_of": since,
        "stale": true(),
        "desk_order": literal(math.inf),
        "temperature": literal(0.0),
        "tier": null(),
        "stage": literal(0),
        "near": literal(0),
        "body": literal(b""),
    }
    rows = select(*empty.values()).where(HISTORY.c.generation == generation, concerned)
    statement = upsert(connection, FORECAST).from_select(list(empty), rows)
    connection.execute(statement.on_conflict_do_update(index_elements=["generation", "member"], set_={"stale": true()}))
