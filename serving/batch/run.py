"""All members: forecasts in parts to tables, and with their histories to the store."""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlalchemy import Engine

from features.bounds import StandingBounds
from features.errors import BatchError
from features.feature_table import parts
from features.histories import Histories
from features.packing import shared
from features.snapshot import to_date
from serving.batch.file_targets import CsvTarget, ParquetTarget
from serving.batch.generation_log import with_bounds
from serving.batch.part import Clock, Maker
from serving.batch.partitions import Partitions
from serving.batch.targets import Target
from serving.batch.work_folder import WorkFolder, check_same
from serving.batch.workers import Task, made_by
from serving.database.erasure import erased_marks, take_out
from serving.database.forecasts import look_up
from serving.database.generations import Generation, add, begin, give_up, publish
from serving.database.pruning import prune
from serving.desk.model_page import remember
from serving.forecast.members import id_kind, member_key
from serving.forecast.reasons import Language
from training.artifact import Bundle
from training.provenance import Provenance

CHUNK_MEMBERS: Final = 20_000
_BOUNDS: Final = StandingBounds()
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

Mark = Callable[[str], bytes]
"""The keyed hash of a member key, by which the store remembers who was erased (serving.privacy.pseudonyms)."""


@dataclass(frozen=True)
class Scored:
    """What a batch wrote.

    ``members`` have a forecast, ``erased`` were left out; ``tiers`` counts forecasts by the tier held; ``resumed`` of
    ``parts`` parts had been finished by a batch before; ``seconds`` are of work, by stage, of all processes together;
    ``peak_kib`` is the most memory that one of them had; ``log`` is the log's fingerprint.
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
    peak_kib: int
    log: str


def score_all(
    histories: Histories,
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
    bundle : the model
    store : with its tables (serving.database.schema)
    bounds : of stages and near misses
    provenance : where the model came from, for services to say
    mark : None where nobody can have been erased
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
    how = bundle, as_of, bounds, language
    maker, clock = Maker.of(*how), Clock()
    with clock.at("fingerprint"):
        known = as_known(histories.only(maker.forecaster.columns), as_of)
        facts = batch_facts(known, bundle.version, as_of, bounds, language)
    kind, log = id_kind(known.members), with_bounds(shared(known), bounds)
    left_out = erased_marks(erasures or store) if mark is not None else set()
    mine: list[Target] = [ParquetTarget(out / "forecasts.parquet"), CsvTarget(out / "forecasts.csv"), *targets]
    members = seen = again = peak = 0
    tiers: Counter[str] = Counter()
    folder = WorkFolder(out)
    with _room_told(out), ExitStack() as stack:
        stack.enter_context(folder.alone(keep=keep))
        for target in mine:
            stack.enter_context(target)
        _take_up(folder, facts, store, resume=resume)
        generation = begin(store, bundle, as_of, kind, maker.layout.width, log)
        folder.say({**facts, "generation": generation.id, "store": _store_name(store)})
        if provenance is not None:
            remember(store, bundle.version, provenance)
        finished = Partitions(folder.path)
        sizes: list[int] = []

        def tasks() -> Iterator[Task]:
            for number, part in enumerate(parts(known, CHUNK_MEMBERS)):
                sizes.append(len(part))
                yield Task(number, None if finished.finished(number) else _without(part, mark, left_out))

        for made in made_by(tasks(), folder.path, maker, how, processes):
            clock.add(made.seconds)
            again, peak = again + made.again, max(peak, made.peak_kib)
            with clock.at("parts"):
                part = finished.load(made.number)
                if made.again and mark is not None and left_out:
                    part = part.without(frozenset(k for k, _ in part.histories if mark(k) in left_out), maker.layout)
            with clock.at("tables"):
                for target in mine:
                    target.write(part.table)
            with clock.at("store"):
                add(store, generation, part.rows, part.histories)
            if not keep:
                finished.drop(made.number)
            members, seen = members + len(part.rows), seen + len(part.histories)
            tiers.update(part.tiers)
            advance(sizes[made.number])
        with clock.at("put in place"):
            if mark is not None and (since := erased_marks(erasures or store) - left_out):
                # Who is erased from here on is taken out of this generation by the erasure itself.
                gone = _keys(known, mark, since)
                members -= len(look_up(store, generation.id, gone))
                seen -= len(gone)
                take_out(store, generation, gone)
            for target in mine:
                target.close()  # so that a full disk is noticed before the generation takes its place
            generation = publish(store, generation, members)
            for target in mine:
                target.commit()
            if mark is not None and (since := erased_marks(erasures or store) - left_out):
                # An erasure looks through the tables that are in place, and these were not yet.
                gone = _keys(known, mark, since)
                for target in mine:
                    target.wipe(gone, numbers=kind != "text")
    with clock.at("put in place"):
        prune(store, champion)
    return Scored(
        members=members,
        erased=len(known) - seen,
        parquet=out / "forecasts.parquet",
        csv=out / "forecasts.csv",
        generation=generation,
        tiers=tiers,
        parts=len(sizes),
        resumed=again,
        seconds=clock.seconds,
        peak_kib=peak,
        log=str(facts["log"]),
    )


def as_known(histories: Histories, as_of: dt.date) -> Histories:
    """Histories as they are kept: transactions on days before ``as_of``, after which posted lines begin.

    Events and dates of joining stay as they are: the forecast of a later day, with posted lines, is to know them then.

    >>> from features.histories import from_rows
    >>> visit = {"orders": 1, "gross": 0, "returned": 0}
    >>> log = from_rows([("m", [(dt.date(2017, 1, day), visit) for day in (1, 8)])], has_amounts=True)
    >>> as_known(log, dt.date(2017, 1, 8)).span[1]
    datetime.date(2017, 1, 8)
    """
    if to_date(histories.end_day) <= as_of:
        return histories
    return replace(histories.before(as_of), events=histories.events, joined=histories.joined)


def batch_facts(
    known: Histories, version: str, as_of: dt.date, bounds: StandingBounds, language: Language
) -> dict[str, Any]:
    """What a batch is of: two of equal facts make equal parts."""
    from training.track import fingerprint

    more = hashlib.sha256(shared(known).encode())
    if known.joined is not None:
        more.update(known.joined.tobytes())
    for name in sorted(known.label_names):
        more.update("\x1f".join(map(str, known.label_names[name])).encode())
    return {
        "model": version,
        "log": f"{fingerprint(known)}-{more.hexdigest()[:8]}",
        "as_of": as_of.isoformat(),
        "bounds": hashlib.sha256(bounds.model_dump_json().encode()).hexdigest()[:8],
        "language": language,
        "members of a part": CHUNK_MEMBERS,
    }


def _take_up(folder: WorkFolder, facts: dict[str, Any], store: Engine, *, resume: bool) -> None:
    """Go on from what a batch has left, or clear it away; the generation that it was filling is given up."""
    left = folder.left()
    if resume and left:
        check_same(left, facts)
    if left.get("store") == _store_name(store):
        give_up(store, left["generation"], left["model"])
    if not (resume and left):
        folder.clear()


def _store_name(store: Engine) -> str:
    return hashlib.sha256(store.url.render_as_string(hide_password=True).encode()).hexdigest()[:16]


def _keys(known: Histories, mark: Mark, marks: set[bytes]) -> list[str]:
    return [key for key in map(member_key, known.members.tolist()) if mark(key) in marks]


def _without(part: Histories, mark: Mark | None, marks: set[bytes]) -> Histories:
    """The members who have not been erased."""
    if mark is None or not marks:
        return part
    stays = [mark(member_key(member)) not in marks for member in part.members.tolist()]
    return part if all(stays) else part.select(np.flatnonzero(stays))


@contextmanager
def _room_told(out: Path) -> Iterator[None]:
    """A full disk in one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        got, fix = f"none left for what goes to {out} and its targets", "make room, and run it again with --resume"
        raise BatchError("a disk has room for the forecasts", got, fix) from None
