"""All members: forecasts in chunks to Parquet and CSV, and into the look-up store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from features.files import written_whole
from features.histories import Histories
from features.operators import Floats, Integers
from serving.reasons import Language
from serving.record import DAYS, Layout
from serving.store import id_kind, write_store
from training.forecaster import Forecaster
from training.forecasts import Forecasts

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK_MEMBERS: Final = 20_000
REASONS: Final = 3


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
                forecasts = forecaster.forecast(part, as_of, explain=True)
                rows = layout.rows(forecasts)
                table = to_table(forecasts, rows, layout, language)
                if not writers:
                    writers.append(stack.enter_context(pyarrow.parquet.ParquetWriter(partials[0], table.schema)))
                    writers.append(stack.enter_context(pyarrow.csv.CSVWriter(partials[1], table.schema)))
                for writer in writers:
                    writer.write_table(table)
                advance(len(part))
                yield forecasts.members, rows
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


def to_table(forecasts: Forecasts, rows: Floats, layout: Layout, language: Language) -> pa.Table:
    """One row a member: as-of date, model version, probabilities, tiers, needs and the top reasons, flat."""
    import pyarrow as pa

    n, state = len(rows), forecasts.table.state
    nothing = np.full(n, np.nan)
    spend, p_tier, value = forecasts.expected_spend, forecasts.p_tier, forecasts.value
    days = forecasts.next_purchase_days
    next_days = [pa.array(column, from_pandas=True) for column in np.where(np.isfinite(days), days, np.nan).T]
    columns: dict[str, Any] = {
        "customer_id": pa.array(forecasts.members.tolist(), id_type(forecasts.members)),
        "as_of": pa.array([forecasts.as_of] * n, pa.date32()),
        "horizon_days": pa.array([layout.horizon_days] * n, pa.int32()),
        "model_version": pa.array([layout.model_version] * n, pa.string()),
        "p_churn": forecasts.p_churn,
        "temperature": forecasts.temperature,
        "expected_spend": pa.array(nothing if spend is None else spend, from_pandas=True),
        "expected_value": pa.array(nothing if value is None else value.expected, from_pandas=True),
        "value_at_risk": pa.array(nothing if value is None else value.at_risk, from_pandas=True),
        "value_of": pa.array([layout.value_of] * n, pa.string()),
        **{f"next_purchase_days_{name}": days for name, days in zip(DAYS, next_days, strict=True)},
    }
    if layout.tier_names:
        names = np.array(layout.tier_names, dtype=object)
        columns["tier"] = pa.array(names[state.tier].tolist() if state else [None] * n, pa.string())
    for k, name in enumerate(layout.tier_names):
        columns[f"p_tier_{name}"] = pa.array(nothing if p_tier is None else p_tier[:, k], from_pandas=True)
    for k, name in enumerate(layout.tier_names):
        needs = rows[:, layout.needs_at + k]
        columns[f"need_{name}"] = pa.array(needs, from_pandas=True)
    reasons = [layout.reasons(row, most=REASONS, language=language) for row in rows]
    kinds = {"feature": pa.string(), "value": pa.float64(), "contribution": pa.float64(), "sentence": pa.string()}
    for k in range(REASONS):
        for field, kind in kinds.items():
            values = [getattr(found[k], field) if len(found) > k else None for found in reasons]
            columns[f"reason_{k + 1}_{field}"] = pa.array(values, kind)
    return pa.table(columns)


def id_type(members: npt.NDArray[Any]) -> pa.DataType:
    """The Arrow type of ids: the same for every chunk, also for one without a row.

    >>> str(id_type(np.array([], dtype=object))), str(id_type(np.array([7])))
    ('string', 'int64')
    """
    import pyarrow as pa

    return pa.string() if members.dtype == object else pa.from_numpy_dtype(members.dtype)


def _parts(histories: Histories) -> Iterator[Histories]:
    for start in range(0, len(histories), CHUNK_MEMBERS):
        members: Integers = np.arange(start, min(start + CHUNK_MEMBERS, len(histories)))
        yield histories.select(members)
