"""Where forecasts go on Spark: a folder of Parquet or a table, one partition a date, replaced whole or not at all.

==================================  =============================================================================
URL                                 what it names
==================================  =============================================================================
``spark://host:7077?parquet=...``   a folder, with ``as_of=2017-12-04/`` and others in it, wherever all workers reach it
``spark://host:7077?table=db.name`` a table partitioned by ``as_of``, made where there is none
==================================  =============================================================================

Either way all forecasts of a date are made and kept aside first. A folder's date then changes places by renaming, so that a
reader sees the old rows, for a moment none, or the new; a run that is killed in that moment is mended by the next.
"""

from __future__ import annotations

import datetime as dt
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from features.causes import said_by
from features.errors import ColumnError, SourceError, UnusableLogError
from features.spark_tables import master_of
from features.urls import shown, taken_apart

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

AS_OF: Final = "as_of"
_ABANDONED_S: Final = 24 * 3600
_STAGED, _REPLACED = "_staged", "_replaced"
"""Beginnings of names of folders beside the dates; readers pass over what begins with an underscore."""


class Target(Protocol):
    """Where one date's forecasts go."""

    def check(self, frame: DataFrame) -> None:
        """Refuse, before any work, what could not be written."""

    def stage(self, frame: DataFrame) -> DataFrame:
        """Write rows aside, in place of what was staged before, and give them back from there."""

    def publish(self) -> None:
        """Put what was staged in the place of the date's rows."""

    def clear(self) -> None:
        """Remove what was staged."""


def target_of(url: str, session: SparkSession, as_of: dt.date) -> Target:
    """The target that a URL names, for one date.

    Raises
    ------
    SourceError
        neither or both of a folder and a table are named, or the URL is of another master than the log's
    """
    scheme, query = taken_apart(url)
    if scheme != "spark" or len(query) != 1 or not {"table", "parquet"} & set(query) or not all(query.values()):
        rule = "what is forecast on Spark goes to Parquet or a table there"
        raise SourceError(rule, shown(url), "write spark:?parquet=FOLDER or spark:?table=db.name")
    master, running = master_of(url), str(session.conf.get("spark.master"))
    if master not in {None, running}:
        raise SourceError(
            "a process has one Spark master", f"{master!r} beside {running!r}", "write spark:?... for the log's"
        )
    if "table" in query:
        return TableTarget(session, query["table"], as_of)
    return FolderTarget(session, query["parquet"].rstrip("/"), as_of)


@dataclass
class FolderTarget:
    """A folder of Parquet; ``as_of`` stands in the name of each date's own folder, and not in its files."""

    session: SparkSession
    folder: str
    as_of: dt.date
    staged: list[str] = field(default_factory=list)

    def check(self, frame: DataFrame) -> None:  # noqa: ARG002  (each date's columns stand on their own)
        """Put back what a killed run has renamed aside, and remove what it has left; another run may be at a young one."""
        if not self._files.exists(self._path(self.folder)):
            return
        for found in self._files.listStatus(self._path(self.folder)):
            name, age_s = str(found.getPath().getName()), time.time() - found.getModificationTime() / 1000
            if name.startswith(self._aside(_REPLACED)) and not self._files.exists(self._path(self._date)):
                self._rename(found.getPath(), self._path(self._date))
            elif name.startswith((self._aside(_STAGED), self._aside(_REPLACED))) and age_s > _ABANDONED_S:
                self._files.delete(found.getPath(), True)

    def stage(self, frame: DataFrame) -> DataFrame:
        """Write rows to a folder beside the dates."""
        place = f"{self.folder}/{self._aside(_STAGED)}{secrets.token_hex(4)}"
        before, self.staged = self.staged, [*self.staged, place]
        frame.drop(AS_OF).write.parquet(place)
        for path in before:
            self._files.delete(self._path(path), True)
        return self._back(place)

    def publish(self) -> None:
        """Rename the date's rows aside and the new ones into their place.

        Raises
        ------
        SourceError
            the file system does not rename
        """
        place, old = self._path(self._date), self._path(f"{self.folder}/{self._aside(_REPLACED)}{secrets.token_hex(4)}")
        there = self._files.exists(place)
        if there:
            self._rename(place, old)
        try:
            self._rename(self._path(self.staged[-1]), place)
        except BaseException:
            if there:
                self._rename(old, place)
            raise
        if there:
            self._files.delete(old, True)

    def clear(self) -> None:
        """Remove what was staged and is still there."""
        for path in self.staged:
            self._files.delete(self._path(path), True)

    def _back(self, place: str) -> DataFrame:
        from pyspark.sql import functions

        return self.session.read.parquet(place).withColumn(AS_OF, functions.lit(self.as_of))

    def _rename(self, source: Any, place: Any) -> None:
        if not self._files.rename(source, place):
            got = f"a refusal at {self.folder}"
            raise SourceError("a folder of forecasts can be renamed", got, "see who may write there, or write to a table")

    def _aside(self, kind: str) -> str:
        return f"{kind}_{AS_OF}={self.as_of}_"

    @property
    def _date(self) -> str:
        return f"{self.folder}/{AS_OF}={self.as_of}"

    def _path(self, path: str) -> Any:
        return self.session._jvm.org.apache.hadoop.fs.Path(path)

    @property
    def _files(self) -> Any:
        """Hadoop's file system that the folder is on."""
        return self._path(self.folder).getFileSystem(self.session._jsc.hadoopConfiguration())


