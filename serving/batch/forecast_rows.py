"""Scores as the store keeps them: one row a member."""

from __future__ import annotations

import math

import numpy as np

from features.snapshot import to_day
from serving.database.forecasts import ForecastRow
from serving.forecast.members import member_key
from serving.forecast.scoring import Scores


def forecast_rows(scores: Scores) -> list[ForecastRow]:
    """Scores as the store keeps them.

    Null is what is not available: the value at risk without amounts, the tier without a policy.
    """
    as_of = to_day(scores.as_of)
    whole = np.ascontiguousarray(scores.rows, "<f8")
    width = whole.shape[1] * whole.itemsize
    content = whole.tobytes()
    columns = (scores.members, scores.value_at_risk, scores.temperature, scores.tier, scores.stage, scores.near)
    return [
        ForecastRow(
            member_key(member),
            as_of,
            False,
            None if math.isnan(value) else value,
            temperature,
            tier if tier >= 0 else None,
            stage,
            near,
            content[i * width : (i + 1) * width],
        )
        for i, (member, value, temperature, tier, stage, near) in enumerate(
            zip(*(column.tolist() for column in columns), strict=True)
        )
    ]
