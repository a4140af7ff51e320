"""Where tables live: files opened as Ibis tables on an embedded DuckDB."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from features.errors import SourceError, listed

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd
    import pyarrow as pa
    from ibis.backends.duckdb import Backend

Source: TypeAlias = "str | Path | pd.DataFrame | pa.Table | ir.Table"
"""What a log may be given as: a path or glob of CSV or Parquet, a frame, an Arrow or an Ibis table."""

_SUFFIXES = {".csv": "csv", ".csv.gz": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet"}


def connect() -> Backend:
    """An in-memory DuckDB in UTC, which loads no extension from the network.

    >>> connect().name
    'duckdb'
    """
    import ibis

    connection = ibis.duckdb.connect()
    connection.raw_sql("SET TimeZone = 'UTC'")
    connection.raw_sql("SET autoinstall_known_extensions = false")
    return connection


def open_table(source: Source) -> ir.Table:
    """A log as a lazy Ibis table, its columns as they are in the source. CSV values come as text.

    Parameters
    ----------
    source : path or glob (CSV, TSV, gzipped CSV or Parquet), pandas frame, Arrow table or Ibis table

    Raises
    ------
    SourceError
        nothing matches, kinds are mixed, a file is empty or cannot be read

    >>> import pandas as pd
    >>> open_table(pd.DataFrame({"customer_id": [1]})).columns
    ('customer_id',)
    """
    import ibis

    if isinstance(source, ibis.expr.types.Table):
        return source
    if not isinstance(source, (str, Path)):
        return connect().create_table("transactions", source)
    paths = _paths(str(source))
    kind = _kind(paths)
    connection = connect()
    try:
        if kind == "parquet":
            return connection.read_parquet(paths, union_by_name=True)
        # As text: one unparsable amount must cost a row, not the column's type.
        return connection.read_csv(paths, all_varchar=True, header=True, union_by_name=True, sample_size=20_000)
    except Exception as error:
        raise SourceError(
            f"a {kind} file can be read as such", f"{str(source)!r}: {_first_line(error)}", "mend or leave out the file"
        ) from error


def _paths(source: str) -> list[str]:
    if Path(source).is_dir():
        raise SourceError("a source is a file or a glob", f"the folder {source!r}", f"write '{source}/*.parquet'")
    paths = [source] if Path(source).is_file() else sorted(glob.glob(source))
    if not paths:
        raise SourceError("a source names files that exist", f"{source!r}, which matches nothing", "check the path")
    empty = [path for path in paths if Path(path).stat().st_size == 0]
    if empty:
        raise SourceError("a file has a header and rows", f"empty: {listed(empty)}", "leave it out or send it again")
    return paths


def _kind(paths: list[str]) -> str:
    kinds: set[str] = set()
    for path in paths:
        kind = next((kind for suffix, kind in _SUFFIXES.items() if path.lower().endswith(suffix)), None)
        if kind is None:
            raise SourceError(f"a file ends in one of {', '.join(_SUFFIXES)}", repr(path), "convert or rename it")
        kinds.add(kind)
    if len(kinds) > 1:
        raise SourceError("the files of one glob are of one kind", "CSV and Parquet", "name them one kind at a time")
    return kinds.pop()


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)[:300]
