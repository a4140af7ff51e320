"""Tables on PostgreSQL and Spark: opened from a URL, and results fetched from them as Arrow.

==================================================  ===============================================================
URL                                                 meaning
==================================================  ===============================================================
``postgresql://user@host:5432/db?table=s.name``     a table or view; what libpq knows may stand beside ``table``, as
                                                    ``sslmode=require``. The password comes from PGPASSWORD, a
                                                    ``passfile`` or a ``service``, never from the URL
``spark://host:7077?table=db.name``                 a table of a standalone cluster's catalogue
``spark://host:7077?parquet=hdfs://...``            Parquet, wherever all the cluster's machines reach it
``spark:local[2]?...``, ``spark:yarn?...``          any other master, by Spark's own name for it
``spark:?...``                                      the session that this process has, or the one that spark-submit sets
==================================================  ===============================================================
"""

from __future__ import annotations

import io
import os
import secrets
import sys
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

from features.errors import SourceError

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa
    from pyspark.sql import SparkSession

SCHEMES: Final = ("postgresql", "postgres", "spark")
UTC: Final = frozenset({"UTC", "Etc/UTC", "GMT", "Etc/GMT", "Z"})
_SECRET: Final = ("password", "sslpassword", "passwd")
_TIMEOUT_S: Final = "10"


def is_url(source: object) -> bool:
    """Whether a source is written as a URL, of a known scheme or not.

    >>> is_url("spark:local[2]?parquet=log.parquet"), is_url("data/log.parquet")
    (True, False)
    """
    return isinstance(source, str) and ("://" in source or source.startswith("spark:"))


def shown(source: object) -> str:
    """A source for a message or a log: a URL without what may be secret in it.

    >>> shown("postgresql://ann:hunter2@host/shop?table=log&sslpassword=x")
    'postgresql://ann@host/shop?table=log'
    """
    if not is_url(source):
        return str(source)
    try:
        parts, query = _parts(str(source))
    except ValueError:
        return "a URL that cannot be taken apart"
    kept = {name: shown(value) for name, value in query.items() if name.lower() not in _SECRET}
    user, at, host = parts.netloc.rpartition("@")
    place = f"//{user.partition(':')[0]}{at}{host}" if str(source).startswith(f"{parts.scheme}://") else ""
    more = "?" + urlencode(kept, safe="/:.[]*@", quote_via=quote) if kept else ""
    return f"{parts.scheme}:{place}{parts.path}{more}"


def _parts(url: str) -> tuple[SplitResult, dict[str, str]]:
    """A URL and what stands behind its question mark; ValueError where a part of a password may be anywhere in it."""
    parts = urlsplit(url)
    if parts.fragment or "@" in parts.path or (parts.scheme != "spark" and parts.port == 0):
        raise ValueError("a URL with characters that have to be quoted")
    return parts, dict(parse_qsl(parts.query, keep_blank_values=True))


def open_url(url: str) -> ir.Table:
    """The table that a URL names, as a lazy Ibis table of a session in UTC.

    Raises
    ------
    SourceError
        the URL names no table, or holds a password, or the server or the table cannot be reached
    """
    try:
        parts, query = _parts(url)
        secret = parts.password is not None or any(
            name.lower() in _SECRET or (is_url(value) and urlsplit(value).password is not None)
            for name, value in query.items()
        )
    except ValueError:  # says nothing of the URL, which may hold a password
        got, fix = "one that cannot", "check brackets and port, and write %23 for #, %40 for @"
        raise SourceError("a URL can be taken apart", got, fix) from None
    if parts.scheme not in SCHEMES:
        got = f"{parts.scheme}://"
        raise SourceError("a URL begins with postgresql:// or spark:", got, "copy the file, or name a table")
    if secret:
        raise SourceError("a URL holds no password", shown(url), "set PGPASSWORD, or write ~/.pgpass")
    return _spark(url, query) if parts.scheme == "spark" else _postgres(url, query)


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
    fetched = _copied if backend.name == "postgres" else _collected
    try:
        return fetched(expression, backend)
    except Exception as error:
        raise _read_error(error) from error


