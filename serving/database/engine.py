"""A database by its URL: SQLite as a file beside the models, or PostgreSQL; one that is away is said in one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from features.errors import ConfigError, StoreError
from serving.database.patience import patient
from serving.database.store_file import watch

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
WAIT_S: Final = 5.0
"""As long as a connection, a lock or an answer is waited for."""
PATIENCE_S: Final = 300.0
"""As long as a batch waits: its work is not thrown away for want of a moment."""


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
    except (ArgumentError, ValueError):  # a port that is no number
        parsed = URL.create("none")
    if parsed.get_backend_name() == SQLITE:
        engine = create_engine(parsed, connect_args={"timeout": WAIT_S, "check_same_thread": False}, hide_parameters=True)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        watch(engine)
        return engine
    if parsed.get_backend_name() == POSTGRESQL:
        engine = create_engine(
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
        event.listen(engine, "do_connect", _connect_postgresql)
        return engine
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
def writing(engine: Engine, wait_s: float = WAIT_S) -> Iterator[Connection]:
    """A connection in a transaction: all that is written in it is there at its end, or nothing.

    Parameters
    ----------
    wait_s : as long as a lock or an answer is waited for

    Raises
    ------
    StoreError
    """
    waits = [] if wait_s == WAIT_S else [("busy_timeout", _ms(wait_s), _ms(WAIT_S))]
    with _transaction(engine, wait_s, waits) as connection:
        yield connection


@contextmanager
def filling(engine: Engine) -> Iterator[Connection]:
    """A transaction of many rows that nobody has been promised yet, or that only tidies up.

    On SQLite it does not wait for the disk: the next transaction that does takes it along, a journal being written in order.

    Raises
    ------
    StoreError
    """
    settings = [
        ("busy_timeout", _ms(PATIENCE_S), _ms(WAIT_S)),
        ("synchronous", "NORMAL", "FULL"),
        ("cache_size", "-65536", "-2000"),  # KiB at most: indexes are written all over the place
    ]
    with _transaction(engine, PATIENCE_S, settings) as connection:
        yield connection


@contextmanager
def _transaction(engine: Engine, wait_s: float, settings: Sequence[tuple[str, str, str]]) -> Iterator[Connection]:
    """A transaction; SQLite's settings are (name, inside, outside), and are heard before it begins alone."""
    with told(engine), engine.connect().execution_options(writes=True) as connection:
        driver: Any = connection.connection.driver_connection
        sqlite = engine.dialect.name == SQLITE
        try:
            if sqlite:
                for name, inside, _ in settings:
                    driver.execute(f"PRAGMA {name} = {inside}")
            else:
                driver.wait_s = wait_s
            with connection.begin():
                if not sqlite and wait_s != WAIT_S:
                    connection.exec_driver_sql(f"SET LOCAL statement_timeout = {_ms(wait_s)}")
                yield connection
        finally:
            if sqlite:
                for name, _, outside in settings:
                    driver.execute(f"PRAGMA {name} = {outside}")
            else:
                driver.wait_s = WAIT_S


def _ms(seconds: float) -> str:
    return str(int(seconds * 1000))


@contextmanager
def told(engine: Engine) -> Iterator[None]:
    """The database's errors as a ``StoreError``: without their text, which may name a member."""
    try:
        yield
    except (DBAPIError, PoolTimeout, engine.dialect.loaded_dbapi.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise StoreError(
            "the store's database answers",
            f"{getattr(cause, 'sqlite_errorname', type(cause).__name__)} from it",
            "see that it runs and is reachable by TIERCAST_STORE; questions are answered again as soon as it does",
        ) from None


def _connect_postgresql(_: Any, __: Any, given: tuple[Any, ...], options: dict[str, Any]) -> Any:
    return patient(WAIT_S).connect(*given, **options)


def _set_up_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, by their kind
    cursor = connection.cursor()
    cursor.execute("PRAGMA page_size = 8192")  # heard by a new file alone: several bodies to a page
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # what was acknowledged outlives a power cut
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA secure_delete = ON")  # what is erased, or replaced by a newer batch, is overwritten
    cursor.execute("PRAGMA mmap_size = 2147483647")  # SQLite maps a little less at most
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that will write takes the lock at once: two that read first could never both go on.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")
