"""All members: forecasts in parts to tables, and with their histories to the store."""

from __future__ import annotations

import datetime as dt
import errno
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Engine

from features.bounds import StandingBounds
from features.errors import BatchError
from features.histories import Histories
from serving.batch.absent import Absent
from serving.batch.file_targets import CsvTarget, ParquetTarget
from serving.batch.generation_log import with_bounds
from serving.batch.part import TIERLESS, Clock, Maker, Mark, Part
from serving.batch.reads import Reads
from serving.batch.targets import Target
from serving.batch.work import Work, batch_facts
from serving.batch.workers import Made, made_by
from serving.database.erasure import take_out
from serving.database.generations import Generation, add, begin, publish, remember
from serving.database.pruning import prune
from serving.forecast.members import id_kind, member_key
from serving.forecast.wording import Language
from training.artifact import Bundle
from training.provenance import Provenance

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK_MEMBERS: Final = 20_000
_BOUNDS: Final = StandingBounds()
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Scored:
    """What a batch wrote.

    ``members`` have a forecast, ``erased`` were left out; ``tiers`` counts forecasts by the tier held; ``resumed`` of
    ``parts`` parts had been finished by a batch before; ``seconds`` by the clock and of the ``processor`` are by stage, of
    all processes together; ``peak_kib`` is the most memory that one of them had; ``log`` is the log's fingerprint.
    """

    members: int
    erased: int
    parquet: Path
    csv: Path
    generation: Generation
    tiers: Counter[str]
    parts: int
    resumed: int
    seconds: Mapping[str, float]
    processor: Mapping[str, float]
    peak_kib: int
    log: str


def score_all(
    histories: Histories | Iterable[Histories],
    bundle: Bundle,
    as_of: dt.date,
    *,
    out: Path,
    store: Engine,
    bounds: StandingBounds = _BOUNDS,
    provenance: Provenance | None = None,
    language: Language = "en",
    mark: Mark | None = None,
    erasures: Engine | None = None,
    champion: str | None = None,
    advance: Callable[[int], None] = lambda _: None,
    targets: Sequence[Target] = (),
    processes: int = 1,
    keep: bool = False,
    resume: bool = False,
) -> Scored:
    """Forecast every member with a purchase in the look-back before ``as_of``, and keep every member's history.

    Writes ``forecasts.parquet`` and ``forecasts.csv`` to ``out``, one row a member, the same to ``targets``, and a
    generation to the store; each appears when all are complete, and nothing where one fails. How many processes worked, and
    how often they were broken off and taken up again, changes no byte.

    Parameters
    ----------
    histories : of all members; or of some after others, in order of their ids and in multiples of ``CHUNK_MEMBERS``, which
        are read when they are due: then no more than these have to fit into memory
    bundle : the model
    store : with its tables (serving.database.schema)
    bounds : of stages and near misses
    provenance : where the model came from, for services to say
    mark : None where nobody can have been erased; picklable where there are several processes
    erasures : the store that knows who was; this one if None
    champion : the version of the model that services serve, whose newest generation stays
    advance : is told how many members have been looked at, for a progress display
    targets : where to write beside ``out``
    processes : that forecast, beside this one which writes; 1 is this one alone
    keep : if broken off, keep finished parts in ``out`` for a batch with ``resume``
    resume : go on from finished parts, where there are any

    Raises
    ------
    ColumnError, CutoffError
        see ``Forecaster.forecast``
    ConfigError
        another batch is at work in ``out``, or the one to be taken up again was of something else
    StoreError
        the database is away
    BatchError
        a disk is full, a target's database went away, or a process was ended
    """
    how = bundle, as_of, bounds, language, mark
    maker = Maker.of(*how)
    reads = Reads(histories, maker.forecaster.columns, as_of)
    kind, log = id_kind(reads.first.members), with_bounds(reads.shared, bounds)
    mine: list[Target] = [ParquetTarget(out / "forecasts.parquet"), CsvTarget(out / "forecasts.csv"), *targets]
    facts = batch_facts(bundle.version, as_of, bounds, language, CHUNK_MEMBERS)
    with room_told(out), ExitStack() as stack:
        work = stack.enter_context(Work(out, facts, keep=keep).begun(store, resume=resume))
        absent = Absent.now(mark, erasures or store)  # who is erased from here on finds the batch at work
        for target in mine:
            stack.enter_context(target)
        generation = begin(store, bundle, as_of, kind, maker.layout.width, log)
        work.fills(generation.id)
        if provenance is not None:
            remember(store, bundle.version, provenance)
        count = _Count()
        for made in made_by(work.tasks(reads, absent, CHUNK_MEMBERS), work.folder.path, maker, how, processes):
            count.add(made)
            with count.clock.at("parts"):
                part = work.finished.load(made.number)
                part = absent.taken_out_of(part) if made.again else part
            with count.clock.at("tables"):
                for target in mine:
                    target.write(part.table)
            with count.clock.at("store"):
                add(store, generation, part.rows, part.histories)
            if not keep:
                work.finished.drop(made.number)
            count.add_part(part)
            advance(made.members)
        with count.clock.at("put in place"):
            # Who is erased from here on is taken out of this generation by the erasure itself.
            if gone := absent.since(reads.members):
                count.leave_out(frozenset(gone))
                take_out(store, generation, gone)
            erased = absent.counted(reads.members) + len(gone)
            for target in mine:
                target.close()  # so that a full disk is noticed before the generation takes its place
            generation = publish(store, generation, count.members)
            for target in mine:
                target.commit()
            # An erasure looks through the tables that are in place, and until now these were not.
            if gone := absent.since(reads.members):
                for target in mine:
                    target.wipe(gone, numbers=kind != "text")
    with count.clock.at("put in place"):
        prune(store, champion)
    return Scored(
        members=count.members,
        erased=erased,
        parquet=out / "forecasts.parquet",
        csv=out / "forecasts.csv",
        generation=generation,
        tiers=count.tiers,
        parts=count.parts,
        resumed=count.again,
        seconds=count.clock.seconds,
        processor=count.clock.processor,
        peak_kib=count.peak_kib,
        log=work.log,
    )


@dataclass
class _Count:
    """What has been done so far."""

    members: int = 0
    parts: int = 0
    again: int = 0
    peak_kib: int = 0
    tiers: Counter[str] = field(default_factory=Counter)
    clock: Clock = field(default_factory=Clock)
    told: list[pa.Table] = field(default_factory=list)

    def add(self, made: Made) -> None:
        self.parts += 1
        self.again += made.again
        self.peak_kib = max(self.peak_kib, made.peak_kib)
        self.clock.add(made.clock)

    def add_part(self, part: Part) -> None:
        self.members += len(part.rows)
        self.tiers.update(part.tiers)
        self.told.append(part.table.select([name for name in ("customer_id", "tier") if name in part.table.column_names]))

    def leave_out(self, keys: Collection[str]) -> None:
        """Take back what was counted of some members."""
        for table in self.told:
            tiers = table["tier"].to_pylist() if "tier" in table.column_names else [None] * table.num_rows
            for member, tier in zip(table["customer_id"].to_pylist(), tiers, strict=True):
                if member_key(member) in keys:
                    self.members -= 1
                    self.tiers[TIERLESS if tier is None else tier] -= 1
        self.tiers = +self.tiers  # without zeros


@contextmanager
def room_told(out: Path) -> Iterator[None]:
    """A full disk in one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        got, fix = f"none left for what goes to {out} and its targets", "make room, and run it again with --resume"
        raise BatchError("a disk has room for the forecasts", got, fix) from None
