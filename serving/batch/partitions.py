"""Finished parts of a batch on disk, from which it goes on after a kill; each is there whole or not at all.

Whoever is erased while the batch is at work leaves them at once: an erasure takes its turn alone, takes members out of what
is finished, and leaves their marks for those who save what is not.
"""

from __future__ import annotations

import json
import os
import zlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from serving.batch.part import Mark, Part
from serving.database.forecasts import ForecastRow

if TYPE_CHECKING:
    import pyarrow as pa

_FILES: Final = ("table", "rows", "bodies")
_ERASED: Final = "erased"


class Partitions:
    """The parts of one batch in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def finished(self, number: int) -> bool:
        """Whether a part is there, whole."""
        try:
            said = json.loads(self._place(number, "json").read_text(encoding="utf-8"))
            return all(_check(self._place(number, name)) == said["checks"][name] for name in _FILES)
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def save(self, number: int, part: Part, mark: Mark | None = None) -> None:
        """Keep a part, whole or not at all, without whoever was erased since the batch began.

        Parameters
        ----------
        mark : None where nobody can have been
        """
        with self._turn():
            if mark is not None and (erased := self._erased()):
                part = part.without(frozenset(key for key, _ in part.histories if mark(key) in erased))
            self._save(number, part)

    def load(self, number: int) -> Part:
        """A part that is finished."""
        with self._turn():
            return self._load(number)

    def drop(self, number: int) -> None:
        """Let go of a part, its mark first."""
        with self._turn():
            self._drop(number)

    def take_out(self, keys: Collection[str], marks: Collection[bytes]) -> None:
        """Take members out of what is finished, and out of all that will be saved.

        Parameters
        ----------
        keys : of members, as they are stored
        marks : of the same members
        """
        import pyarrow as pa
        import pyarrow.compute

        gone = frozenset(keys)
        members = pa.array(sorted(gone), pa.string())
        with self._turn(alone=True):
            with (self.folder / _ERASED).open("a", encoding="ascii") as file:
                file.writelines(f"{mark.hex()}\n" for mark in marks)
            for number in sorted({int(path.name[:7]) for path in self.folder.iterdir() if path.name[:7].isdigit()}):
                if not self.finished(number):
                    self._drop(number)  # what a killed process has left of it, who may be in it nobody knows
                elif pa.compute.any(pa.compute.is_in(self._table(number, "bodies", [0])["member"], members)).as_py():
                    self._save(number, self._load(number).without(gone))

    def _save(self, number: int, part: Part) -> None:
        import pyarrow as pa

        rows = _columns(part.rows, ForecastRow._fields, _row_types())
        bodies = _columns(part.histories, ("member", "body"), (pa.string(), pa.binary()))
        checks = {}
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        for name, table in zip(_FILES, (part.table, rows, bodies), strict=True):
            with (
                self._whole(number, name) as partial,
                pa.OSFile(str(partial), "wb") as file,
                pa.ipc.new_file(file, table.schema, options=options) as writer,
            ):
                writer.write_table(table)
            checks[name] = _check(self._place(number, name))
        with self._whole(number, "json") as partial:
            partial.write_text(json.dumps({"checks": checks, "tiers": part.tiers}), encoding="utf-8")

    def _load(self, number: int) -> Part:
        table, rows, bodies = (self._table(number, name) for name in _FILES)
        tiers = json.loads(self._place(number, "json").read_text(encoding="utf-8"))["tiers"]
        made = [ForecastRow(*row) for row in _rows(rows)]
        return Part(table, made, list(_rows(bodies)), Counter(tiers))

    def _table(self, number: int, name: str, columns: list[int] | None = None) -> pa.Table:
        import pyarrow as pa

        with pa.OSFile(str(self._place(number, name)), "rb") as file:
            return pa.ipc.open_file(file, options=pa.ipc.IpcReadOptions(included_fields=columns)).read_all()

    def _drop(self, number: int) -> None:
        for name in ("json", *_FILES):
            self._place(number, name).unlink(missing_ok=True)
            self._partial(number, name).unlink(missing_ok=True)

    def _erased(self) -> frozenset[bytes]:
        try:
            return frozenset(map(bytes.fromhex, (self.folder / _ERASED).read_text(encoding="ascii").split()))
        except FileNotFoundError:
            return frozenset()

    @contextmanager
    def _turn(self, *, alone: bool = False) -> Iterator[None]:
        """Work on parts beside others who do, or alone."""
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            with suppress(ImportError):  # where the system has no such locks
                import fcntl

                fcntl.flock(folder, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            yield
        finally:
            os.close(folder)

    @contextmanager
    def _whole(self, number: int, name: str) -> Iterator[Path]:
        """A partial file that takes its place; nobody else is at this part, so that it needs no name of its own."""
        partial = self._partial(number, name)
        yield partial
        partial.replace(self._place(number, name))

    def _partial(self, number: int, name: str) -> Path:
        return self.folder / f"{number:07d}.{name}.partial"

    def _place(self, number: int, name: str) -> Path:
        return self.folder / f"{number:07d}.{name}"


def _check(path: Path) -> list[int]:
    """A file's size and a check of its bytes, which a power cut may have lost though the name is there."""
    content = path.read_bytes()
    return [len(content), zlib.crc32(content)]


def _row_types() -> tuple[Any, ...]:
    import pyarrow as pa

    numbers = pa.float64(), pa.float64(), pa.int64(), pa.int64(), pa.int64()
    return (pa.string(), pa.int64(), pa.bool_(), *numbers, pa.binary())


def _columns(rows: Sequence[tuple[Any, ...]], names: Sequence[str], types: Sequence[Any]) -> pa.Table:
    import pyarrow as pa

    columns: Any = zip(*rows, strict=True) if rows else [()] * len(names)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
    return pa.table(arrays, names=list(names))


def _rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)
