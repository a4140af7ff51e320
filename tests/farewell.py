"""A made-up shop where whoever leaves buys something small at last: one feature tells who, and no rhythm does."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from by_example import row

from features.daily import DailyRow
from features.policy import TierPolicy

FIRST = dt.date(2020, 1, 1)
DAYS = 300
SPANS = {"horizon_days": 28, "lookback_days": 91}
TELLING = ("recency_days", "visit_rate_42d", "spend_last_visit")
USELESS = ("weekend_share",)

POLICY = TierPolicy.from_dict(
    {
        "programme": "Farewell",
        "tiers": [{"name": "Base"}, {"name": "Top", "reach": 150.0}],
        "metric": "spend",
        "returns": "ignore",
        "window": {"rolling_days": 60},
    }
)


def log(members: int = 120, seed: int = 3) -> dict[str, list[DailyRow]]:
    """Member → days: a visit every 4 to 16 days of 20.00 each; of 1.00 at the last of those who leave, two thirds."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[DailyRow]] = {}
    for i in range(members):
        gap, day = int(rng.integers(4, 17)), int(rng.integers(0, 30))
        end = DAYS if i % 3 == 0 else int(rng.integers(60, DAYS + 60))
        days = [day]
        while (day := day + max(1, gap + int(rng.integers(-2, 3)))) < min(end, DAYS):
            days.append(day)
        leaves = end < DAYS
        found[f"m{i:03d}"] = [
            row(FIRST + dt.timedelta(days=at), 1, 10_000 if leaves and at == days[-1] else 200_000) for at in days
        ]
    return found


def lines(members: int = 120) -> pd.DataFrame:
    """The same as lines of a log."""
    found = log(members)
    rows = [(member, f"{day}T12:00:00", values["gross"] / 10_000) for member in found for day, values in found[member]]
    return pd.DataFrame(rows, columns=["customer_id", "timestamp", "amount"])
