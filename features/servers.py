"""Tables on PostgreSQL and Spark: opened from a URL (features.urls), and results fetched from them as Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from features import postgres_tables, spark_tables
from features.causes import said_by
from features.errors import SourceError
from features.urls import taken_apart

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

UTC: Final = frozenset({"UTC", "Etc/UTC", "GMT", "Etc/GMT", "Z"})


def open_url(url: str) -> ir.Table:
    """The table that a URL names, as a lazy Ibis table of a session in UTC.

    Raises
    ------
    SourceError
        the URL names no table, or holds a password, or the server or the table cannot be reached
    """
    scheme, query = taken_apart(url)
    return spark_tables.opened(url, query) if scheme == "spark" else postgres_tables.opened(url, query)


def check_zone(table: ir.Table) -> ir.Table:
    """A caller's own table, refused where its session would read times with a zone as local times."""
    backend = table.get_backend()
    if backend.name == "duckdb":
        zone, fix = backend.raw_sql("SELECT current_setting('TimeZone')").fetchall()[0][0], "SET TimeZone = 'UTC'"
    elif backend.name == "postgres":
        with backend.raw_sql("SHOW TimeZone") as cursor:
            zone, fix = cursor.fetchone()[0], "SET TimeZone = 'UTC'"
    elif backend.name == "pyspark":
        zone, fix = backend.raw_sql("SELECT current_timezone()").collect()[0][0], "SET TIME ZONE 'UTC'"
    else:
        raise SourceError("an Ibis table lives on DuckDB, PostgreSQL or Spark", backend.name, "write it to Parquet first")
    if zone not in UTC:
        raise SourceError("the session of an Ibis table is in UTC", zone, f"run {fix} on its connection")
    return table


def arrow(expression: ir.Table) -> pa.Table:
    """The result of an expression on PostgreSQL or Spark.

    Raises
    ------
    SourceError
        the server is away, or refuses to read the table
    """
    backend = expression.get_backend()
    fetched = postgres_tables.copied if backend.name == "postgres" else spark_tables.collected
    try:
        return fetched(expression, backend)
    except Exception as error:
        raise _read_error(error) from error


def _read_error(error: Exception) -> SourceError:
    said = said_by(error)
    if "permission denied" in said.lower():
        return SourceError("a connection's user may read the table", said, "GRANT SELECT on it")
    return SourceError("a log can be read to its end", said, "see that the server is there, and mend what it names")
