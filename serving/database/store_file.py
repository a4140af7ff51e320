"""SQLite's file while it is open: the one at its path, or one that was removed or replaced, in which nothing would be kept.

A file that is gone from its path can be read and written as long as it is open, and is gone for good with the last process
that has it open: with all lines that were acknowledged meanwhile.
"""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, event

from features.errors import StoreError

_OF: Final[weakref.WeakKeyDictionary[Engine, _StoreFile]] = weakref.WeakKeyDictionary()
_Number = tuple[int, int]


class _StoreFile:
    """The file that an engine's first connection opened."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self.number: _Number | None = None

    def opened(self, connection: Any, _: Any) -> None:
        path = connection.execute("PRAGMA database_list").fetchone()[2]
        if path and self.path is None:  # none in memory
            self.path, self.number = Path(path), _number(Path(path))

    def closed(self, _: Engine) -> None:
        self.path = self.number = None

    def check(self, *_: Any) -> None:
        if self.path is not None and _number(self.path) != self.number:
            raise StoreError(
                "the store's file stays where it was opened",
                "none there, or another one",
                "put it back, or leave the other: a service takes that up by itself",
            )


def watch(engine: Engine) -> None:
    """From now on refuse connections to a file that is not the one that was opened first, until it is disposed of."""
    _OF[engine] = file = _StoreFile()
    event.listen(engine, "do_connect", file.check)  # which would make an empty one
    event.listen(engine, "connect", file.opened)
    event.listen(engine, "checkout", file.check)
    event.listen(engine, "engine_disposed", file.closed)


def reopened(engine: Engine) -> bool:
    """Whether there is another file in the place of the one that was opened; it is the one from now on.

    While there is none, nothing changes.
    """
    file = _OF.get(engine)
    if file is None or file.path is None or _number(file.path) in (file.number, None):
        return False
    engine.dispose()
    return True


def _number(path: Path) -> _Number | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
