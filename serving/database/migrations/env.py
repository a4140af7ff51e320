"""Alembic's way in: the connection, and the transaction that it is in, are the caller's (serving.database.schema)."""

from __future__ import annotations

from alembic import context

from serving.database.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
