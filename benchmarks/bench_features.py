"""Features of a long log at twelve monthly cutoffs: ours, beside DuckDB's bare scan, one SQL query a cutoff, and pandas.

On one core, each contestant in a process of its own, with libraries loaded and loops compiled before the clock starts. The
scan reads every needed column and sums it: nothing that looks at the log can be faster. pandas is run for one cutoff and
counted twelve times. Run by hand: python benchmarks/bench_features.py [lines] (20 million by default).
"""

from __future__ import annotations

import datetime as dt
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

CUTOFFS = [dt.date(2023, month, 1) for month in range(1, 13)]
HORIZON, LOOKBACK = 28, 91
BLOCK_MEMBERS = 5_000
HALF_LIVES = (14, 42, 126, 378)
# A virtual machine takes seconds to get a gigabyte from its host that nobody has used yet: so before the clock.
_TOUCH = "import numpy as np; np.empty({} * 2**30, np.uint8)[::4096] = 1"


def main() -> None:
    """Write the log if it is not there, run the contestants in turn, print seconds, ratios and memory."""
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000_000
    path = Path(tempfile.gettempdir()) / f"tiercast-synthetic-{lines}.parquet"
    if not path.exists():
        from synthetic import write_log

        unfinished = path.with_suffix(".partial")
        write_log(unfinished, lines)
        unfinished.replace(path)
    large = lines > 50_000_000
    order = ["scan", "ours", "scan", "ours"] if large else ["scan", "ours", "sql", "scan", "ours", "pandas", "scan", "ours"]
    seconds: dict[str, list[float]] = {}
    memory: dict[str, float] = {}
    notes: dict[str, str] = {}
    for name in order:
        print(f"  running {name} ...", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-c", _TOUCH.format(8 if large else 3)], check=True)
        answer = subprocess.run(
            [*_one_core(), sys.executable, __file__, "--run", name, str(path)], capture_output=True, text=True, check=True
        )
        took, peak, note = answer.stdout.strip().splitlines()[-1].split("|")
        seconds.setdefault(name, []).append(float(took))
        memory[name] = max(memory.get(name, 0.0), float(peak))
        notes[name] = note
    base = statistics.median(seconds["scan"])
    print(f"{lines:,} lines, {len(CUTOFFS)} cutoffs, one core; median of runs")
    print(f"{'':8}{'seconds':>9}{'x scan':>9}{'GB':>7}")
    for name, taken in seconds.items():
        middle = statistics.median(taken)
        print(f"{name:8}{middle:9.2f}{middle / base:9.1f}{memory[name]:7.2f}  {notes[name]}")
    for peer in ("sql", "pandas"):
        if peer in seconds:
            print(f"ours is {statistics.median(seconds[peer]) / statistics.median(seconds['ours']):.1f} x as fast as {peer}")
    for days, took in one_member().items():
        print(
            f"one member of 500 lines on {days} days, warm: features {took[0]:.0f} us, from its raw lines {took[1]:.0f} us"
        )


def _one_core() -> list[str]:
    return ["taskset", "-c", "0"] if Path("/usr/bin/taskset").exists() else []


def run(name: str, path: str) -> None:
    """One contestant: print seconds | peak GB | a note."""
    os.environ["OMP_NUM_THREADS"] = "1"
    prepare = {"scan": _scan, "ours": _ours, "sql": _sql, "pandas": _pandas}[name](path)
    start = time.perf_counter()
    factor, note = prepare()
    took = (time.perf_counter() - start) * factor
    print(f"{took}|{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}|{note}")


def _connect():
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.execute("SET enable_progress_bar = false")
    return connection


def _scan(path: str):
    connection = _connect()

    def work() -> tuple[float, str]:
        connection.execute(
            f"SELECT sum(customer_id), sum(epoch_us(timestamp)), sum(amount), sum(order_id) FROM '{path}'"
        ).fetchall()
        return 1.0, "reads and sums the four columns"

    return work


def chosen():
    """The default features of a log with members, times, amounts and orders, and all others on frequency and cadence."""
    from features.registry import available

    there = available({"amount"}, policy=False)
    return [feature for feature in there if feature.default or feature.family in ("frequency", "cadence")]


def _ours(path: str):
    import pandas as pd

    from features.feature_table import build, parts
    from features.reading import from_log
    from features.verdicts import check

    features = chosen()
    days = pd.date_range("2022-01-01", periods=2_100, freq="6h")
    small = pd.DataFrame({"customer_id": range(2_100), "timestamp": days, "amount": 1.0, "order_id": range(2_100)})
    loops = from_log(check(small))
    build(loops, [dt.date(2023, 1, 1)], horizon_days=HORIZON, lookback_days=LOOKBACK, features=features, compiled=True)
    _warm_grouping()

    def work() -> tuple[float, str]:
        checked = check(path)
        checked.judged.get_backend().raw_sql("SET threads = 1")
        histories = from_log(checked, {"order_id"})
        rows = 0
        for part in parts(histories, BLOCK_MEMBERS):
            table = build(part, CUTOFFS, horizon_days=HORIZON, lookback_days=LOOKBACK, features=features)
            rows += len(table)
        return 1.0, f"{len(features)} features of {rows:,} rows, {len(histories):,} members"

    return work


def _warm_grouping() -> None:
    import numpy as np

    from features.chunks import Batches, merged, two_sides

    merged(*(np.zeros(2, kind) for kind in (np.int32, np.int32, np.int64, np.int64)))
    for size in (np.int32, np.int64):
        columns = ([np.zeros(2, np.int32)], [np.zeros(2, np.int32)], [np.zeros(2, np.int32)], [np.arange(2, dtype=size)])
        two_sides(Batches(*columns), 1, 0)


def _sql(path: str):
    connection = _connect()
    query = sql_features()

    def work() -> tuple[float, str]:
        rows = columns = 0
        for cutoff in CUTOFFS:
            table = connection.execute(query, {"path": path, "cutoff": cutoff.isoformat()}).to_arrow_table()
            rows, columns = rows + table.num_rows, table.num_columns - 1
        return 1.0, f"{columns} features of {rows:,} rows, one query a cutoff"

    return work


def sql_features() -> str:
    """One query for all the features at one cutoff; names as in the registry."""
    monthly = {h: f"(30 * (pow(2.0, 1.0 / {h}) - 1))" for h in HALF_LIVES}

    def rate(value: str, h: int) -> str:
        return f"{monthly[h]} * coalesce(sum({value} * pow(0.5, age / {h})), 0)"

    windows = "count(*) FILTER (age <= 182) AS visits_182d," + ",\n".join(
        f"count(*) FILTER (age <= {d}) AS visits_{d}d, coalesce(sum(gross) FILTER (age <= {d}), 0) AS spend_{d}d"
        for d in (28, 91, 364)
    )
    return f"""
    WITH line AS (
        SELECT customer_id AS member, CAST(timestamp AS DATE) AS day, order_id, amount
        FROM read_parquet($path) WHERE timestamp < CAST($cutoff AS TIMESTAMP)
    ), visit AS (
        SELECT member, day, date_diff('day', day, CAST($cutoff AS DATE)) AS age,
               count(DISTINCT order_id) AS orders, sum(amount) AS gross
        FROM line WHERE amount >= 0 GROUP BY member, day
    ), back AS (
        SELECT member, date_diff('day', day, CAST($cutoff AS DATE)) AS age, -sum(amount) AS returned
        FROM line WHERE amount < 0 GROUP BY member, day
    ), backs AS (
        SELECT member, sum(returned) AS returned FROM back GROUP BY member
    ), spaced AS (
        SELECT *, date_diff('day', lag(day) OVER (PARTITION BY member ORDER BY day), day) AS gap,
               min(age) OVER (PARTITION BY member) AS silence, max(age) OVER (PARTITION BY member) AS tenure
        FROM visit
    ), known AS (
        SELECT member, any_value(silence) AS recency_days, any_value(tenure) AS tenure_days, count(*) AS visits_total,
            {windows},
            coalesce(sum(orders) FILTER (age <= 91), 0) AS orders_91d, sum(orders) AS orders, sum(gross) AS spend_total,
            {", ".join(f"{rate('1', h)} AS visit_rate_{h}d" for h in HALF_LIVES)},
            {", ".join(f"{rate('gross', h)} AS spend_rate_{h}d" for h in (42, 126))},
            max(gap) FILTER (age = silence) AS gap_last_days, avg(gap) AS gap_mean_days, stddev_pop(gap) AS gap_sd_days,
            quantile_cont(gap, [0.25, 0.5, 0.75, 0.9, 1.0]) AS gap_quantiles,
            count(*) FILTER (gap >= silence) AS longer_silences,
            count(*) FILTER (gap >= silence AND gap < silence + {HORIZON}) AS comebacks,
            max(gross) FILTER (age = silence) AS spend_last_visit,
            CASE WHEN max(age) > 364 THEN count(*) FILTER (age > 364 - {HORIZON} AND age <= 364) END AS season_visits,
            CASE WHEN max(age) > 364 THEN coalesce(sum(gross) FILTER (age > 364 - {HORIZON} AND age <= 364), 0) END
                AS season_spend
        FROM spaced GROUP BY member HAVING any_value(silence) <= {LOOKBACK}
    )
    SELECT known.* EXCLUDE (gap_quantiles, comebacks, orders, spend_total),
        orders / visits_total AS orders_per_visit,
        gap_quantiles[1] AS gap_p25_days, gap_quantiles[2] AS gap_median_days, gap_quantiles[3] AS gap_p75_days,
        gap_quantiles[4] AS gap_p90_days, gap_quantiles[5] AS gap_max_days,
        recency_days / gap_quantiles[2] AS silence_to_median_gap, recency_days / gap_quantiles[4] AS silence_to_p90_gap,
        recency_days / gap_quantiles[5] AS silence_to_max_gap, gap_sd_days / gap_mean_days AS gap_variation,
        gap_last_days / gap_quantiles[2] AS last_gap_to_median, comebacks / nullif(longer_silences, 0) AS comeback_share,
        spend_total / orders AS spend_per_order, coalesce(returned, 0) / nullif(spend_total, 0) AS returned_share,
        visit_rate_42d / visit_rate_126d AS visits_trend, spend_rate_42d / nullif(spend_rate_126d, 0) AS spend_trend
    FROM known LEFT JOIN backs USING (member)
    """


def _pandas(path: str):
    import numpy as np
    import pandas as pd

    def work() -> tuple[float, str]:
        log = pd.read_parquet(path)
        cutoff = pd.Timestamp(CUTOFFS[5])
        log = log[log["timestamp"] < cutoff]
        log["age"] = (cutoff - log["timestamp"].dt.normalize()).dt.days
        bought = log[log["amount"] >= 0]
        visit = bought.groupby(["customer_id", "age"]).agg(orders=("order_id", "nunique"), gross=("amount", "sum"))
        visit = visit.reset_index().sort_values(["customer_id", "age"], ascending=[True, False])
        visit["gap"] = visit.groupby("customer_id")["age"].diff().mul(-1)
        by = visit.groupby("customer_id")
        columns = {"recency": by["age"].min(), "tenure": by["age"].max(), "n": by.size(), "orders": by["orders"].sum()}
        columns |= {"gap_mean": by["gap"].mean(), "gap_sd": by["gap"].std(ddof=0), "gap_last": by["gap"].last()}
        for q in (0.25, 0.5, 0.75, 0.9, 1.0):
            columns[f"gap_{q}"] = by["gap"].quantile(q)
        for d in (28, 91, 182, 364):
            inside = visit[visit["age"] <= d].groupby("customer_id")
            columns[f"visits_{d}"], columns[f"spend_{d}"] = inside.size(), inside["gross"].sum()
        for h in HALF_LIVES:
            weight = np.power(0.5, visit["age"] / h)
            columns[f"visit_rate_{h}"] = weight.groupby(visit["customer_id"]).sum()
            columns[f"spend_rate_{h}"] = (weight * visit["gross"]).groupby(visit["customer_id"]).sum()
        silence = by["age"].transform("min")
        columns["longer"] = (visit["gap"] >= silence).groupby(visit["customer_id"]).sum()
        back = (visit["gap"] >= silence) & (visit["gap"] < silence + HORIZON)
        columns["comebacks"] = back.groupby(visit["customer_id"]).sum()
        columns["last"], columns["first"] = by["gross"].last(), by["gross"].first()
        columns["returned"] = -log[log["amount"] < 0].groupby("customer_id")["amount"].sum()
        table = pd.DataFrame(columns)
        return float(len(CUTOFFS)), f"{len(columns)} features, {len(table):,} rows at one of the cutoffs, counted 12 times"

    return work


def _build(log, end):
    from features.feature_table import build

    return build(log, end, horizon_days=HORIZON, lookback_days=LOOKBACK)


def one_member() -> dict[int, tuple[float, float]]:
    """Days → microseconds for the default features of one history of 500 lines, and from its raw lines."""
    from features.daily import Line, fold
    from features.histories import from_rows

    took = {}
    for lines_a_day in (6, 3, 1):
        rng, time_ = random.Random(1), dt.datetime(2021, 1, 1, 9)
        lines: list[Line] = []
        while len(lines) < 500:
            time_ += dt.timedelta(days=rng.choice([1, 2, 3, 4, 7]))
            lines += [Line(time_, round(rng.random() * 20, 2), str(len(lines) // 6)) for _ in range(lines_a_day)]
        lines = lines[:500]
        end = [time_.date() + dt.timedelta(days=3)]
        log = from_rows([("m", fold(lines))], has_amounts=True)
        took[len(log.visits.day)] = (
            _median_us(partial(_build, log, end)),
            _median_us(lambda lines=lines, end=end: _build(from_rows([("m", fold(lines))], has_amounts=True), end)),
        )
    return took


def _median_us(work) -> float:
    times = []
    for _ in range(400):
        start = time.perf_counter_ns()
        work()
        times.append(time.perf_counter_ns() - start)
    return statistics.median(times[50:]) / 1_000


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    sys.path.insert(0, str(Path(__file__).parent.parent))
    if "--run" in sys.argv:
        run(*sys.argv[2:])
    else:
        main()
