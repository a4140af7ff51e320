"""A database by its URL: SQLite as a file beside the models, or PostgreSQL; one that is away is said in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from features.errors import ConfigError, StoreError

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
WAIT_S: Final = 5.0
"""As long as a connection, a lock or an answer is waited for."""


def open_engine(url: str) -> Engine:
    """An engine for a database; nothing is connected yet.

    Parameters
    ----------
    url : ``sqlite:///path`` or ``postgresql://user@host/database``

    Raises
    ------
    ConfigError
        it is neither
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = URL.create("none")
    if parsed.get_backend_name() == SQLITE:
        engine = create_engine(parsed, connect_args={"timeout": WAIT_S, "check_same_thread": False}, hide_parameters=True)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.get_backend_name() == POSTGRESQL:
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,  # a server that was restarted is found again without a failed question
            pool_timeout=WAIT_S,
            connect_args={
                "connect_timeout": int(WAIT_S),
                "tcp_user_timeout": int(WAIT_S * 1000),
                "options": f"-c statement_timeout={int(WAIT_S * 1000)}",
            },
            hide_parameters=True,  # an error's text goes into logs, and what is sent names members
        )
    raise ConfigError(
        "a store is SQLite or PostgreSQL",
        "another URL",
        "set TIERCAST_STORE to sqlite:///path/to/store.sqlite or postgresql://user@host/database",
    )


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection to ask with.

    Raises
    ------
    StoreError
        the database is away, locked or damaged
    """
    with told(engine), engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction: all that is written in it is there at its end, or nothing.

    Raises
    ------
    StoreError
    """
    with told(engine), engine.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection


@contextmanager
def filling(engine: Engine) -> Iterator[Connection]:
    """A transaction of many rows that nobody has been promised yet, or that only tidies up.

    On SQLite it does not wait for the disk: the next transaction that does takes it along, a journal being written in order.

    Raises
    ------
    StoreError
    """
    with told(engine), engine.connect().execution_options(writes=True) as connection:
        driver: Any = connection.connection.driver_connection
        sqlite = engine.dialect.name == SQLITE
        if sqlite:
            driver.execute("PRAGMA synchronous = NORMAL")  # outside of the transaction, where alone it is heard
            driver.execute("PRAGMA cache_size = -65536")  # KiB at most: indexes are written all over the place
        try:
            with connection.begin():
                patient(connection)
                yield connection
        finally:
            if sqlite:
                driver.execute("PRAGMA synchronous = FULL")


def patient(connection: Connection) -> None:
    """Let this transaction's statements take minutes: a batch's work is not thrown away for want of a moment."""
    if connection.dialect.name != SQLITE:
        connection.exec_driver_sql("SET LOCAL statement_timeout = '10min'")


@contextmanager
def told(engine: Engine) -> Iterator[None]:
    """The database's errors as a ``StoreError``: without their text, which may name a member."""
    try:
        yield
    except (DBAPIError, PoolTimeout, engine.dialect.loaded_dbapi.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise StoreError(
            "the store's database answers",
            f"{type(cause).__name__} from it",
            "see that it runs and is reachable by TIERCAST_STORE; questions are answered again as soon as it does",
        ) from None


def _set_up_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, by their kind
    cursor = connection.cursor()
    cursor.execute("PRAGMA page_size = 8192")  # heard by a new file alone: several bodies to a page
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # what was acknowledged outlives a power cut
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA secure_delete = ON")  # what is erased, or replaced by a newer batch, is overwritten
    cursor.execute("PRAGMA mmap_size = 1073741824")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that will write takes the lock at once: two that read first could never both go on.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")
