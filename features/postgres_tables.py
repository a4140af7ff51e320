"""Tables on PostgreSQL: opened by psycopg, fetched by COPY."""

from __future__ import annotations

import io
import os
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from features.causes import said_by
from features.errors import SourceError
from features.urls import shown

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

_TIMEOUT_S: Final = "10"


def opened(url: str, query: dict[str, str]) -> ir.Table:
    """The table that a URL and what stands behind its question mark name, of a session in UTC.

    Raises
    ------
    SourceError
        no table is named, psycopg is not installed, the server lets nobody in, or the table does not exist
    """
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
        got = f"{shown(url)}: {said_by(error)}"
        raise SourceError(
            "a PostgreSQL server lets its user in", got, "check host, user, PGPASSWORD and pg_hba.conf"
        ) from None
    schema, _, table = name.rpartition(".")
    try:
        return backend.table(table, database=schema or None)
    except Exception as error:
        connection.close()
        raise SourceError("the table of a URL exists", f"{name!r}: {said_by(error)}", "check ?table=schema.name") from error


def copied(expression: ir.Table, backend: Any) -> pa.Table:
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
