"""Features of a log on Spark: members hashed to partitions, and each partition through the one path.

The executors call the same ``features.feature_table.build`` on the same arrays as everything else does, so the numbers
are the same to the bit. Their Python needs this package and what it needs (see docs/engines.md).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from features.daily import daily, labelled
from features.engine import fetch
from features.errors import SourceError, UnusableLogError
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
    backend = checked.source.get_backend()
    if backend.name != "pyspark":
        raise SourceError("features on Spark are of a log on Spark", f"one on {backend.name}", "call build(from_log(...))")
    clean = checked.clean
    span = fetch(clean.agg(first=clean.timestamp.min(), last=clean.timestamp.max())).to_pylist()[0]
    if span["first"] is None:
        raise UnusableLogError("a log has usable rows", "none", "see 'tiercast check' for why each row was refused")
    bounds = (to_day(span["first"].date()), to_day(span["last"].date()) + 1)
    has = columns_read(checked)
    describe = _describer(cutoffs, horizon_days, lookback_days, policy, has, bounds)

    clean = clean_columns(checked, has)
    # Rows of days and of labels in one table, so that a member's are in one partition; 'part' tells them apart.
    folded = backend.raw_sql(backend.compile(daily(clean))).selectExpr("*", "'' AS part", "CAST(NULL AS STRING) AS label")
    for name in LABELS:
        if name in has:
            rows = backend.raw_sql(backend.compile(labelled(clean, name))).selectExpr("*", f"'{name}' AS part")
            folded = folded.unionByName(rows, allowMissingColumns=True)
    # The column alone: Spark hashes to as many partitions as it likes.
    hashed = folded.repartition("member") if partitions is None else folded.repartition(partitions, "member")
    sample = describe(_one_row(folded, bounds[0]))  # what is wrong with the arguments is said here, not on an executor
    return hashed.mapInArrow(_each_partition(describe), _spark_schema(folded, sample))


def _describer(
    cutoffs: Sequence[dt.date],
    horizon_days: int,
    lookback_days: int,
    policy: TierPolicy | None,
    has: Collection[str],
    bounds: tuple[int, int],
) -> Callable[[pa.Table], pa.Table]:
    """Rows of member x day and of labels → rows of member x cutoff. ``bounds`` are the whole log's."""

    def describe(rows: pa.Table) -> pa.Table:
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        days = rows.filter(pc.equal(rows["part"], ""))
        labels = {name: rows.filter(pc.equal(rows["part"], name)) for name in LABELS if name in has}
        histories: Histories = replace(from_folded(days, labels, has), first_day=bounds[0], end_day=bounds[1])
        table = build(histories, cutoffs, horizon_days=horizon_days, lookback_days=lookback_days, policy=policy)
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


def _one_row(folded: DataFrame, day: int) -> pa.Table:
    """A made-up member of one day, in the fold's columns."""
    import pyarrow as pa
    from pyspark.sql.pandas.types import to_arrow_schema

    schema = to_arrow_schema(folded.schema)
    made: dict[str, Any] = {"member": 0, "day": day, "part": "", "label": None}
    columns = [
        pa.array([made.get(field.name, 1)], None if field.name != "day" else pa.int32()).cast(field.type) for field in schema
    ]
    return pa.table(columns, names=schema.names)


def _spark_schema(folded: DataFrame, sample: pa.Table) -> Any:
    from pyspark.sql import types

    fields = [
        types.StructField("customer_id", folded.schema["member"].dataType),
        types.StructField("cutoff", types.DateType()),
    ]
    return types.StructType([*fields, *(types.StructField(name, types.DoubleType()) for name in sample.column_names[2:])])
