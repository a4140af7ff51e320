"""Who waits for whom. SQLite lets one write at a time; on PostgreSQL those that must not meet are named here.

::

    posting, erasing   share the store, and take the rows of their members, always in the same order
    publishing, ...    have it alone
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from serving.database.engine import SQLITE

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
