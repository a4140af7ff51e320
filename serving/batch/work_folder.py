"""The folder in which a batch keeps its finished parts until it is done, and what it says of the batch.

::

    .scoring/ lock             held by the batch that is at it
              batch.json       what the batch is of: model, log, date, ...
              0000012.table    Arrow: the part's rows of the table
              0000012.rows     Arrow: forecasts as the store keeps them
              0000012.bodies   Arrow: histories as the store keeps them
              0000012.json     written last: the sizes of these files, and what was counted

Members are in it as they are in the forecasts: readable by the owner alone, and gone when the batch is done.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from features.errors import ConfigError
from features.files import written_whole

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
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.path / _LOCK).open("w") as lock:
            if not _locked(lock):
                got = f"another that is at work in {self.path.parent}"
                raise ConfigError("one batch at a time writes to a folder", got, "wait for it to end, or name another --out")
            done = False
            try:
                yield
                done = True
            finally:
                if done or not keep:
                    _remove(self.path)

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


def remove_if_idle(out: Path) -> None:
    """Remove the parts that a batch has left which is no longer at work: they can be made again."""
    path = WorkFolder(out).path
    if path.is_dir():
        with (path / _LOCK).open("w") as lock:
            if _locked(lock):
                _remove(path)


def _remove(path: Path) -> None:
    with suppress(OSError):
        shutil.rmtree(path)


def _locked(lock: Any) -> bool:
    try:
        import fcntl
    except ImportError:  # a system without such locks
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
