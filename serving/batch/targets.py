"""Where a batch writes its table to: files, a data set by date, a table on a server. Each takes it whole or not at all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from features.errors import ConfigError
from features.urls import SCHEMES, is_url, shown

if TYPE_CHECKING:
    import datetime as dt

    import pyarrow as pa


class Target(Protocol):
    """A place for the table of one as-of date.

    A target is a context: what was not committed when it ends leaves no trace.
    """

    shown: str
    """Its name for people, without a password."""

    def __enter__(self) -> Target: ...

    def __exit__(self, *error: object) -> None: ...

    def write(self, table: pa.Table) -> None:
        """Add rows; the first call tells the columns, with rows or without."""

    def close(self) -> None:
        """No more rows: all that can fail for want of room has been done when this returns."""

    def commit(self) -> None:
        """Put the rows in place, at once, of whatever was there of this date."""

    def wipe(self, keys: Collection[str], *, numbers: bool) -> None:
        """Take members out again; see ``serving.desk.erasing.wipe_tables``."""


def targets_of(places: Sequence[str], as_of: dt.date) -> list[Target]:
    """The targets that texts name, each once.

    Raises
    ------
    ConfigError, SourceError
        see ``target_of``; or one is named twice, and would wait for itself
    """
    found = [target_of(place, as_of) for place in places]
    before = [{other.shown for other in found[:k]} for k in range(len(found))]
    pairs = zip(places, found, before, strict=True)
    if twice := sorted({shown(place) if is_url(place) else place for place, one, seen in pairs if one.shown in seen}):
        raise ConfigError("forecasts go to each place once", f"{', '.join(twice)} more than once", "name it once")
    return found


def target_of(place: str, as_of: dt.date) -> Target:
    """The target that a text names.

    ==============================  ====================================================================
    text                            meaning
    ==============================  ====================================================================
    ``file.parquet``, ``file.csv``  one file, replaced
    ``folder``                      a data set: ``folder/as_of=2018-01-02/forecasts.parquet``
    ``postgresql://...?table=name`` a table: the rows of the date are replaced; made where there is none
    ==============================  ====================================================================

    Raises
    ------
    ConfigError, SourceError
        the text names none of them, or holds a password

    >>> import datetime as dt
    >>> target_of("all", dt.date(2018, 1, 2)).shown
    'all/as_of=2018-01-02/forecasts.parquet'
    """
    from serving.batch.file_targets import CsvTarget, DatasetTarget, ParquetTarget

    if is_url(place):
        return _on_server(place, as_of)
    path = Path(place)
    kinds: dict[str, Any] = {".parquet": ParquetTarget, ".csv": CsvTarget}
    if path.suffix in kinds and not path.is_dir():
        made: Target = kinds[path.suffix](path)
        return made
    if path.is_file() or path.suffix:
        got = repr(place)
        raise ConfigError(
            "forecasts go to a .parquet or .csv file, a folder or a postgresql:// URL", got, "name one of these"
        )
    return DatasetTarget(path, as_of)


def _on_server(place: str, as_of: dt.date) -> Target:
    from features.urls import taken_apart
    from serving.batch.postgres_target import PostgresTarget

    scheme, query = taken_apart(place)
    if scheme == SCHEMES[-1]:
        raise ConfigError(
            "a batch on this machine writes to files or PostgreSQL",
            shown(place),
            "name one of these, or score on the cluster",
        )
    return PostgresTarget(place, query, as_of)
