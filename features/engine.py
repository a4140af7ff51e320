"""Where tables live: files and frames opened as Ibis tables on an embedded DuckDB, and results fetched as Arrow.

Tables of PostgreSQL and Spark are opened from URLs (features.servers) or come as Ibis tables; nothing is copied over.
"""

from __future__ import annotations

import contextlib
import glob
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from features.causes import first_line
from features.csv_files import AS_IT_SHOWS, Layout
from features.csv_tables import FILE, csv_table
from features.errors import ConfigError, SourceError, listed
from features.servers import arrow, check_zone, open_url
from features.urls import is_url

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd
    import pyarrow as pa
    from ibis.backends.duckdb import Backend

Source: TypeAlias = "str | Path | pd.DataFrame | pa.Table | ir.Table"
"""What a log may be given as: a path or glob of CSV or Parquet, a URL of a table, a frame, an Arrow or an Ibis table."""

_TEXT = (".csv", ".tsv", ".txt", ".dat")
_SUFFIXES = {
    **{suffix: "csv" for text in _TEXT for suffix in (text, f"{text}.gz")},
    ".zip": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_SHEETS = (".xlsx", ".xls", ".xlsm", ".ods")


def connect() -> Backend:
    """An in-memory DuckDB in UTC, which loads no extension from the network.

    >>> connect().name
    'duckdb'
    """
    import duckdb
    import ibis

    connection = ibis.duckdb.connect()
    connection.raw_sql("SET TimeZone = 'UTC'")
    connection.raw_sql("SET autoinstall_known_extensions = false")
    with contextlib.suppress(duckdb.InvalidInputException):  # a notebook without widgets has none to switch off
        connection.raw_sql("SET enable_progress_bar = false")  # it would stand on standard output, among what commands print
    return connection


def open_table(source: Source, layout: Layout = AS_IT_SHOWS) -> ir.Table:
    """A log as a lazy Ibis table, its columns as they are in the source. CSV values come as text.

    Parameters
    ----------
    source : path or glob (CSV, also gzipped or zipped, or Parquet), URL (see features.urls), pandas frame, Arrow table or
        Ibis table of DuckDB, PostgreSQL or Spark
    layout : what a CSV file does not say of itself

    Raises
    ------
    ConfigError
        there is a layout, and the source is no CSV file
    SourceError
        nothing matches, kinds are mixed, a file is empty or cannot be read, a server is away, or the source is none of these

    >>> import pandas as pd
    >>> open_table(pd.DataFrame({"customer_id": [1]})).columns
    ('customer_id',)
    """
    import ibis

    if is_url(source) or not isinstance(source, (str, Path)):
        _is_csv(layout, "a table")
    if isinstance(source, ibis.expr.types.Table):
        return check_zone(source)
    if is_url(source):
        return open_url(str(source))
    if not isinstance(source, (str, Path)):
        return _register(source)
    paths = _paths(str(source))
    kind = _kind(paths)
    connection = connect()
    if kind == "csv":
        return csv_table(connection, paths, layout, str(source))
    _is_csv(layout, kind)
    found = [glob.escape(path) for path in paths]  # the engine would take brackets in a name for a pattern
    named = {"filename": FILE} if len(paths) > 1 else {}
    try:
        return connection.read_parquet(found, union_by_name=True, **named)
    except Exception as error:
        got = f"{str(source)!r}: {first_line(error)}"
        raise SourceError(f"a {kind} file can be read as such", got, "mend or leave out the file") from error


def _is_csv(layout: Layout, kind: str) -> None:
    if layout.said:
        got = f"{listed(layout.said)} of {kind}"
        raise ConfigError("encoding, delimiter and header are of CSV files", got, "leave them out")


def fetch(expression: ir.Table) -> pa.Table:
    """The result of a lazy expression: this is where the engine reads the log.

    Raises
    ------
    SourceError
        a file turns out to be damaged below its header, or a server is away or refuses

    >>> import pandas as pd
    >>> fetch(open_table(pd.DataFrame({"customer_id": [1, 2]}))).num_rows
    2
    """
    import duckdb
    import pyarrow as pa

    if expression.get_backend().name != "duckdb":
        return arrow(expression)
    try:
        return expression.to_pyarrow()
    except (duckdb.Error, pa.ArrowException) as error:
        raise SourceError("a log can be read to its end", first_line(error), "mend the source or leave it out") from error


def write(expression: ir.Table, path: Path, suffix: str) -> None:
    """Write the result of a lazy expression to a file on this machine, as Parquet or CSV by ``suffix``.

    >>> import pandas as pd, tempfile
    >>> target = Path(tempfile.mkdtemp()) / "log.csv"
    >>> write(open_table(pd.DataFrame({"customer_id": [1, 2]})), target, target.suffix)
    >>> target.read_text().split()
    ['customer_id', '1', '2']
    """
    parquet = suffix == ".parquet"
    if expression.get_backend().name == "duckdb":  # row by row, whatever its size
        to_file = expression.to_parquet if parquet else expression.to_csv
        to_file(path)
        return
    import pyarrow.csv
    import pyarrow.parquet

    table = fetch(expression)
    if parquet:
        pyarrow.parquet.write_table(table, path)
    else:
        pyarrow.csv.write_csv(table, path)


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
        raise SourceError("a log can be read to its end", first_line(error), "mend the source or leave it out") from error


def _register(source: pd.DataFrame | pa.Table) -> ir.Table:
    """A frame or Arrow table, looked at where it is; NaN in a frame is null, a column of nulls is text."""
    import pandas as pd
    import pyarrow as pa

    if isinstance(source, pd.DataFrame):
        try:
            source = pa.Table.from_pandas(source, preserve_index=False)
        except pa.ArrowException as error:
            named = re.search("column (.+) with type", str(error))  # what else it says holds a value
            got, fix = f"several in {repr(named[1]) if named else 'one'}", "cast it, as in frame[COLUMN].astype(str)"
            raise SourceError("a column holds values of one type", got, fix) from error
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
        inside = sorted(path.name.lower() for path in Path(source).iterdir())
        suffix = next((suffix for suffix in _SUFFIXES if any(name.endswith(suffix) for name in inside)), ".parquet")
        raise SourceError(
            "a source is a file or a glob", f"the folder {source!r}", f"write '{source.rstrip('/')}/*{suffix}'"
        )
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
        if kind is None and path.lower().endswith(_SHEETS):
            fix = "save it as CSV UTF-8, or run pandas.read_excel(FILE).to_csv('log.csv', index=False)"
            raise SourceError("a log is CSV or Parquet", f"a spreadsheet: {path!r}", fix)
        if kind is None:
            raise SourceError(f"a file ends in one of {', '.join(_SUFFIXES)}", repr(path), "convert or rename it")
        kinds.add(kind)
    if len(kinds) > 1:
        raise SourceError("the files of one glob are of one kind", "CSV and Parquet", "name them one kind at a time")
    return kinds.pop()
