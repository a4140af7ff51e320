"""The folder in which a batch keeps its finished parts until it is done, and what it says of the batch.

::

    .scoring/ lock             held by the batch that is at it
              batch.json       what the batch is of: model, log, date, ...
              0000012.table    Arrow: the part's rows of the table
              0000012.rows     Arrow: forecasts as the store keeps them
              0000012.bodies   Arrow: histories as the store keeps them
              0000012.json     written last: checks of these files, and what was counted
              erased           marks of whoever was erased since (serving.batch.partitions)

Members are in it as they are in the forecasts: readable by the owner alone, and gone when the batch is done.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

from features.errors import ConfigError
from features.files import written_whole
from serving.batch.partitions import Partitions

FOLDER: Final = ".scoring"
_FACTS: Final = "batch.json"
_LOCK: Final = "lock"


class WorkFolder:
    """The work folder of a batch that writes to ``out``."""

    def __init__(self, out: Path) -> None:
        self.path = out / FOLDER

    @contextmanager
    def alone(self, *, keep: bool) -> Iterator[None]:
        """Have it for this process alone; afterwards it is removed.

        Parameters
        ----------
        keep : where the block ends by an error, it stays for the next batch to go on from

        Raises
        ------
        ConfigError
            another batch is at it
        """
        with self._lock():
            done = False
            try:
                yield
                done = True
            finally:
                if done or not keep:
                    _remove(self.path)

    def _lock(self) -> IO[str]:
        while True:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                lock = (self.path / _LOCK).open("w")
            except FileNotFoundError:  # a batch that ended has removed the folder meanwhile
                continue
            if not _locked(lock):
                lock.close()
                got, fix = f"another that is at work in {self.path.parent}", "wait for it to end, or name another --out"
                raise ConfigError("one batch at a time writes to a folder", got, fix)
            if _in_place(lock, self.path / _LOCK):
                return lock
            lock.close()  # of a folder that is gone: it keeps nobody away

    def left(self) -> dict[str, Any]:
        """What the batch said of itself that was broken off here; nothing where none was."""
        try:
            said = json.loads((self.path / _FACTS).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return said if isinstance(said, dict) else {}

    def kept(self) -> int:
        """How many finished parts there are."""
        return sum(path.name != _FACTS for path in self.path.glob("*.json"))

    def clear(self) -> None:
        """Let go of all parts."""
        (self.path / _FACTS).unlink(missing_ok=True)  # first: parts without it are of no batch
        for path in self.path.iterdir():
            if path.name != _LOCK:
                path.unlink(missing_ok=True)

    def say(self, facts: Mapping[str, Any]) -> None:
        """Write down what the batch is of."""
        with written_whole(self.path / _FACTS) as partial:
            partial.write_text(json.dumps(facts, indent=1, sort_keys=True), encoding="utf-8")


def check_same(then: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuse to go on with a batch that was of something else.

    Raises
    ------
    ConfigError
        the difference is said

    >>> check_same({"model": "a", "parts": 3}, {"model": "a"})
    """
    if names := [name for name in now if then.get(name) != now[name]]:
        got = "; ".join(f"{name} {now[name]}, where it was {then.get(name, 'not said')}" for name in names)
        fix = "run it as it was begun, or without --resume to begin anew"
        raise ConfigError("a batch is taken up again as it was begun", got, fix)


def take_out(out: Path, keys: Collection[str], marks: Collection[bytes]) -> None:
    """Take members out of the parts of a batch: those that one has left are removed, since they can be made again.

    Parameters
    ----------
    keys, marks : see ``serving.batch.partitions.Partitions.take_out``
    """
    if not remove_if_idle(out):
        with suppress(FileNotFoundError):  # it is done, and takes them out of its tables itself
            Partitions(WorkFolder(out).path).take_out(keys, marks)


def remove_if_idle(out: Path) -> bool:
    """Remove the parts that a batch has left which is no longer at work; whether none is."""
    path = WorkFolder(out).path
    with suppress(FileNotFoundError):
        if not (path / _LOCK).exists():
            shutil.rmtree(path)
            return True
        with (path / _LOCK).open("r+") as lock:
            if not _locked(lock):
                return False
            shutil.rmtree(path)
    return True


def _remove(path: Path) -> None:
    with suppress(OSError):
        shutil.rmtree(path)


def _in_place(lock: IO[str], path: Path) -> bool:
    """Whether an open file is the one that others find under its name."""
    try:
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _locked(lock: IO[str]) -> bool:
    try:
        import fcntl
    except ImportError:  # a system without such locks
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
