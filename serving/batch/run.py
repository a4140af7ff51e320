"""All members: forecasts in chunks to Parquet and CSV, and with their histories to the store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from sqlalchemy import Engine

from features.bounds import StandingBounds
from features.feature_table import parts
from features.files import written_whole
from features.histories import Histories
from features.packing import pack_all, shared
from serving.batch.forecast_rows import forecast_rows
from serving.batch.forecast_table import to_table
from serving.batch.generation_log import with_bounds
from serving.batch.known import as_known
from serving.database.erasure import erased_marks, take_out
from serving.database.forecasts import look_up
from serving.database.generations import Generation, add, begin, publish
from serving.database.pruning import prune
from serving.desk.model_page import remember
from serving.forecast.members import id_kind, member_key
from serving.forecast.reasons import Language
from serving.forecast.record import Layout
from serving.forecast.scoring import score
from training.artifact import Bundle, to_forecaster
from training.provenance import Provenance

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK_MEMBERS: Final = 20_000
_BOUNDS: Final = StandingBounds()

Mark = Callable[[str], bytes]
"""The keyed hash of a member key, by which the store remembers who was erased (serving.privacy.pseudonyms)."""


@dataclass(frozen=True)
class Scored:
    """What a batch wrote: how many have a forecast, how many were left out as erased, and where it is."""

    members: int
    erased: int
    parquet: Path
    csv: Path
    generation: Generation


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
) -> Scored:
    """Forecast every member with a purchase in the look-back before ``as_of``, and keep every member's history.

    Writes ``forecasts.parquet`` and ``forecasts.csv`` to ``out``, one row a member, and a generation to the store; each
    appears when all are complete, and nothing where one fails.

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

    Raises
    ------
    ColumnError, CutoffError
        see ``Forecaster.forecast``
    StoreError
        the database is away
    """
    forecaster = to_forecaster(bundle)
    layout = Layout.of(forecaster, bundle.version)
    known = as_known(histories.only(forecaster.columns), as_of)
    kind, log = id_kind(histories.members), with_bounds(shared(known), bounds)
    left_out = erased_marks(erasures or store) if mark is not None else set()
    members = seen = 0
    with ExitStack() as stack:
        files = _Files(out, stack)
        generation = begin(store, bundle, as_of, kind, layout.width, log)
        if provenance is not None:
            remember(store, bundle.version, provenance)
        for part in parts(known, CHUNK_MEMBERS):
            own = _without(part, mark, left_out)
            scores = score(forecaster, layout, own, as_of, bounds)
            files.write(to_table(scores, layout, language))
            bodies = zip(map(member_key, own.members.tolist()), pack_all(own), strict=True)
            add(store, generation, forecast_rows(scores), list(bodies))
            members += len(scores)
            seen += len(own)
            advance(len(part))
        if mark is not None and (since := erased_marks(erasures or store) - left_out):
            # Who is erased from here on is taken out of this generation by the erasure itself.
            gone = [key for key in map(member_key, known.members.tolist()) if mark(key) in since]
            members -= len(look_up(store, generation.id, gone))
            seen -= len(gone)
            take_out(store, generation, gone)
        files.close()  # so that a full disk is noticed before the generation takes its place
        generation = publish(store, generation, members)
    prune(store, champion)
    return Scored(members, len(known) - seen, files.parquet, files.csv, generation)


def _without(part: Histories, mark: Mark | None, marks: set[bytes]) -> Histories:
    """The members who have not been erased."""
    if mark is None or not marks:
        return part
    stays = [mark(member_key(member)) not in marks for member in part.members.tolist()]
    return part if all(stays) else part.select(np.flatnonzero(stays))


class _Files:
    """The tables of forecasts, which take their places when the stack ends without an error."""

    def __init__(self, out: Path, stack: ExitStack) -> None:
        self.parquet, self.csv = out / "forecasts.parquet", out / "forecasts.csv"
        self._partials = [stack.enter_context(written_whole(path)) for path in (self.parquet, self.csv)]
        self._stack = stack
        self._writers: list[Any] = []

    def write(self, table: pa.Table) -> None:
        """Add rows; the first tell the columns."""
        import pyarrow.csv
        import pyarrow.parquet

        if not self._writers:
            kinds = (pyarrow.parquet.ParquetWriter, pyarrow.csv.CSVWriter)
            for kind, partial in zip(kinds, self._partials, strict=True):
                self._writers.append(self._stack.enter_context(kind(partial, table.schema)))
        for writer in self._writers:
            writer.write_table(table)

    def close(self) -> None:
        for writer in self._writers:
            writer.close()
