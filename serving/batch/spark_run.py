"""All members on Spark: days folded where the log lies, members hashed to partitions, each scored by an executor."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from features.bounds import StandingBounds
from features.causes import said_by
from features.errors import BatchError, TiercastError
from features.on_spark import folded, hashed, made_up
from features.snapshot import to_date
from serving.batch.agreement import check_columns
from serving.batch.shipped import ship
from serving.batch.spark_rows import MEMBER, by_tier, marked, said_of, without
from serving.batch.spark_targets import target_of
from serving.batch.spark_worker import ByPartition, Job, partition, ready
from serving.batch.tally import Counts, added
from serving.forecast.members import MemberId
from serving.forecast.wording import Language
from training.artifact import Bundle, to_forecaster
from training.reach import check_learned, check_reach

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from features.events import CheckedEvents
    from features.members import CheckedMembers
    from features.verdicts import Checked
    from training.reference import Reference

_BOUNDS: Final = StandingBounds()
_ABSENT: Final = re.compile(r"No module named '([\w.]+)'")
_NEEDED: Final = "numpy, scipy, pydantic, pyyaml and pyarrow"


@dataclass(frozen=True)
class Erasures:
    """Who is left out: ``marks`` asks for the keyed hashes of all who were erased, ``mark`` makes a member key's.

    Their secret stays on the driver.
    """

    marks: Callable[[], set[bytes]] = set
    mark: Callable[[str], bytes] = str.encode


@dataclass(frozen=True)
class ScoredThere:
    """How many members have a forecast now, of which date and in which tiers, and how many were left out as erased.

    ``counts`` are what the watch compares (serving.batch.tally), with the shopping days of a horizon; ``told`` is what was
    said of each member, without an order: customer_id, p_churn, expected_spend and the probability of each tier.
    """

    members: int
    erased: int
    as_of: dt.date
    by_tier: dict[str, int]
    counts: Counts = field(default_factory=dict)
    told: pa.Table | None = None


@dataclass(frozen=True, eq=False)
class Plan:
    """Forecasts that Spark is to make; nothing is sent to executors before ``frame`` is asked for its rows.

    ``rows`` are folded days and labels (features.on_spark), ``columns`` what comes out.
    """

    rows: DataFrame
    job: Job
    as_of: dt.date
    columns: StructType
    partitions: int | None = None

    @property
    def session(self) -> SparkSession:
        """The session that the log is of."""
        return self.rows.sparkSession

    def frame(self, left_out: Iterable[MemberId] = (), counted: Any = None) -> DataFrame:
        """One row a member with a forecast, in no order: the columns of serving.batch.forecast_table.

        Parameters
        ----------
        counted : an accumulator of Spark's that is told what partitions count (serving.batch.spark_worker)
        """
        from pyspark import TaskContext
        from pyspark.sql import functions

        known = self.rows.where(functions.col("day") < functions.lit(self.as_of))
        spread = hashed(without(known, "member", left_out), self.partitions)
        ship(self.session.sparkContext)
        sent = self.session.sparkContext.broadcast(self.job)

        def count(counts: Counts) -> None:
            task = TaskContext.get()
            if counted is not None and task is not None:
                counted.add({task.partitionId(): counts})

        def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            return partition(sent.value, batches, count)

        return spread.mapInArrow(run, self.columns)


def plan(
    checked: Checked,
    bundle: Bundle,
    as_of: dt.date | None = None,
    *,
    events: CheckedEvents | None = None,
    members: CheckedMembers | None = None,
    bounds: StandingBounds = _BOUNDS,
    language: Language = "en",
    partitions: int | None = None,
    reference: Reference | None = None,
) -> Plan:
    """Everything that can be said before executors start; what is wrong with the arguments is said here.

    Parameters
    ----------
    checked : a log on Spark
    as_of : the day after the log's last if None
    events, members : tables beside the log, wherever they lie; they are sent whole to each executor
    partitions : how many to hash members to, each held in an executor's memory at once; Spark's own number if None
    reference : of the model, by whose bins the watch counts

    Raises
    ------
    SourceError, UnusableLogError
        see ``features.on_spark.folded``
    ColumnError, ConfigError, CutoffError
        see ``serving.forecast.scoring.score``
    """
    from pyspark.sql.pandas.types import from_arrow_schema

    forecaster = to_forecaster(bundle)
    rows, whole = folded(checked, forecaster.columns)
    end = as_of or to_date(whole.end_day)
    job = Job.of(
        bundle,
        whole,
        end,
        bounds,
        language,
        events=None if events is None else events.folded,
        joined=None if members is None else members.folded,
        reference=reference,
    )
    sample = made_up(rows, whole.first_day)
    known = whole.histories(sample)
    check_columns(forecaster, known)
    check_reach(known, end)
    check_learned(forecaster, end)
    (table,) = ready(job).tables(sample)
    return Plan(rows, job, end, from_arrow_schema(table.schema), partitions)


def score_on_spark(planned: Plan, target: str, erasures: Erasures | None = None) -> ScoredThere:
    """Forecast every member with a purchase in the look-back, and write the date's partition whole or not at all.

    Parameters
    ----------
    target : URL of a folder of Parquet or of a table (serving.batch.spark_targets)
    erasures : None where nobody can have been erased

    Raises
    ------
    SourceError, ColumnError, UnusableLogError
        the target cannot be written; it is as it was
    BatchError
        the job failed, on executors or for want of them; the target is as it was
    """
    with told():
        return _scored(planned, target, erasures)


@contextmanager
def told() -> Iterator[None]:
    """What Spark says of a failure, in one sentence and without a row.

    Raises
    ------
    BatchError
    """
    try:
        yield
    except TiercastError:
        raise
    except Exception as error:
        absent = _ABSENT.search(str(error))
        if absent is not None:
            rule, fix = f"the executors' Python has {_NEEDED}", "install it there, or name a Python with PYSPARK_PYTHON"
            raise BatchError(rule, f"one without {absent[1]}", fix) from None
        fix = "see the executors' logs, and run it again; the target is as it was"
        raise BatchError("a job on Spark comes to its end", said_by(error), fix) from None


def _scored(planned: Plan, target: str, erasures: Erasures | None) -> ScoredThere:
    place = target_of(target, planned.session, planned.as_of)
    marks, of = (erasures.marks, erasures.mark) if erasures is not None else (set[bytes], str.encode)
    known = marks()
    left_out = marked(planned.rows, "member", known, of)
    counted = planned.session.sparkContext.accumulator({}, ByPartition())
    frame = planned.frame(left_out, counted)
    place.check(frame)
    try:
        staged = place.stage(frame)
        while since := marks() - known:  # who was erased meanwhile
            known |= since
            later = marked(staged, MEMBER, since, of)
            left_out += later
            staged = place.stage(without(staged, MEMBER, later))
        tiers, said = by_tier(staged), said_of(staged)
        place.publish()
    finally:
        place.clear()
    counts = added(list(counted.value.values()))
    return ScoredThere(sum(tiers.values()), len(left_out), planned.as_of, tiers, counts, said)
