"""The log of a batch: all of its members at once, or some at a time where they would not fit into memory."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import numpy.typing as npt

from features.histories import Histories
from features.packing import shared
from serving.batch.known import as_known


class Reads:
    """Histories as they are kept, read by read.

    Parameters
    ----------
    log : all members, or some after others in order of their ids; these are read when they are asked for
    columns : of the log that are read
    """

    def __init__(self, log: Histories | Iterable[Histories], columns: Collection[str], as_of: dt.date) -> None:
        self._columns, self._as_of = columns, as_of
        self._rest = iter([log] if isinstance(log, Histories) else log)
        self._first: Histories | None = self._known(next(self._rest))
        self.shared = shared(self._first)
        self.ids: list[npt.NDArray[Any]] = []

    @property
    def first(self) -> Histories:
        """The first of them, until they are gone through."""
        assert self._first is not None
        return self._first

    def __iter__(self) -> Iterator[Histories]:
        """Each once; none is held on to."""
        read, self._first = self._first, None
        while read is not None:
            self.ids.append(read.members)
            yield read
            following = next(self._rest, None)
            read = None if following is None else self._known(following)

    @property
    def members(self) -> Iterator[Any]:
        """Ids of all that were read so far."""
        for ids in self.ids:
            yield from ids.tolist()

    def _known(self, histories: Histories) -> Histories:
        return as_known(histories.only(self._columns), self._as_of)


def fingerprint_of(known: Histories) -> str:
    """Equal for equal histories: the fingerprint that training gives a log, and one of what else a batch reads of it."""
    from training.track import fingerprint

    more = hashlib.sha256(shared(known).encode())
    if known.joined is not None:
        more.update(known.joined.tobytes())
    for name in sorted(known.label_names):
        more.update("\x1f".join(map(str, known.label_names[name])).encode())
    return f"{fingerprint(known)}-{more.hexdigest()[:8]}"