@dataclass
class TableTarget:
    """A table of the session's catalogue, partitioned by ``as_of``; Spark itself replaces the partition."""

    session: SparkSession
    name: str
    as_of: dt.date
    staged: list[str] = field(default_factory=list)

    def check(self, frame: DataFrame) -> None:
        """Refuse a table of other columns, or one that is not partitioned by date: all of it would be replaced.

        Raises
        ------
        ColumnError
        """
        if not self.session.catalog.tableExists(self.name):
            return
        parts = [column.name for column in self.session.catalog.listColumns(self.name) if column.isPartition]
        if parts != [AS_OF]:
            got = f"one by {', '.join(parts) or 'nothing'}"
            raise ColumnError(f"a table of forecasts is partitioned by {AS_OF}", got, "name another table")
        there = _kinds(self.session.table(self.name))
        asked = _kinds(_as_of_last(frame))
        if there != asked:
            differ = sorted({name for name, _ in set(there) ^ set(asked)}) or ["their order"]
            raise ColumnError(
                "forecasts of one table have the same columns",
                f"a difference in {', '.join(differ[:10])}",
                "name another table for a model of other tiers",
            )

    def stage(self, frame: DataFrame) -> DataFrame:
        """Write rows to a table of their own beside it."""
        name = f"{self.name}_staged_{secrets.token_hex(4)}"
        before, self.staged = self.staged, [*self.staged, name]
        _as_of_last(frame).write.format("parquet").saveAsTable(name)
        for other in before:
            self.session.sql(f"DROP TABLE IF EXISTS {other}")
        return self.session.table(name)

    def publish(self) -> None:
        """Replace the date's rows by the staged ones.

        Raises
        ------
        UnusableLogError
            there are none, which would leave the old ones in place
        SourceError
            Spark refuses
        """
        rows = self.session.table(self.staged[-1])
        if rows.isEmpty():
            rule, got = "some member has a purchase in the look-back", "none"
            raise UnusableLogError(rule, got, "check the date and the log; the table is as it was")
        if not self.session.catalog.tableExists(self.name):
            empty = rows.limit(0)
            empty.write.format("parquet").partitionBy(AS_OF).saveAsTable(self.name)
        mode = "spark.sql.sources.partitionOverwriteMode"
        before = self.session.conf.get(mode)
        self.session.conf.set(mode, "dynamic")
        try:
            rows.write.insertInto(self.name, overwrite=True)
        except Exception as error:
            rule, fix = "Spark can replace a partition of the table", "see who may write there"
            raise SourceError(rule, said_by(error), fix) from error
        finally:
            self.session.conf.set(mode, str(before))

    def clear(self) -> None:
        """Drop what was staged."""
        for name in self.staged:
            self.session.sql(f"DROP TABLE IF EXISTS {name}")


def _as_of_last(frame: DataFrame) -> DataFrame:
    return frame.select(*(quoted(name) for name in frame.columns if name != AS_OF), AS_OF)


def quoted(name: str) -> str:
    """A column as Spark names it, which may have a point in its name, as a tier may.

    >>> quoted("p_tier_No. 1")
    '`p_tier_No. 1`'
    """
    return "`" + name.replace("`", "``") + "`"


def _kinds(frame: DataFrame) -> list[tuple[str, str]]:
    return [(column.name, column.dataType.simpleString()) for column in frame.schema.fields]
