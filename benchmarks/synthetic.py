"""A seeded synthetic log of any length: members by Zipf's law, a year with seasons, orders of several lines, returns.

python benchmarks/synthetic.py 20_000_000 log.parquet
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

FIRST = dt.date(2022, 1, 1)
DAYS = 730
LINES_A_MEMBER = 100
FIRST_ID = 10_000_000
SCHEMA = pa.schema(
    [("customer_id", pa.int64()), ("timestamp", pa.timestamp("us")), ("amount", pa.float64()), ("order_id", pa.int64())]
)


def write_log(path: Path, lines: int, seed: int = 20221101, members: int | None = None) -> None:
    """Write about so many lines, in order of time, day by day: memory stays small."""
    rng = np.random.default_rng(seed)
    members = members or max(lines // LINES_A_MEMBER, 100)
    activity = 1.0 / (np.arange(members) + members / 50) ** 0.9
    reach = np.cumsum(rng.permutation(activity))
    reach /= reach[-1]
    day = np.arange(DAYS)
    season = 1.0 + 0.3 * np.sin(2 * np.pi * (day % 365) / 365) + 0.8 * ((day % 365) > 330) + 0.3 * (day % 7 > 4)
    orders = rng.poisson(lines / 2.5 * season / season.sum())
    number = 0
    with pq.ParquetWriter(path, SCHEMA) as writer:
        for d in range(DAYS):
            n = orders[d]
            who = np.searchsorted(reach, rng.random(n))
            second = np.sort(rng.integers(8 * 3600, 22 * 3600, n))
            size = np.minimum(rng.geometric(0.4, n), 30)
            sign = np.where(rng.random(n) < 0.04, -1.0, 1.0)
            amount = np.round(np.exp(rng.normal(1.8, 0.9, size.sum())), 2) * np.repeat(sign, size)
            start = np.datetime64(FIRST, "us") + np.timedelta64(d, "D")
            columns = [
                np.repeat(who + FIRST_ID, size),
                np.repeat(start + second.astype("m8[s]"), size),
                amount,
                np.repeat(number + np.arange(n), size),
            ]
            writer.write_table(pa.table([pa.array(column) for column in columns], schema=SCHEMA))
            number += n


if __name__ == "__main__":
    write_log(Path(sys.argv[2]), int(sys.argv[1]))
