"""Tables of forecasts as files: written beside their place, and renamed into it."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Collection
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from features.files import written_whole

if TYPE_CHECKING:
    import pyarrow as pa

NAME: Final = "forecasts.parquet"
AS_OF: Final = "as_of"


class _AbandonedError(Exception):
    """A file is not to take its place."""


class _File(ABC):
    """A file that takes its place when it is committed; how it is written, its kind knows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.shown = str(path)
        self._place = ExitStack()
        self._writing = ExitStack()
        self._partial: Path | None = None
        self._writer: Any = None

    def __enter__(self) -> _File:
        self._partial = self._place.enter_context(written_whole(self.path))
        return self

    def __exit__(self, *error: object) -> None:
        if self._partial is None:
            return
        with suppress(Exception):  # a full disk is told of by whoever filled it
            self._writing.close()
        given_up = _AbandonedError()
        self._place.__exit__(_AbandonedError, given_up, None)

    def write(self, table: pa.Table) -> None:
        """Add rows; the first tell the columns."""
        if self._writer is None:
            import pyarrow as pa

            # Opened here, so that it is closed also where the writer's own end fails for want of room.
            sink = self._writing.enter_context(pa.OSFile(str(self._partial), "wb"))
            self._writer = self._writing.enter_context(self._opened(sink, table.schema))
        self._writer.write_table(table)

    def close(self) -> None:
        """Write what is left of it."""
        self._writing.close()

    def commit(self) -> None:
        """Take the place."""
        self._place.close()
        self._partial = None

    def wipe(self, keys: Collection[str], *, numbers: bool) -> None:
        """Rewrite it without some members."""
        from serving.privacy.wiping import wipe_paths

        wipe_paths(self.path.parent, [self.path], keys, numbers=numbers)

    @abstractmethod
    def _opened(self, sink: Any, schema: pa.Schema) -> Any:
        """A writer of tables to the open file."""


class ParquetTarget(_File):
    """One Parquet file, a row group a part."""

    def _opened(self, sink: Any, schema: pa.Schema) -> Any:
        import pyarrow.parquet

        return pyarrow.parquet.ParquetWriter(sink, schema)


class CsvTarget(_File):
    """One CSV file: null is empty, an empty text is in quotes."""

    def _opened(self, sink: Any, schema: pa.Schema) -> Any:
        import pyarrow.csv

        return pyarrow.csv.CSVWriter(sink, schema)


class DatasetTarget(ParquetTarget):
    """A data set partitioned by as-of date: one file a date, so that one rename replaces the date, and no other.

    The date is in the folder's name, where Arrow, Spark, DuckDB and Hive look for it, and therefore in no file.

    >>> DatasetTarget(Path("all"), dt.date(2018, 1, 2)).shown
    'all/as_of=2018-01-02/forecasts.parquet'
    """

    def __init__(self, folder: Path, as_of: dt.date) -> None:
        super().__init__(folder / f"{AS_OF}={as_of}" / NAME)

    def write(self, table: pa.Table) -> None:
        """Add rows, whose date is the folder's."""
        super().write(table.drop_columns([AS_OF]))
