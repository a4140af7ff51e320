"""Who waits for whom. SQLite lets one write at a time; on PostgreSQL those that must not meet are named here.

::

    posting, erasing   share the store, and take the rows of their members, always in the same order
    publishing, ...    have it alone
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, select

from serving.database.engine import SQLITE
from serving.database.tables import HISTORY

_STORE: Final = 0x7469657263617374
"""A number of our own among the server's advisory locks."""


def shared(connection: Connection) -> None:
    """Until the transaction ends no generation is put in place or taken away."""
    if connection.dialect.name != SQLITE:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock_shared(%s)", (_STORE,))


def alone(connection: Connection) -> None:
    """Until the transaction ends nothing is posted, erased, put in place or taken away."""
    if connection.dialect.name != SQLITE:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_STORE,))


def members_held(connection: Connection, generations: Sequence[int], members: Sequence[str]) -> None:
    """Until the transaction ends nobody else posts for these members or erases them."""
    if connection.dialect.name != SQLITE:
        rows = select(HISTORY.c.member).where(HISTORY.c.generation.in_(generations), HISTORY.c.member.in_(members))
        # In one order for everybody, so that no two wait for each other.
        connection.execute(rows.order_by(HISTORY.c.member, HISTORY.c.generation).with_for_update(key_share=True))
