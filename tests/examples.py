"""A member written as days before a cutoff, for tables of examples."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

from features.feature_table import build
from features.histories import from_rows
from features.policy import TierPolicy

CUTOFF = dt.date(2020, 3, 10)  # a 29 February lies behind it

ABSENT = math.nan

Day = tuple[int, float] | tuple[int, float, int]
"""(days before the cutoff, amount, orders of that day: 1 unless said); a negative amount is a return."""


def feature_at_cutoff(name: str, days: Sequence[Day], *, horizon: int = 28, policy: TierPolicy | None = None) -> float:
    """One feature of a member."""
    rows = []
    for ago, amount, *orders in sorted(days, reverse=True):
        units, date = round(amount * 10_000), CUTOFF - dt.timedelta(days=ago)
        rows.append((date, (orders or [1])[0], units, 0) if amount >= 0 else (date, 0, 0, -units))
    table = build(
        from_rows([("m", rows)], has_amounts=True), [CUTOFF], horizon_days=horizon, lookback_days=5_000, policy=policy
    )
    return float(table.x[0, table.names.index(name)])
