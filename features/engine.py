"""Where tables live: files and frames opened as Ibis tables on an embedded DuckDB, and results fetched from it."""

from __future__ import annotations

import glob
import gzip
from collections.abc import Iterator
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
_MAX_HEADER = 1_000_000


def connect() -> Backend:
    """An in-memory DuckDB in UTC, which loads no extension from the network.

    >>> connect().name
    'duckdb'
    """
    import ibis

    connection = ibis.duckdb.connect()
    connection.raw_sql("SET TimeZone = 'UTC'")
    connection.raw_sql("SET autoinstall_known_extensions = false")
    connection.raw_sql("SET enable_progress_bar = false")  # it would stand on standard output, among what commands print
    return connection


def open_table(source: Source) -> ir.Table:
    """A log as a lazy Ibis table, its columns as they are in the source. CSV values come as text.

    Parameters
    ----------
    source : path or glob (CSV, TSV, gzipped CSV or Parquet), pandas frame, Arrow table or Ibis table

    Raises
    ------
    SourceError
        nothing matches, kinds are mixed, a file is empty or cannot be read, or the source is none of these

    >>> import pandas as pd
    >>> open_table(pd.DataFrame({"customer_id": [1]})).columns
    ('customer_id',)
    """
    import ibis

    if isinstance(source, ibis.expr.types.Table):
        return _in_utc(source)
    if not isinstance(source, (str, Path)):
        return _register(source)
    paths = _paths(str(source))
    kind = _kind(paths)
    connection = connect()
    found = [glob.escape(path) for path in paths]  # the engine would take brackets in a name for a pattern
    try:
        if kind == "parquet":
            return connection.read_parquet(found, union_by_name=True)
        # As text: one unparsable amount must cost a row, not the column's type. Lines cut short are filled with nulls.
        table: ir.Table = connection.read_csv(
            found,
            all_varchar=True,
            header=True,
            delim=_delimiter(paths[0]),
            null_padding=True,
            union_by_name=True,
            sample_size=20_000,
        )
    except Exception as error:
        got = f"{str(source)!r}: {_first_line(error)}"
        if "utf-8" in str(error):
            raise SourceError("a CSV file is in UTF-8", got, "convert it, as in iconv -f latin1 -t utf-8") from error
        raise SourceError(f"a {kind} file can be read as such", got, "mend or leave out the file") from error
    if extra := [name for name in table.columns if name.startswith("column") and name not in _header(paths)]:
        got = f"{len(extra)} more on some line of {str(source)!r}"
        raise SourceError("a line has as many fields as the header", got, "put fields that hold a delimiter in quotes")
    return table


def fetch(expression: ir.Table) -> pa.Table:
    """The result of a lazy expression: this is where the engine reads the log.

    Raises
    ------
    SourceError
        a file turns out to be damaged below its header

    >>> import pandas as pd
    >>> fetch(open_table(pd.DataFrame({"customer_id": [1, 2]}))).num_rows
    2
    """
    import duckdb
    import pyarrow as pa

    try:
        return expression.to_pyarrow()
    except (duckdb.Error, pa.ArrowException) as error:
        raise SourceError("a log can be read to its end", _first_line(error), "mend the source or leave it out") from error


def stream(expression: ir.Table, batch_rows: int) -> Iterator[pa.RecordBatch]:
    """The result of a lazy expression on DuckDB, batch by batch.

    Raises
    ------
    SourceError
        as in ``fetch``

    >>> import pandas as pd
    >>> [batch.num_rows for batch in stream(open_table(pd.DataFrame({"customer_id": [1, 2]})), 1000)]
    [2]
    """
    import duckdb
    import pyarrow as pa

    backend = expression.get_backend()
    try:
        yield from backend.con.sql(backend.compile(expression)).to_arrow_reader(batch_rows)
    except duckdb.CatalogException:  # a table in memory that Ibis has yet to hand to the engine
        yield from expression.to_pyarrow().to_batches()
    except (duckdb.Error, pa.ArrowException) as error:
        raise SourceError("a log can be read to its end", _first_line(error), "mend the source or leave it out") from error


def _in_utc(table: ir.Table) -> ir.Table:
    """A caller's own table, refused where its session would read times with a zone as local times."""
    backend = table.get_backend()
    if backend.name == "duckdb":
        zone = backend.raw_sql("SELECT current_setting('TimeZone')").fetchall()[0][0]
        if zone not in {"UTC", "Etc/UTC", "GMT", "Etc/GMT"}:
            raise SourceError("the session of an Ibis table is in UTC", zone, "run SET TimeZone = 'UTC' on its connection")
    return table


def _register(source: pd.DataFrame | pa.Table) -> ir.Table:
    """A frame or Arrow table, looked at where it is; NaN in a frame is null, a column of nulls is text."""
    import pandas as pd
    import pyarrow as pa

    if isinstance(source, pd.DataFrame):
        try:
            source = pa.Table.from_pandas(source, preserve_index=False)
        except pa.ArrowException as error:
            raise SourceError("a column holds values of one type", _first_line(error), "cast the column") from error
    if not isinstance(source, pa.Table):
        raise SourceError(
            "a source is a path, a pandas frame, an Arrow table or an Ibis table", type(source).__name__, "pass one of these"
        )
    if not source.num_columns:
        raise SourceError("a log has columns", "a table without any", "check how it was made")
    fields = [field.with_type(pa.string()) if pa.types.is_null(field.type) else field for field in source.schema]
    connection = connect()
    connection.con.register("transactions", source.cast(pa.schema(fields)))
    return connection.table("transactions")


def _paths(source: str) -> list[str]:
    if Path(source).is_dir():
        raise SourceError("a source is a file or a glob", f"the folder {source!r}", f"write '{source}/*.parquet'")
    paths = [source] if Path(source).is_file() else sorted(glob.glob(source))  # noqa: PTH207 (Path.glob takes no absolute pattern)
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


def _delimiter(path: str) -> str:
    """What the header's names are set apart by: the engine's own guess gives up at the first uneven line."""
    header = _first_text(path)
    return max(",;\t|", key=header.count)


def _header(paths: list[str]) -> str:
    """The first lines of all files, to look for a name in."""
    return "\n".join(_first_text(path) for path in paths)


def _first_text(path: str) -> str:
    opened = gzip.open if path.lower().endswith(".gz") else open
    with opened(path, "rb") as file:
        return file.readline(_MAX_HEADER).decode("utf-8", "replace")


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)[:300]
