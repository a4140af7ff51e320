"""Finished parts of a batch on disk, from which it goes on after a kill; each is there whole or not at all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from serving.batch.part import Part
from serving.database.forecasts import ForecastRow

if TYPE_CHECKING:
    import pyarrow as pa

_FILES: Final = ("table", "rows", "bodies")


class Partitions:
    """The parts of one batch in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def finished(self, number: int) -> bool:
        """Whether a part is there, whole."""
        try:
            said = json.loads(self._place(number, "json").read_text(encoding="utf-8"))
            return all(self._place(number, name).stat().st_size == said["sizes"][name] for name in _FILES)
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def save(self, number: int, part: Part) -> None:
        """Keep a part, whole or not at all."""
        import pyarrow as pa

        rows = _columns(part.rows, ForecastRow._fields, _row_types())
        bodies = _columns(part.histories, ("member", "body"), (pa.string(), pa.binary()))
        sizes = {}
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        for name, table in zip(_FILES, (part.table, rows, bodies), strict=True):
            with (
                self._whole(number, name) as partial,
                pa.OSFile(str(partial), "wb") as file,
                pa.ipc.new_file(file, table.schema, options=options) as writer,
            ):
                writer.write_table(table)
            sizes[name] = self._place(number, name).stat().st_size
        with self._whole(number, "json") as partial:
            partial.write_text(json.dumps({"sizes": sizes, "tiers": part.tiers}), encoding="utf-8")

    def load(self, number: int) -> Part:
        """A part that is finished."""
        import pyarrow as pa

        found = []
        for name in _FILES:
            with pa.OSFile(str(self._place(number, name)), "rb") as file:
                found.append(pa.ipc.open_file(file).read_all())
        table, rows, bodies = found
        tiers = json.loads(self._place(number, "json").read_text(encoding="utf-8"))["tiers"]
        made = [ForecastRow(*row) for row in _rows(rows)]
        return Part(table, made, list(_rows(bodies)), Counter(tiers))

    def drop(self, number: int) -> None:
        """Let go of a part, its mark first."""
        for name in ("json", *_FILES):
            self._place(number, name).unlink(missing_ok=True)

    @contextmanager
    def _whole(self, number: int, name: str) -> Iterator[Path]:
        """A partial file that takes its place; nobody else is at this part, so that it needs no name of its own."""
        partial = self.folder / f"{number:07d}.{name}.partial"
        yield partial
        partial.replace(self._place(number, name))

    def _place(self, number: int, name: str) -> Path:
        return self.folder / f"{number:07d}.{name}"


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
