"""A member written as days before a cutoff, for tables of examples."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Any

from features.daily import TIME, DailyRow, Line, fold, label_counts
from features.feature_table import build
from features.histories import Histories, from_rows
from features.policy import TierPolicy
from features.registry import by_name
from features.schema import LABELS

CUTOFF = dt.date(2020, 3, 10)  # a 29 February lies behind it

ABSENT = math.nan

Day = tuple[int, float] | tuple[int, float, int]
"""(days before the cutoff, amount, orders of that day: 1 unless said); a negative amount is a return."""


def row(date: dt.date, orders: int, gross: int = 0, returned: int = 0) -> DailyRow:
    """A folded day of a log that has amounts and nothing else."""
    return date, {"orders": orders, "gross": gross, "returned": returned}


def feature_at_cutoff(name: str, days: Sequence[Day], *, horizon: int = 28, policy: TierPolicy | None = None) -> float:
    """One feature of a member."""
    rows = []
    for ago, amount, *orders in sorted(days, reverse=True):
        units, date = round(amount * 10_000), CUTOFF - dt.timedelta(days=ago)
        rows.append(row(date, (orders or [1])[0], units) if amount >= 0 else row(date, 0, 0, -units))
    return _only(name, from_rows([("m", rows)], has_amounts=True), horizon, policy)


Stop = tuple[float, float] | tuple[float, float, Mapping[str, Any]]
"""(days before the cutoff, amount, what else the line has); 0.25 days before is 18:00 on the day before."""


def feature_of_lines(name: str, stops: Sequence[Stop], *, horizon: int = 28) -> float:
    """One feature of a member whose lines have more than amounts."""
    midnight = dt.datetime.combine(CUTOFF, dt.time())
    lines = [Line(midnight - dt.timedelta(days=ago), amount, **(more[0] if more else {})) for ago, amount, *more in stops]
    columns = {TIME, *(key for _, _, *more in stops for key in (more[0] if more else {}))}
    labels = {label: [label_counts(lines, label)] for label in LABELS if label in columns}
    return _only(name, from_rows([("m", fold(lines, columns))], has_amounts=True, columns=columns, labels=labels), horizon)


def _only(name: str, histories: Histories, horizon: int, policy: TierPolicy | None = None) -> float:
    table = build(histories, [CUTOFF], horizon_days=horizon, lookback_days=5_000, policy=policy, features=by_name([name]))
    return float(table.x[0, 0])
