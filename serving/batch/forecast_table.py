"""Rows of forecasts as a flat table: what a batch writes as Parquet and CSV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from serving.batch.reason_columns import reason_columns
from serving.forecast.record import AT, DAYS, STAGE_NAMES, Layout
from serving.forecast.scoring import Scores
from serving.forecast.temperature import BANDS
from serving.forecast.wording import Language

if TYPE_CHECKING:
    import pyarrow as pa

_BANDS: Final = tuple(band.name for band in BANDS)
_BANDS_FROM: Final = [band.low for band in BANDS[1:]]


def to_table(scores: Scores, layout: Layout, language: Language) -> pa.Table:
    """One row a member: as-of date, model version, probabilities, tiers, needs, near misses and the top reasons, flat.

    Null is what is not available, or never comes. Near misses are null for everyone else.
    """
    import pyarrow as pa

    n, rows = len(scores), scores.rows

    def numbers(values: npt.NDArray[Any]) -> Any:
        return pa.array(np.where(np.isfinite(values), values, np.nan), from_pandas=True)

    def number(name: str) -> Any:
        return numbers(rows[:, AT[name]])

    def same(value: Any, kind: pa.DataType) -> Any:
        return pa.repeat(pa.scalar(value, kind), n)

    def words(names: Sequence[str], positions: npt.NDArray[np.int64]) -> Any:
        return pa.array(names, pa.string()).take(pa.array(positions, mask=positions < 0))

    columns: dict[str, Any] = {
        "customer_id": pa.array(scores.members.tolist(), id_type(scores.members)),
        "as_of": same(scores.as_of, pa.date32()),
        "horizon_days": same(layout.horizon_days, pa.int32()),
        "model_version": same(layout.model_version, pa.string()),
        "p_churn": rows[:, AT["p_churn"]],
        "temperature": scores.temperature,
        "temperature_band": words(_BANDS, np.searchsorted(_BANDS_FROM, scores.temperature, side="right")),
        "temperature_change": numbers(scores.temperature - rows[:, AT["earlier_temperature"]]),
        "expected_spend": number("expected_spend"),
        "expected_spend_low": number("spend_low"),
        "expected_spend_high": number("spend_high"),
        "expected_value": number("expected_value"),
        "value_at_risk": number("value_at_risk"),
        "value_of": same(layout.value_of, pa.string()),
        **{f"next_purchase_days_{name}": number(f"next_purchase_{name}") for name in DAYS},
        "stage": words(STAGE_NAMES, scores.stage),
    }
    if layout.tier_names:
        columns["tier"] = words(layout.tier_names, scores.tier)
    for part, at in (("p_tier", layout.p_tier), ("need", layout.needs)):
        for name, column in zip(layout.tier_names, rows[:, at].T, strict=True):
            columns[f"{part}_{name}"] = numbers(column)
    if layout.tier_names:
        columns |= _near_misses(scores, layout, language)
    return pa.table({**columns, **reason_columns(layout, rows, language)})


def _near_misses(scores: Scores, layout: Layout, language: Language) -> dict[str, pa.Array]:
    """The last day on which what is lacking helps, and a sentence; null for who lacks nothing, or much."""
    import pyarrow as pa

    at = np.flatnonzero(scores.near)
    misses = [{miss["kind"]: miss for miss in layout.near_miss(row, language)} for row in scores.rows[at].tolist()]
    columns = {}
    for kind in ("keep", "reach"):
        day = scores.rows[:, AT[f"{kind}_by"]]
        never = np.isnan(day)
        columns[f"near_miss_{kind}_by"] = pa.array(np.where(never, 0, day).astype(np.int32), mask=never).cast(pa.date32())
        said = np.full(len(scores), None, object)
        said[at] = [miss[kind]["sentence"] if kind in miss else None for miss in misses]
        columns[f"near_miss_{kind}_sentence"] = pa.array(said, pa.string())
    return columns


def id_type(members: npt.NDArray[Any]) -> pa.DataType:
    """The Arrow type of ids: the same for every chunk, also for one without a row.

    >>> str(id_type(np.array([], dtype=object))), str(id_type(np.array([7])))
    ('string', 'int64')
    """
    import pyarrow as pa

    return pa.string() if members.dtype == object else pa.from_numpy_dtype(members.dtype)