def first_line(error: BaseException) -> str:
    """What an error says, short enough for a message."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)[:300]


# -- PostgreSQL -------------------------------------------------------------------------------------------------------


def _postgres(url: str, query: dict[str, str]) -> ir.Table:
    import ibis

    name = query.pop("table", "")
    if not name:
        raise SourceError("a PostgreSQL URL names a table", shown(url), "add ?table=schema.name")
    try:
        import psycopg
    except ImportError as error:
        raise SourceError(
            "PostgreSQL is read with psycopg", "a Python without it", "install the extra 'postgres'"
        ) from error
    if not os.environ.get("PGCONNECT_TIMEOUT"):
        query.setdefault("connect_timeout", _TIMEOUT_S)
    # libpq takes the rest as it is: hosts, sockets, sslmode, service and the places that a password may come from.
    target = f"{url.partition('?')[0]}?{urlencode(query, quote_via=quote)}"
    try:
        connection = psycopg.connect(target, autocommit=True)
        backend = ibis.postgres.from_connection(connection)  # sets the session's zone to UTC
        weakref.finalize(backend, connection.close)
    except Exception as error:
        got = f"{shown(url)}: {_plain(error)}"
        raise SourceError(
            "a PostgreSQL server lets its user in", got, "check host, user, PGPASSWORD and pg_hba.conf"
        ) from None
    schema, _, table = name.rpartition(".")
    try:
        return backend.table(table, database=schema or None)
    except Exception as error:
        connection.close()
        raise SourceError("the table of a URL exists", f"{name!r}: {_plain(error)}", "check ?table=schema.name") from error


def _copied(expression: ir.Table, backend: Any) -> pa.Table:
    """By COPY, which sends text as fast as the server can write it, into Arrow's own CSV reader."""
    import pyarrow as pa
    from pyarrow import csv

    schema = expression.schema()
    kinds = {name: _csv_type(kind) for name, kind in schema.items()}
    read = {name: pa.string() if pa.types.is_temporal(kind) else kind for name, kind in kinds.items()}
    connection = backend.con
    with connection.transaction(), connection.cursor() as cursor:
        # A caller's session may write dates and numbers in a way of its own.
        cursor.execute("SET LOCAL DateStyle = 'ISO'; SET LOCAL extra_float_digits = 1")
        with cursor.copy(f"COPY ({backend.compile(expression)}) TO STDOUT (FORMAT csv)") as copy:
            stream = io.BufferedReader(_Stream(copy), 1 << 22)
            if not stream.peek(1):  # which the reader would take for a damaged file
                return pa.table({name: pa.array([], kind) for name, kind in kinds.items()})
            rows = csv.read_csv(
                pa.PythonFile(stream, mode="r"),
                csv.ReadOptions(column_names=list(kinds), block_size=1 << 22, encoding="utf8"),
                csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
                csv.ConvertOptions(
                    column_types=read,
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                    true_values=["t"],
                    false_values=["f"],
                ),
            )
    return pa.table({name: _temporal(rows[name], kinds[name]) for name in kinds})


class _Stream(io.RawIOBase):
    """The blocks of a COPY as a file to read from."""

    def __init__(self, copy: Any) -> None:
        self._copy = copy
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """What is left of the last block, or the next one, as far as it fits; nothing at the end."""
        if not self._left:
            self._left = memoryview(self._copy.read())
        taken = self._left[: len(buffer)]
        self._left = self._left[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)


def _csv_type(kind: Any) -> pa.DataType:
    """What a column of a COPY is read as: text for what CSV has no other word for."""
    import pyarrow as pa

    if kind.is_boolean() or kind.is_integer() or kind.is_floating() or kind.is_date():
        return kind.to_pyarrow()
    if kind.is_timestamp():
        return pa.timestamp("us", kind.timezone)
    if kind.is_decimal() and kind.precision is not None and kind.precision <= 38:
        return kind.to_pyarrow()
    return pa.string()


