"""Forecasts by member id, for look-up in microseconds: one SQLite file, written whole or not at all.

``meta`` holds one JSON row (model version, as-of date, kind of ids, row width); ``forecast`` one float64 blob a member.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.errors import ArtifactError, NoModelError
from features.files import written_whole
from features.operators import Floats
from serving.members import IdKind, MemberId, asked_key, id_kind, id_of, member_key

__all__ = ["IdKind", "MemberId", "Store", "StoreInfo", "id_kind", "member_key", "write_store"]

FORMAT: Final = 1
_MANY: Final = 500


@dataclass(frozen=True)
class StoreInfo:
    """What a store holds."""

    format: int
    model_version: str
    as_of: str
    id_kind: IdKind
    width: int
    members: int


def write_store(
    path: Path,
    chunks: Iterable[tuple[npt.NDArray[Any], Floats]],
    *,
    model_version: str,
    as_of: dt.date,
    kind: IdKind,
    width: int,
) -> StoreInfo:
    """Write a store from chunks of (members, rows); an older one is replaced only when the new one is complete."""
    with written_whole(path) as partial, closing(sqlite3.connect(partial)) as connection:
        # A crash leaves a partial file that nobody reads, so no journal is needed.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("CREATE TABLE forecast (member TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID")
        connection.execute("CREATE TABLE meta (body TEXT NOT NULL)")
        members = 0
        for ids, rows in chunks:
            pairs = ((member_key(member), row.tobytes()) for member, row in zip(ids.tolist(), rows, strict=True))
            connection.executemany("INSERT INTO forecast VALUES (?, ?)", pairs)
            members += len(rows)
        info = StoreInfo(FORMAT, model_version, as_of.isoformat(), kind, width, members)
        connection.execute("INSERT INTO meta VALUES (?)", (json.dumps(asdict(info)),))
        connection.commit()
    return info


class Store:
    """A store opened for reading, from any thread. It stays the file that was opened, whatever takes its place later.

    Raises
    ------
    NoModelError
        there is no store yet
    ArtifactError
        the file is no store, or of another format
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise NoModelError("forecasts are looked up in a store", f"none at {path}", "run 'tiercast score' first")
        self.path = path
        self._lock = threading.Lock()
        try:
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            (body,) = self._rows("SELECT body FROM meta")[0]
            self.info = StoreInfo(**json.loads(body))
        except (sqlite3.Error, IndexError, TypeError, ValueError) as error:
            raise ArtifactError("a store is a SQLite file", f"{path}: {error}", "run 'tiercast score' again") from error
        if self.info.format != FORMAT:
            got = f"format {self.info.format}"
            raise ArtifactError(f"a store has format {FORMAT}", got, "run 'tiercast score' with this release")
        self.as_of = dt.date.fromisoformat(self.info.as_of)

    def get(self, members: Sequence[MemberId]) -> dict[str, Floats]:
        """Rows by member key; members that are not stored are left out."""
        keys = list(dict.fromkeys(self.key(member) for member in members))
        found: dict[str, Floats] = {}
        for start in range(0, len(keys), _MANY):
            part = keys[start : start + _MANY]
            marks = ",".join("?" * len(part))
            query = f"SELECT member, body FROM forecast WHERE member IN ({marks})"  # noqa: S608  (only question marks)
            try:
                found |= {key: np.frombuffer(body, np.float64) for key, body in self._rows(query, part)}
            except (sqlite3.Error, ValueError) as error:
                raise ArtifactError("a store can be read", f"{self.path}: {error}", "run 'tiercast score' again") from error
        return found

    def key(self, member: MemberId) -> str:
        """The text under which a member would be stored here: where ids are numbers with a point, '7.0' is 7."""
        return asked_key(member, self.info.id_kind)

    def member(self, key: str) -> MemberId:
        """A key as the id that it came as."""
        return id_of(key, self.info.id_kind)

    def _rows(self, query: str, values: Sequence[str] = ()) -> list[Any]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()
