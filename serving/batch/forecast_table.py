"""Rows of forecasts as a flat table: what a batch writes as Parquet and CSV."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from serving.forecast.reasons import Language
from serving.forecast.record import AT, DAYS, STAGE_NAMES, Layout
from serving.forecast.scoring import Scores
from serving.forecast.temperature import band_of

if TYPE_CHECKING:
    import pyarrow as pa

REASONS: Final = 3
"""In words, for each member."""


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

    def words(values: list[Any]) -> Any:
        return pa.array(values, pa.string())

    columns: dict[str, Any] = {
        "customer_id": pa.array(scores.members.tolist(), id_type(scores.members)),
        "as_of": pa.array([scores.as_of] * n, pa.date32()),
        "horizon_days": pa.array([layout.horizon_days] * n, pa.int32()),
        "model_version": words([layout.model_version] * n),
        "p_churn": rows[:, AT["p_churn"]],
        "temperature": scores.temperature,
        "temperature_band": words([band_of(value).name for value in scores.temperature.tolist()]),
        "temperature_change": numbers(scores.temperature - rows[:, AT["earlier_temperature"]]),
        "expected_spend": number("expected_spend"),
        "expected_spend_low": number("spend_low"),
        "expected_spend_high": number("spend_high"),
        "expected_value": number("expected_value"),
        "value_at_risk": number("value_at_risk"),
        "value_of": words([layout.value_of] * n),
        **{f"next_purchase_days_{name}": number(f"next_purchase_{name}") for name in DAYS},
        "stage": words([STAGE_NAMES[stage] for stage in scores.stage.tolist()]),
    }
    if layout.tier_names:
        columns["tier"] = words([layout.tier_names[tier] if tier >= 0 else None for tier in scores.tier.tolist()])
    for part, at in (("p_tier", layout.p_tier), ("need", layout.needs)):
        for name, column in zip(layout.tier_names, rows[:, at].T, strict=True):
            columns[f"{part}_{name}"] = numbers(column)
    if layout.tier_names:
        near = [{miss["kind"]: miss for miss in layout.near_miss(row, language)} for row in rows.tolist()]
        for kind in ("keep", "reach"):
            days = pa.array([_day(day) for day in rows[:, AT[f"{kind}_by"]].tolist()], pa.int32())
            columns[f"near_miss_{kind}_by"] = days.cast(pa.date32())
            said = [found[kind]["sentence"] if kind in found else None for found in near]
            columns[f"near_miss_{kind}_sentence"] = words(said)
    reasons = layout.reasons(rows, most=REASONS, language=language)
    kinds = {"feature": pa.string(), "value": pa.float64(), "unit": pa.string(), "contribution": pa.float64()}
    kinds["sentence"] = pa.string()
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


def _day(value: float) -> int | None:
    return None if math.isnan(value) else int(value)
