"""What a batch is of, which of its parts are finished, and which are to be made."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from features.bounds import StandingBounds
from features.feature_table import parts
from serving.batch.absent import Absent
from serving.batch.partitions import Partitions
from serving.batch.reads import Reads, fingerprint_of
from serving.batch.release import release
from serving.batch.work_folder import WorkFolder, check_same
from serving.batch.workers import Task
from serving.database.generations import give_up
from serving.forecast.wording import Language


class Work:
    """The parts of one batch, kept in a folder beside its output while it is under way.

    Parameters
    ----------
    facts : what the batch is of, but for the log
    keep : parts stay where the batch is broken off
    """

    def __init__(self, out: Path, facts: Mapping[str, Any], *, keep: bool) -> None:
        self.folder = WorkFolder(out)
        self.finished = Partitions(self.folder.path)
        self._facts = dict(facts)
        self._left: dict[str, Any] = {}
        self._keep = keep

    @contextmanager
    def begun(self, store: Engine, *, resume: bool) -> Iterator[Work]:
        """The folder for this batch alone, with what is left in it, or cleared; the generation it was filling is given up.

        Raises
        ------
        ConfigError
            another batch is at work in it, or the one that is to be taken up again was of something else
        StoreError
        """
        with self.folder.alone(keep=self._keep):
            left, named = self.folder.left(), _name(store)
            if resume and left:
                check_same(left, self._facts)
                self._left = left
            if left.get("store") == named and "generation" in left:
                give_up(store, left["generation"], left["model"])
            if not self._left:
                self.folder.clear()
            self._facts["store"] = named
            yield self

    def fills(self, generation: int) -> None:
        """Remember which generation of the store is being filled."""
        self._facts["generation"] = generation
        self.folder.say({**self._left, **self._facts})

    def tasks(self, reads: Reads, absent: Absent, members: int) -> Iterator[Task]:
        """All parts of so many members, in order; those that are finished have nothing to be made of.

        Raises
        ------
        ConfigError
            the log is not the one of which parts are finished
        """
        number = 0
        for place, known in enumerate(reads):
            self._check_log(place, fingerprint_of(known))
            for part in parts(known, members):
                there = self.finished.finished(number)
                yield Task(number, len(part), None if there else absent.without(part))
                number += 1

    @property
    def log(self) -> str:
        """The log's fingerprint; one of the fingerprints of all reads, where there were several."""
        found = [self._facts[name] for name in sorted(self._facts) if name.startswith("log")]
        return str(found[0]) if len(found) == 1 else hashlib.sha256("".join(found).encode()).hexdigest()[:16]

    def _check_log(self, place: int, found: str) -> None:
        name = f"log {place:04d}" if place else "log"
        if name in self._left:
            check_same(self._left, {name: found})
        self._facts[name] = found
        self.folder.say({**self._left, **self._facts})


def batch_facts(version: str, as_of: dt.date, bounds: StandingBounds, language: Language, members: int) -> dict[str, Any]:
    """What a batch is of: two of equal facts and an equal log make equal parts."""
    return {
        **release(),
        "model": version,
        "as_of": as_of.isoformat(),
        "bounds": hashlib.sha256(bounds.model_dump_json().encode()).hexdigest()[:8],
        "language": language,
        "members of a part": members,
    }


def _name(store: Engine) -> str:
    return hashlib.sha256(store.url.render_as_string(hide_password=True).encode()).hexdigest()[:16]