def _temporal(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Times and dates from text; text they stay where one is 'infinity' or BC, which Arrow has no value for."""
    import pyarrow as pa

    with suppress(pa.ArrowInvalid):
        return column.cast(kind)
    return column


# -- Spark ------------------------------------------------------------------------------------------------------------


def _spark(url: str, query: dict[str, str]) -> ir.Table:
    import ibis

    kinds = sorted(set(query) & {"table", "parquet"})
    if len(kinds) != 1 or len(query) > 1 or not query[kinds[0]]:
        raise SourceError("a Spark URL names a table or Parquet", shown(url), "add ?table=db.name or ?parquet=path")
    (kind,) = kinds
    value = query[kind]
    master = _master(url)
    if master is not None and master.startswith("local"):  # the workers are this machine's, so their Python is this one
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        session = _session(master)
    except SourceError:
        raise
    except ImportError as error:
        raise SourceError(
            "Spark is read with pyspark", f"a Python without {error.name}", "install the extra 'spark'"
        ) from error
    except Exception as error:
        got = f"{shown(url)}: {_plain(error)}"
        raise SourceError(
            "a Spark master takes the session", got, "check the master, and that java is 17 or newer"
        ) from error
    try:
        backend = ibis.pyspark.connect(session)  # sets the session's zone to UTC
        if kind == "table":
            *place, name = value.split(".")
            return backend.table(name, database=tuple(place) or None)
        view = f"tiercast_{secrets.token_hex(4)}"
        session.read.parquet(value).createTempView(view)
        return backend.table(view)
    except Exception as error:
        got = f"{value!r}: {_plain(error)}"
        raise SourceError(
            f"the {kind} of a Spark URL can be read", got, "check its name, and that all workers see it"
        ) from error


def _master(url: str) -> str | None:
    """What Spark calls the master: the URL itself for a standalone cluster, what follows ``spark:`` otherwise.

    >>> _master("spark://host:7077?table=log"), _master("spark:local[2]?table=log"), _master("spark:?table=log")
    ('spark://host:7077', 'local[2]', None)
    """
    place = url.partition("?")[0]
    return place.rstrip("/") if place.startswith("spark://") else place.removeprefix("spark:") or None


def _session(master: str | None) -> SparkSession:
    """A session of our own, in UTC: settings of the process's other sessions stay as they are."""
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    if active is not None:
        running = str(active.conf.get("spark.master", ""))
        if master not in {None, running}:
            raise SourceError("a process has one Spark master", f"{master!r} beside {running!r}", "stop the other session")
        return active.newSession()
    builder = SparkSession.builder.appName("tiercast")
    if master is not None:
        builder = builder.master(master)
    return builder.getOrCreate()


def _collected(expression: ir.Table, backend: Any) -> pa.Table:
    """Straight to Arrow: by way of a frame, numbers beside nulls would become floats."""
    import pyarrow as pa

    table = backend.raw_sql(backend.compile(expression)).toArrow()
    # Spark's timestamps are instants, which Ibis calls times without a zone; the session is in UTC, so they are the same.
    naive = [
        field.with_type(pa.timestamp("us")) if pa.types.is_timestamp(field.type) else field.with_type(field.type)
        for field in table.schema
    ]
    return table.cast(pa.schema(naive))


# -- errors -----------------------------------------------------------------------------------------------------------


def _plain(error: BaseException) -> str:
    """The first line of an error's message; for a Java error, of what caused it."""
    cause = getattr(error, "java_exception", None)
    if cause is not None:
        with suppress(Exception):
            return str(cause.toString()).splitlines()[0][:300].rstrip(".")
    return first_line(error).rstrip(".")


def _read_error(error: Exception) -> SourceError:
    said = _plain(error)
    if "permission denied" in said.lower():
        return SourceError("a connection's user may read the table", said, "GRANT SELECT on it")
    return SourceError("a log can be read to its end", said, "see that the server is there, and mend what it names")
