"""Tables on Spark: opened in a session of our own, in UTC, fetched as Arrow."""

from __future__ import annotations

import os
import secrets
import sys
from typing import TYPE_CHECKING, Any

from features.causes import said_by
from features.errors import SourceError
from features.urls import shown

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa
    from pyspark.sql import SparkSession


def opened(url: str, query: dict[str, str]) -> ir.Table:
    """The table or Parquet that a URL and what stands behind its question mark name, of a session in UTC.

    Raises
    ------
    SourceError
        neither or both are named, pyspark is not installed, the master takes no session, or there is nothing to read
    """
    import ibis

    kinds = sorted(set(query) & {"table", "parquet"})
    if len(kinds) != 1 or len(query) > 1 or not query[kinds[0]]:
        raise SourceError("a Spark URL names a table or Parquet", shown(url), "add ?table=db.name or ?parquet=path")
    (kind,) = kinds
    value = query[kind]
    master = master_of(url)
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
        got = f"{shown(url)}: {said_by(error)}"
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
        got = f"{value!r}: {said_by(error)}"
        raise SourceError(
            f"the {kind} of a Spark URL can be read", got, "check its name, and that all workers see it"
        ) from error


def master_of(url: str) -> str | None:
    """What Spark calls the master: the URL itself for a standalone cluster, what follows ``spark:`` otherwise.

    >>> master_of("spark://host:7077?table=log"), master_of("spark:local[2]?table=log"), master_of("spark:?table=log")
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


def collected(expression: ir.Table, backend: Any) -> pa.Table:
    """Straight to Arrow: by way of a frame, numbers beside nulls would become floats."""
    import pyarrow as pa

    table = backend.raw_sql(backend.compile(expression)).toArrow()
    # Spark's timestamps are instants, which Ibis calls times without a zone; the session is in UTC, so they are the same.
    naive = [
        field.with_type(pa.timestamp("us")) if pa.types.is_timestamp(field.type) else field.with_type(field.type)
        for field in table.schema
    ]
    return table.cast(pa.schema(naive))
