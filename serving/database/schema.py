"""Which tables a database has: none yet, those of this release, older or newer ones; and the way to this release's."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect

from features.errors import ArtifactError
from serving.database.engine import PATIENCE_S, SQLITE, reading, writing
from serving.database.tables import METADATA

REVISIONS: Final = ("0001",)
"""All steps, oldest first (serving/database/migrations/versions)."""
_RULE: Final = "a store has the tables of this release"
_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x7469657263617374 + 1
_PRESENT: Final = {
    True: "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'",
    # Read as rows: to_regclass answers from what this connection remembers, and may miss what was made while it waited.
    False: "SELECT 1 FROM pg_tables WHERE tablename = 'alembic_version' AND schemaname = ANY (current_schemas(false))",
}


def ensure(engine: Engine) -> None:
    """Bring an empty or older database to this release's tables; of several processes that try at once, one does it.

    Raises
    ------
    ArtifactError
        it is of a newer release, or has tables of another kind: the store of a release without migrations had
    StoreError
        it is away
    """
    name = engine.url.database
    if engine.dialect.name == SQLITE and name and name != ":memory:":
        Path(name).parent.mkdir(parents=True, exist_ok=True)
    with reading(engine) as connection:
        there = _revision(connection)
    if there == REVISIONS[-1]:
        return
    with writing(engine, PATIENCE_S) as connection:
        if engine.dialect.name != SQLITE:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        there = _revision(connection)
        _refuse_newer(there)
        if there is None:
            _refuse_others(connection)
        if there != REVISIONS[-1]:
            _migrate(connection)


def check(engine: Engine) -> None:
    """Refuse a database that has not this release's tables: for those that only read.

    Raises
    ------
    ArtifactError
        it is empty, older or newer
    StoreError
        it is away
    """
    with reading(engine) as connection:
        there = _revision(connection)
    _refuse_newer(there)
    if there != REVISIONS[-1]:
        got = "an older one" if there else "an empty one"
        raise ArtifactError(
            "a store has the tables of this release", got, "run 'tiercast score', which brings it up to date"
        )


def _refuse_newer(there: str | None) -> None:
    if there is not None and there not in REVISIONS:
        raise ArtifactError(_RULE, "those of a newer one", "use that release to open it")


def _refuse_others(connection: Connection) -> None:
    names = set(METADATA.tables) & set(inspect(connection).get_table_names())
    if names:
        raise ArtifactError(
            _RULE,
            "tables of another kind, such as the look-up store of an earlier release",
            "move that file away, or name another database as TIERCAST_STORE: 'tiercast score' makes all that it held anew",
        )


def _revision(connection: Connection) -> str | None:
    if connection.exec_driver_sql(_PRESENT[connection.dialect.name == SQLITE]).first() is None:
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)


def _migrate(connection: Connection) -> None:
    from alembic.command import upgrade
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    upgrade(config, "head")
