"""Seeded histories of any number of members, as arrays and without lines: 10 to 40 shopping days within two years."""

from __future__ import annotations

import datetime as dt

import numpy as np

from features.histories import Histories, Ragged
from features.policy import TierPolicy
from features.snapshot import to_day

FIRST = dt.date(2022, 1, 1)
DAYS = 730
POLICY = TierPolicy.from_dict(
    {
        "programme": "Synthetic",
        "tiers": [
            {"name": "Member"},
            {"name": "Silver", "reach": 60.0},
            {"name": "Gold", "reach": 150.0},
            {"name": "Diamond", "reach": 300.0},
        ],
        "metric": "spend",
        "returns": "ignore",
        "window": {"rolling_days": 91},
    }
)


def shoppers(members: int, seed: int = 20221101) -> Histories:
    """Members with a pace and a purse of their own; who has used up their days has left."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 400, members)
    count = rng.integers(10, 41, members)
    pace = rng.gamma(2.0, 6.0, members) + 1.0
    day = first.repeat(count)
    gap = 1 + rng.exponential(pace.repeat(count)).astype(np.int64)
    came = np.cumsum(gap)
    begin = np.concatenate(([0], np.cumsum(count)[:-1]))
    day += came - came[begin].repeat(count)
    keep = day < DAYS
    purse = np.exp(rng.normal(3.0, 0.6, members))
    gross = np.maximum(purse.repeat(count) * np.exp(rng.normal(0.0, 0.5, len(day))) * 10_000, 100.0).astype(np.int64)
    kept = np.concatenate(([0], np.cumsum(keep)))
    offsets = kept[np.concatenate(([0], np.cumsum(count)))].astype(np.int64)
    days = (day[keep] + to_day(FIRST)).astype(np.int32)
    return Histories(
        np.arange(members),
        Ragged(offsets, days, {"orders": np.ones(len(days), np.int64), "gross": gross[keep]}),
        Ragged(np.zeros(members + 1, np.int64), np.empty(0, np.int32), {"returned": np.empty(0, np.int64)}),
        frozenset({"amount"}),
        to_day(FIRST),
        to_day(FIRST) + DAYS,
    )
