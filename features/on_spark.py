"""Features of a log on Spark: members hashed to partitions, and each partition through the one path.

The executors call the same ``features.feature_table.build`` on the same arrays as everything else does, so the numbers
are the same to the bit. Their Python needs this package and what it needs (see docs/engines.md).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from features.daily import daily, labelled
from features.engine import fetch
from features.errors import SourceError
from features.feature_table import build
from features.histories import Histories
from features.policy import TierPolicy
from features.reading import clean_columns, columns_read, from_folded
from features.schema import LABELS
from features.snapshot import to_day

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

    from features.verdicts import Checked


@dataclass(frozen=True)
class Whole:
    """What a part of a log cannot know of it: what columns are read, its first day and the one after its last, its zone."""

    has: frozenset[str]
    first_day: int
    end_day: int
    time_zone: str

    def histories(self, rows: pa.Table) -> Histories:
        """Histories from a part's rows of days and of labels, in any order."""
        import pyarrow.compute as pc

        days = rows.filter(pc.equal(rows["part"], ""))
        labels = {str(name): rows.filter(pc.equal(rows["part"], name)) for name in LABELS if name in self.has}
        found = from_folded(days, labels, self.has)
        return replace(found, first_day=self.first_day, end_day=self.end_day, time_zone=self.time_zone)


def feature_rows(
    checked: Checked,
    cutoffs: Sequence[dt.date],
    *,
    horizon_days: int,
    lookback_days: int,
    policy: TierPolicy | None = None,
    partitions: int | None = None,
) -> DataFrame:
    """Describe members at cutoffs as ``build`` does, on the executors. Lazy but for the log's first and last day.

    Parameters
    ----------
    checked : a log on Spark
    partitions : how many to hash members to, each held in an executor's memory at once; Spark's own number if None

    Returns
    -------
    DataFrame
        customer_id, cutoff and one column of doubles a feature, in no order

    Raises
    ------
    SourceError
        the log is not on Spark
    UnusableLogError
        no row is usable
    CutoffError, ConfigError, PolicyError
        as ``build`` does, before anything is sent to the executors
    """
    rows, whole = folded(checked)
    describe = _describer(cutoffs, horizon_days, lookback_days, policy, whole)
    sample = describe(made_up(rows, whole.first_day))  # what is wrong with the arguments is said here, not on an executor
    return hashed(rows, partitions).mapInArrow(_each_partition(describe), _spark_schema(rows, sample))


def folded(checked: Checked, needed: Collection[str] | None = None) -> tuple[DataFrame, Whole]:
    """A log folded where it lies: rows of days and of labels in one table, told apart by ``part``. Lazy but for its bounds.

    Parameters
    ----------
    needed : see ``features.reading.from_log``

    Raises
    ------
    SourceError
        the log is not on Spark
    UnusableLogError
        no row is usable
    """
    backend = checked.source.get_backend()
    if backend.name != "pyspark":
        raise SourceError("what is done on Spark is done to a log on Spark", f"one on {backend.name}", "name it by its URL")
    clean = checked.clean
    span = fetch(clean.agg(first=clean.timestamp.min(), last=clean.timestamp.max())).to_pylist()[0]
    if span["first"] is None:
        raise checked.nothing_usable()
    has = frozenset(columns_read(checked, needed))
    whole = Whole(has, to_day(span["first"].date()), to_day(span["last"].date()) + 1, checked.time_zone)
    clean = clean_columns(checked, has)
    rows = backend.raw_sql(backend.compile(daily(clean))).selectExpr("*", "'' AS part", "CAST(NULL AS STRING) AS label")
    for name in LABELS:
        if name in has:
            more = backend.raw_sql(backend.compile(labelled(clean, name))).selectExpr("*", f"'{name}' AS part")
            rows = rows.unionByName(more, allowMissingColumns=True)
    return rows, whole


def hashed(rows: DataFrame, partitions: int | None = None) -> DataFrame:
    """The same rows, all of a member in one partition; of so many, or of as many as Spark finds right."""
    return rows.repartition("member") if partitions is None else rows.repartition(partitions, "member")


def _describer(
    cutoffs: Sequence[dt.date], horizon_days: int, lookback_days: int, policy: TierPolicy | None, whole: Whole
) -> Callable[[pa.Table], pa.Table]:
    """Rows of member x day and of labels → rows of member x cutoff."""

    def describe(rows: pa.Table) -> pa.Table:
        import numpy as np
        import pyarrow as pa

        table = build(whole.histories(rows), cutoffs, horizon_days=horizon_days, lookback_days=lookback_days, policy=policy)
        return pa.table(
            {
                "customer_id": pa.array(table.members, rows["member"].type),
                "cutoff": pa.array(table.panel.cutoff.astype(np.int32), pa.int32()).cast(pa.date32()),
                **{name: np.ascontiguousarray(column) for name, column in zip(table.names, table.x.T, strict=True)},
            }
        )

    return describe


def _each_partition(
    describe: Callable[[pa.Table], pa.Table],
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What an executor does with the batches of a partition, in any order."""

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        held = [batch for batch in batches if batch.num_rows]
        if held:
            yield from describe(pa.Table.from_batches(held)).to_batches()

    return run


def made_up(rows: DataFrame, day: int) -> pa.Table:
    """A made-up member of one day, in the fold's columns."""
    import pyarrow as pa
    from pyspark.sql.pandas.types import to_arrow_schema

    schema = to_arrow_schema(rows.schema)
    made: dict[str, Any] = {"member": 0, "day": day, "part": "", "label": None}
    columns = [
        pa.array([made.get(field.name, 1)], None if field.name != "day" else pa.int32()).cast(field.type) for field in schema
    ]
    return pa.table(columns, names=schema.names)


def _spark_schema(rows: DataFrame, sample: pa.Table) -> Any:
    from pyspark.sql import types

    fields = [
        types.StructField("customer_id", rows.schema["member"].dataType),
        types.StructField("cutoff", types.DateType()),
    ]
    return types.StructType([*fields, *(types.StructField(name, types.DoubleType()) for name in sample.column_names[2:])])
