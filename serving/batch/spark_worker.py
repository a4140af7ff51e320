"""What an executor does: days of some members → their forecasts, by the one path.

Its Python needs numpy, scipy, pydantic, pyyaml and pyarrow, and nothing of what trains or tracks; this package comes with
the job (serving.batch.shipped). Numba is used where it is there; the numbers are the same to the bit.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from features.bounds import StandingBounds
from features.events import with_events
from features.feature_table import parts
from features.histories import Histories
from features.members import with_joined
from features.on_spark import Whole
from serving.batch.forecast_table import to_table
from serving.batch.known import as_known
from serving.batch.tally import Counts, Tally
from serving.forecast.record import Layout
from serving.forecast.scoring import score
from serving.forecast.wording import Language
from training.artifact import Bundle, to_forecaster
from training.forecaster import Forecaster
from training.reference import Reference
from training.sightings import DAYS, ORDERS, log_columns

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK_MEMBERS: Final = 20_000
"""So many members' forecasts are in memory at once, beside the days of a partition."""


@dataclass(frozen=True)
class Job:
    """What is sent to each executor once: texts and bytes, no classes.

    ``text`` is JSON; ``events`` and ``joined`` are tables as Arrow's stream format writes them, None where there are none.
    """

    text: str
    events: bytes | None = None
    joined: bytes | None = None

    @classmethod
    def of(
        cls,
        bundle: Bundle,
        whole: Whole,
        as_of: dt.date,
        bounds: StandingBounds,
        language: Language,
        *,
        events: pa.Table | None = None,
        joined: pa.Table | None = None,
        reference: Reference | None = None,
    ) -> Job:
        """Write down what is asked.

        Parameters
        ----------
        whole : of the log, whose parts the executors see
        events, joined : of all members (features.events, features.members)
        reference : of the model, by whose bins is counted
        """
        said = {
            "version": bundle.version,
            "plain": bundle.plain,
            "texts": bundle.texts,
            "as_of": as_of.isoformat(),
            "bounds": bounds.model_dump(mode="json"),
            "language": language,
            "has": sorted(whole.has),
            "first_day": whole.first_day,
            "end_day": whole.end_day,
            "time_zone": whole.time_zone,
            "reference": None if reference is None else reference.to_json(),
        }
        return cls(json.dumps(said), _to_bytes(events), _to_bytes(joined))


@dataclass(frozen=True, eq=False)
class Worker:
    """A job made ready, as one process of an executor keeps it."""

    forecaster: Forecaster
    layout: Layout
    whole: Whole
    as_of: dt.date
    bounds: StandingBounds
    language: Language
    events: pa.Table | None
    joined: pa.Table | None
    reference: Reference | None

    def histories(self, rows: pa.Table) -> Histories:
        """Histories of the members in some rows of days and labels, as they are known."""
        found = self.whole.histories(rows)
        if self.events is not None:
            found = with_events(found, self.events)
        if self.joined is not None:
            found = with_joined(found, self.joined)
        return as_known(found.only(self.forecaster.columns), self.as_of)

    def tables(self, rows: pa.Table, count: Callable[[Counts], None] | None = None) -> Iterator[pa.Table]:
        """Forecasts of these members, as ``serving.batch.forecast_table`` has them, some thousands at a time.

        Parameters
        ----------
        count : is told at the end what the watch counts of them, and as ``DAYS`` their shopping days of a horizon
        """
        histories = self.histories(rows)
        tally = Tally(self.layout, [feature.name for feature in self.forecaster.features], self.reference)
        for part in parts(histories, CHUNK_MEMBERS):
            scores = score(self.forecaster, self.layout, part, self.as_of, self.bounds)
            tally.add(scores.rows)
            yield to_table(scores, self.layout, self.language)
        if count is not None:
            log = log_columns(histories, self.as_of, self.layout.horizon_days)
            count({**tally.counts(log), DAYS: (len(log[ORDERS]),)})


def partition(
    job: Job, batches: Iterable[pa.RecordBatch], count: Callable[[Counts], None] | None = None
) -> Iterator[pa.RecordBatch]:
    """A partition's rows, in any order → its forecasts.

    Parameters
    ----------
    count : see ``Worker.tables``
    """
    import pyarrow as pa

    held = [batch for batch in batches if batch.num_rows]
    if held:
        for table in ready(job).tables(pa.Table.from_batches(held), count):
            yield from table.to_batches()


class ByPartition:
    """How Spark adds up what partitions have counted, in its words: one that is done twice counts once."""

    def zero(self, _: dict[int, Counts]) -> dict[int, Counts]:
        """Nothing yet."""
        return {}

    def addInPlace(self, one: dict[int, Counts], other: dict[int, Counts]) -> dict[int, Counts]:  # noqa: N802  (Spark's name)
        """Partitions of both."""
        one.update(other)
        return one


@lru_cache(maxsize=2)
def ready(job: Job) -> Worker:
    """A job made ready, once a process: its trees are parsed and tabulated."""
    said: dict[str, Any] = json.loads(job.text)
    forecaster = to_forecaster(Bundle(said["plain"], said["texts"]))
    return Worker(
        forecaster,
        Layout.of(forecaster, said["version"]),
        Whole(frozenset(said["has"]), said["first_day"], said["end_day"], said["time_zone"]),
        dt.date.fromisoformat(said["as_of"]),
        StandingBounds.model_validate(said["bounds"]),
        said["language"],
        _to_arrow(job.events),
        _to_arrow(job.joined),
        None if said["reference"] is None else Reference.from_json(said["reference"], "the job"),
    )


def _to_bytes(table: pa.Table | None) -> bytes | None:
    import pyarrow as pa

    if table is None:
        return None
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _to_arrow(content: bytes | None) -> pa.Table | None:
    import pyarrow as pa

    return None if content is None else pa.ipc.open_stream(content).read_all()
