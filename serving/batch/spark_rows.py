"""What is asked of rows on Spark: without some members, by tier, and what was said of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from serving.batch.part import TIERLESS
from serving.batch.spark_targets import quoted
from serving.forecast.members import MemberId, member_key

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

MEMBER: Final = "customer_id"


def said_of(rows: DataFrame) -> pa.Table:
    """What the watch keeps of members, to be judged by."""
    tiers = [name for name in rows.columns if name.startswith("p_tier_")]
    return rows.select(*map(quoted, (MEMBER, "p_churn", "expected_spend", *tiers))).toArrow()


def without(rows: DataFrame, column: str, ids: Iterable[MemberId]) -> DataFrame:
    """Rows of all but some members; few enough to be sent to each executor."""
    from pyspark.sql import functions

    gone = [(one,) for one in ids]
    if not gone:
        return rows
    named = rows.sparkSession.createDataFrame(gone, rows.select(column).schema)
    return rows.join(functions.broadcast(named), column, "left_anti").select(*map(quoted, rows.columns))


def by_tier(rows: DataFrame) -> dict[str, int]:
    """Rows by the tier held; 'none' is no tier, also where there is no policy."""
    if "tier" not in rows.columns:
        return {TIERLESS: rows.count()}
    counts = {TIERLESS if tier is None else str(tier): int(count) for tier, count in rows.groupBy("tier").count().collect()}
    return {tier: counts[tier] for tier in sorted(counts)}


def marked(rows: DataFrame, column: str, marks: set[bytes], of: Callable[[str], bytes]) -> list[Any]:
    """The members who have one of the marks. Asks Spark for all ids, a partition at a time, where there are any marks."""
    if not marks:
        return []
    ids = rows.select(column).distinct().toLocalIterator(prefetchPartitions=True)
    return [row[0] for row in ids if of(member_key(row[0])) in marks]
