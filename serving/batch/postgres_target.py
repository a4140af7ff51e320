"""Tables of forecasts on PostgreSQL: the rows of a date replaced in one transaction, by COPY."""

from __future__ import annotations

import datetime as dt
import io
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from features.errors import BatchError, ConfigError, SourceError, listed
from features.urls import shown

if TYPE_CHECKING:
    import pyarrow as pa

_TIMEOUT_S: Final = "10"
_LOCK_S: Final = 300
"""As long as another batch at the same date is waited for: one that comes to its end lets this one say what it found."""
_UNCHANGED: Final = "nothing of this date was changed there"
_KEY: Final = ("as_of", "customer_id")
_OTHERS: Final = {"int64": "bigint", "int32": "integer", "string": "text", "date32[day]": "date"}
_NUMBER: Final = "double precision"


class PostgresTarget:
    """A table that is made where there is none, with a primary key of date and member.

    One transaction holds all: the date's rows are deleted when the first come, and until it is committed everybody else
    reads those that were there.
    """

    def __init__(self, url: str, query: dict[str, str], as_of: dt.date) -> None:
        self.shown = shown(url)
        self.as_of = as_of
        given = dict(query)
        self._name = given.pop("table", "")
        if not self._name:
            raise SourceError("a PostgreSQL URL names a table", self.shown, "add ?table=schema.name")
        if not os.environ.get("PGCONNECT_TIMEOUT"):
            given.setdefault("connect_timeout", _TIMEOUT_S)
        self._url = f"{url.partition('?')[0]}?{urlencode(given, quote_via=quote)}"
        self._connection: Any = None
        self._copying: str | None = None

    def __enter__(self) -> PostgresTarget:
        try:
            import psycopg
        except ImportError:
            got = "a Python without it"
            raise SourceError("PostgreSQL is written with psycopg", got, "install the extra 'postgres'") from None
        try:
            self._connection = psycopg.connect(self._url)
        except psycopg.Error as error:
            got = f"{self.shown}: {_kind(error)}"
            raise SourceError(
                "a PostgreSQL server lets its user in", got, "check host, user, PGPASSWORD and pg_hba.conf"
            ) from None
        with self._told():
            self._connection.execute("SET idle_in_transaction_session_timeout = 0")  # parts take their time
            self._connection.execute(f"SET lock_timeout = '{_LOCK_S}s'")
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(Exception):  # what is not committed is gone with the connection
            self._connection.close()

    def write(self, table: pa.Table) -> None:
        """Add rows; before the first the table is made, and the date's rows go."""
        import pyarrow.csv

        with self._told():
            if self._copying is None:
                self._begin(table.schema)
            buffer = io.BytesIO()
            # Text in quotes and null without: COPY tells '' from nothing by that.
            pyarrow.csv.write_csv(table, buffer, pyarrow.csv.WriteOptions(include_header=False))
            with self._connection.cursor() as cursor, cursor.copy(self._copying) as copy:
                copy.write(buffer.getbuffer())

    def close(self) -> None:
        """All rows have been taken by the server, which checks nothing any later."""

    def commit(self) -> None:
        """End the transaction."""
        with self._told("whether this date was changed there is not known"):
            self._connection.commit()

    def wipe(self, keys: Collection[str], *, numbers: bool) -> None:
        """Delete the date's rows of some members."""
        with self._told("who was erased meanwhile is still there"):
            member = "trim_scale(customer_id::numeric)::text" if numbers else "customer_id"
            statement = f"DELETE FROM {self._quoted()} WHERE as_of = %s AND {member} = ANY(%s)"  # noqa: S608
            self._connection.execute(statement, (self.as_of, sorted(keys)))
            self._connection.commit()

    def _begin(self, schema: pa.Schema) -> None:
        table, columns = self._quoted(), {field.name: _type(field.type) for field in schema}
        listed_ = ", ".join(f"{_identifier(name)} {kind}" for name, kind in columns.items())
        self._connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({listed_}, PRIMARY KEY ({', '.join(_KEY)}))")
        self._check(columns)
        self._connection.execute(f"DELETE FROM {table} WHERE as_of = %s", (self.as_of,))  # noqa: S608
        named = ", ".join(_identifier(name) for name in columns)
        self._copying = f"COPY {table} ({named}) FROM STDIN (FORMAT csv)"

    def _check(self, columns: dict[str, str]) -> None:
        """Refuse a table of other columns: of another policy's tiers, say."""
        found = self._connection.execute(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped",
            (self._quoted(),),
        )
        there = dict(found.fetchall())
        if missing := [name for name in columns if name not in there]:
            got = f"{self.shown} without {listed(missing)}"
            raise ConfigError("a table has the columns of the forecasts", got, "name another table, or add the columns")
        if other := [f"{name}: {there[name]}" for name, kind in columns.items() if there[name] != kind]:
            got = f"{self.shown} with {listed(other)}"
            raise ConfigError("a table's columns are of the forecasts' types", got, "name another table")

    def _quoted(self) -> str:
        return ".".join(_identifier(part) for part in self._name.split("."))

    @contextmanager
    def _told(self, left: str = _UNCHANGED) -> Iterator[None]:
        """The server's errors in a sentence, without their text: a failed COPY's names members.

        Parameters
        ----------
        left : how the table is left
        """
        import psycopg

        try:
            yield
        except psycopg.errors.UniqueViolation:
            got = "another batch that wrote the same date meanwhile, or a member twice"
            raise BatchError("one batch at a time writes a date", got, "run it again with --resume") from None
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            got, fix = f"another that holds {self.shown}; {left}", "see who is at it, and run it again with --resume"
            raise BatchError("one batch at a time writes a date", got, fix) from None
        except psycopg.DataError as error:
            got = f"{_kind(error)} from {self.shown}: a value that it cannot hold, as an id with a null character"
            raise ConfigError("forecasts can be held by their table", got, "write them to Parquet") from None
        except psycopg.errors.InsufficientPrivilege:
            got, fix = f"{self.shown}: permission denied", "GRANT CREATE on its schema, or ALL on the table"
            raise ConfigError("a connection's user may write to the table", got, fix) from None
        except psycopg.Error as error:
            got = f"{_kind(error)} from {self.shown}; {left}"
            fix = "see that the server runs and has room, and run it again with --resume"
            raise BatchError("the database of a target stays until a batch is done", got, fix) from None


def _kind(error: Any) -> str:
    """What an error is of: its SQLSTATE says more than its class."""
    return f"{type(error).__name__}{f' ({error.sqlstate})' if error.sqlstate else ''}"


def _identifier(name: str) -> str:
    """A name in quotes, as it is.

    >>> _identifier("need_Gold")
    '"need_Gold"'
    """
    quoted = name.replace('"', '""')
    return f'"{quoted}"'


def _type(kind: pa.DataType) -> str:
    return _OTHERS.get(str(kind), _NUMBER)
