"""All members: forecasts in chunks to Parquet and CSV, and into the look-up store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.files import written_whole
from features.histories import Histories
from features.operators import Floats, Integers
from serving.forecast_table import to_table
from serving.reasons import Language
from serving.record import Layout
from serving.scoring import score
from serving.store import id_kind, write_store
from training.forecaster import Forecaster

CHUNK_MEMBERS: Final = 20_000


@dataclass(frozen=True)
class Scored:
    """What a batch wrote."""

    members: int
    parquet: Path
    csv: Path
    store: Path


def score_all(
    histories: Histories,
    forecaster: Forecaster,
    as_of: dt.date,
    *,
    layout: Layout,
    out: Path,
    store: Path,
    language: Language = "en",
    advance: Callable[[int], None] = lambda _: None,
) -> Scored:
    """Forecast every member with a purchase in the look-back before ``as_of``.

    Writes ``forecasts.parquet`` and ``forecasts.csv`` to ``out``, one row a member, and the store; each appears when
    complete.

    Parameters
    ----------
    advance : is told how many members have been looked at, for a progress display

    Raises
    ------
    ColumnError, CutoffError
        see ``Forecaster.forecast``
    """
    import pyarrow.csv
    import pyarrow.parquet

    parquet, csv = out / "forecasts.parquet", out / "forecasts.csv"
    with ExitStack() as stack:
        partials = [stack.enter_context(written_whole(path)) for path in (parquet, csv)]
        writers: list[Any] = []

        def chunks() -> Iterator[tuple[npt.NDArray[Any], Floats]]:
            for part in _parts(histories):
                scores = score(forecaster, layout, part, as_of)
                table = to_table(scores, layout, language)
                if not writers:
                    writers.append(stack.enter_context(pyarrow.parquet.ParquetWriter(partials[0], table.schema)))
                    writers.append(stack.enter_context(pyarrow.csv.CSVWriter(partials[1], table.schema)))
                for writer in writers:
                    writer.write_table(table)
                advance(len(part))
                yield scores.members, scores.rows
            for writer in writers:  # so that a full disk is noticed before the store takes its place
                writer.close()

        info = write_store(
            store,
            chunks(),
            model_version=layout.model_version,
            as_of=as_of,
            kind=id_kind(histories.members),
            width=layout.width,
        )
    return Scored(info.members, parquet, csv, store)


def _parts(histories: Histories) -> Iterator[Histories]:
    for start in range(0, len(histories), CHUNK_MEMBERS):
        members: Integers = np.arange(start, min(start + CHUNK_MEMBERS, len(histories)))
        yield histories.select(members)
