"""A made-up shop: members with a rhythm of their own who leave at some time, as folded days; the same every time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
from by_example import row

from features.daily import DailyRow
from features.histories import Histories, from_rows
from features.policy import TierPolicy

FIRST = dt.date(2020, 1, 1)
DAYS = 420
AS_OF = FIRST + dt.timedelta(days=360)
HORIZON, LOOKBACK = 28, 91
SPANS = {"horizon_days": HORIZON, "lookback_days": LOOKBACK}

Log = Mapping[str, Sequence[DailyRow]]

NET = TierPolicy.from_dict(
    {
        "programme": "Simulated",
        "tiers": [{"name": "Member"}, {"name": "Silver", "reach": 80.0}, {"name": "Gold", "reach": 250.0}],
        "metric": "spend",
        "returns": "net",
        "window": {"rolling_days": 60},
    }
)
IGNORE = NET.model_copy(update={"returns": "ignore"})
ONE_TIER = NET.model_copy(update={"tiers": NET.tiers[:1]})


def log(members: int = 240, seed: int = 0) -> dict[str, list[DailyRow]]:
    """Member → days: exponential gaps, an end to every habit, log-normal amounts, one purchase in eight sent back."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[DailyRow]] = {}
    for i in range(members):
        gap = rng.gamma(2.0, 9.0) + 1.0
        day = 0 if i == 0 else int(rng.integers(0, 150))
        end = min(DAYS, day + int(rng.exponential(400.0)) + 1)
        level = rng.normal(3.0, 0.6)
        rows: list[DailyRow] = []
        while day < end:
            gross = int(np.exp(rng.normal(level, 0.5)) * 10_000)
            rows.append(row(FIRST + dt.timedelta(days=day), 1 + int(rng.random() < 0.1), gross))
            if rng.random() < 1 / 8:
                back = min(day + int(rng.integers(0, 20)), DAYS - 1)
                rows.append(row(FIRST + dt.timedelta(days=back), 0, 0, gross))
            day += 1 + int(rng.exponential(gap))
        found[f"m{i:03d}"] = one_a_day(rows)
    return found


def one_a_day(rows: Sequence[DailyRow]) -> list[DailyRow]:
    """Rows of one day added up, days in order."""
    days: dict[dt.date, dict[str, int]] = {}
    for day, values in rows:
        kept = days.setdefault(day, dict.fromkeys(values, 0))
        for name, number in values.items():
            kept[name] += number
    return sorted(days.items(), key=lambda found: found[0])


def histories(members: Log, *, has_amounts: bool = True) -> Histories:
    """Members in order of their ids, as a log gives them."""
    rows = [
        (member, members[member] if has_amounts else [row(day, values["orders"]) for day, values in members[member]])
        for member in sorted(members)
    ]
    return from_rows(rows, has_amounts)


def before(members: Log, cutoff: dt.date) -> dict[str, list[DailyRow]]:
    """The log as it was written down by a cutoff: members without a row yet are not in it."""
    known = {member: [(day, values) for day, values in rows if day < cutoff] for member, rows in members.items()}
    return {member: rows for member, rows in known.items() if rows}
