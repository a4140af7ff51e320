"""Questions of one statement, over a connection that each thread keeps: no pool, nothing begun and nothing ended."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Engine, event

from serving.database.engine import SQLITE, told

_LOCK: Final = threading.Lock()
_OF: Final[weakref.WeakKeyDictionary[Engine, _Kept]] = weakref.WeakKeyDictionary()


def ask(engine: Engine, statement: str, values: Sequence[Any] = ()) -> list[Any]:
    """The rows that answer one statement, as it stands when it is asked.

    Parameters
    ----------
    statement : in the driver's own words, see ``mark``
    values : one for each mark

    Raises
    ------
    StoreError
        the database is away or damaged
    """
    kept = _OF.get(engine) or _keep(engine)
    connection = getattr(kept.own, "held", None) or kept.open(engine)
    try:
        return connection.driver.execute(statement, values).fetchall()  # type: ignore[no-any-return]
    except Exception:
        lost = connection.lost()
        kept.drop()
        with told(engine):
            if not lost:
                raise
            # The server was started again since: a question may be asked twice.
            return kept.open(engine).driver.execute(statement, values).fetchall()  # type: ignore[no-any-return]


def mark(engine: Engine) -> str:
    """What stands for a value in a statement of the driver.

    >>> from serving.database.engine import open_engine
    >>> mark(open_engine("sqlite://"))
    '?'
    """
    return "?" if engine.dialect.name == SQLITE else "%s"


class _Held:
    """A driver's connection, closed with the thread that held it."""

    def __init__(self, engine: Engine) -> None:
        with told(engine):
            pooled = engine.raw_connection()
            driver: Any = pooled.driver_connection
            pooled.detach()  # the pool is for those that write, however many threads read
            if engine.dialect.name != SQLITE:
                driver.autocommit = True
            self.driver = driver

    def lost(self) -> bool:
        """Whether the server has gone, and may be back; SQLite's never has, and one that hangs is there."""
        return bool(getattr(self.driver, "closed", False)) and not self.driver.gave_up

    def close(self) -> None:
        with suppress(Exception):  # it is of no use any more, in whatever state
            self.driver.close()

    __del__ = close


class _Kept:
    """An engine's connections by thread."""

    def __init__(self) -> None:
        self.own = threading.local()
        self.all: weakref.WeakSet[_Held] = weakref.WeakSet()

    def open(self, engine: Engine) -> _Held:
        held = _Held(engine)
        self.own.held = held
        with _LOCK:
            self.all.add(held)
        return held

    def drop(self) -> None:
        held = self.own.__dict__.pop("held", None)
        if held is not None:
            held.close()

    def close(self, _: Engine) -> None:
        with _LOCK:
            held = list(self.all)
        self.own = threading.local()
        for one in held:
            one.close()


def _keep(engine: Engine) -> _Kept:
    with _LOCK:
        kept = _OF.get(engine)
        if kept is None:
            kept = _OF[engine] = _Kept()
            event.listen(engine, "engine_disposed", kept.close)
    return kept
