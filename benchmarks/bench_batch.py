"""A night's batch of a million members and 40 million lines, by the command; beside it what a user would do by hand.

    python benchmarks/bench_batch.py [members]

The log is synthetic and seeded: 40 lines a member. The model is trained on a tenth of it. ``tiercast score`` then runs as a
process of its own, once with a process a core and once with one alone, and what it says of itself is printed: members a
second, peak memory, seconds of work by stage. By hand is pandas for the features, ``booster.predict`` and
``shap.TreeExplainer``, of a sample of members on one core, counted up to all of them.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import yaml

from features.files import written_whole

MEMBERS, LINES_A_MEMBER = 1_000_000, 40
SAMPLE = 20_000
SPANS = {"horizon_days": 28, "lookback_days": 91}
MIB = 1024
WORK = ("forecast", "reasons and table")
"""Stages of which a core's members a second are told: all that forecasts and reasons take, features among it."""


def main() -> None:
    """Prepare what is not there yet, score, and do some of it by hand."""
    warnings.simplefilter("ignore")
    members = int(sys.argv[1]) if len(sys.argv) > 1 else MEMBERS
    place = Path(tempfile.gettempdir()) / f"tiercast-batch-{members}"
    prepare(place, members)
    print(f"{members:,} members, {members * LINES_A_MEMBER / 1e6:,.0f} million lines, {os.cpu_count()} cores")
    cores = os.cpu_count() or 1
    runs = [told(scored(place, workers)) for workers in dict.fromkeys((cores, 1))]
    once_features_stand(place)
    by_hand(place, runs[-1]["members_in"], runs[-1]["members_forecast"])


def prepare(place: Path, members: int) -> None:
    """A log, its settings, and a home with a model."""
    from shoppers import POLICY
    from synthetic import write_log

    place.mkdir(exist_ok=True)
    for name, many in (("log", members), ("tenth", max(members // 10, 2_000))):
        path = place / f"{name}.parquet"
        if not path.exists():
            with written_whole(path) as partial:
                write_log(partial, many * LINES_A_MEMBER, members=many)
    (place / "policy.yaml").write_text(yaml.safe_dump(POLICY.model_dump(mode="json")))
    for name in ("log", "tenth"):
        settings = {"transactions": f"{name}.parquet", "policy": "policy.yaml", **SPANS}
        (place / f"{name}.yaml").write_text(yaml.safe_dump(settings))
    if not (place / "home" / "models").exists():
        print("training ...", file=sys.stderr, flush=True)
        _tiercast("train", "--config", place / "tenth.yaml", "--home", place / "home", "--origins", "1")


def scored(place: Path, workers: int) -> dict[str, Any]:
    """The command's own summary."""
    print(f"scoring with {workers} ...", file=sys.stderr, flush=True)
    out = place / f"out-{workers}"
    arguments = ("--config", place / "log.yaml", "--home", place / "home", "--out", out, "--workers", str(workers))
    found: dict[str, Any] = json.loads(_tiercast("score", *arguments, "--json"))
    return found


def told(run: dict[str, Any]) -> dict[str, Any]:
    """Print a run's figures."""
    processes, work = run["processes"], run["processor_seconds_by_stage"]
    print(f"\n{processes} process{'es' if processes > 1 else ''}: {run['seconds']:.0f} s in all,", end=" ")
    print(f"{run['members_in'] / run['seconds']:,.0f} members a second, {run['members_forecast']:,} with a forecast")
    main_, others = run["peak_mib"].values()
    print(f"  peak memory: {main_ / MIB:.2f} GiB where it reads and writes, {others / MIB:.2f} GiB in each that forecasts")
    whole = sum(work.values())
    for stage, seconds in work.items():
        clock = run["seconds_by_stage"][stage]
        print(f"  {stage:<20}{seconds:8.1f} s of processor{seconds / whole:6.0%}{clock:8.1f} s by the clock")
    taken = sum(work[stage] for stage in WORK)
    print(
        f"  forecasts and reasons: {run['members_forecast'] / taken:,.0f} members with a forecast a second and core,",
        end=" ",
    )
    print(f"{run['members_in'] / taken:,.0f} of all")
    return run


def once_features_stand(place: Path) -> None:
    """Forecasts with reasons in words, in processor time of one core, without what features take; a tenth of the members."""
    import features
    from features.feature_table import parts
    from serving.batch.forecast_table import to_table
    from serving.batch.run import CHUNK_MEMBERS
    from serving.forecast.record import Layout
    from serving.forecast.scoring import score
    from training.artifact import load, to_forecaster

    (folder,) = (place / "home" / "models").iterdir()
    model = to_forecaster(load(folder))
    layout = Layout.of(model, folder.name)
    log = features.from_log(features.check(str(place / "tenth.parquet")), model.columns)
    forecasts, taken = 0, {"features": 0.0, "all": 0.0}
    for number, part in enumerate(parts(log, CHUNK_MEMBERS)):
        began = time.process_time()
        model.describe(part, log.span[1])
        described = time.process_time()
        scores = score(model, layout, part, log.span[1])
        to_table(scores, layout, "en")
        if number:  # the first compiles
            forecasts += len(scores)
            taken["features"] += described - began
            taken["all"] += time.process_time() - described
    alone = taken["all"] - taken["features"]
    print(f"\n{forecasts / taken['all']:,.0f} forecasts with reasons a second and core, features among it;", end=" ")
    print(f"{forecasts / alone:,.0f} once features stand (target: 20,000)")


def by_hand(place: Path, members: int, forecast: int) -> None:
    """Features by pandas, the churn model's booster, and exact SHAP values of it: on a sample of members, one core."""
    import lightgbm
    import numpy as np
    import pandas as pd
    import pyarrow.parquet as pq
    import shap

    from training.artifact import load, to_forecaster

    (version,) = (place / "home" / "models").iterdir()
    bundle = load(version)
    model = to_forecaster(bundle)
    first = pq.read_table(place / "log.parquet", filters=[("customer_id", "<", 10_000_000 + SAMPLE)])
    frame = first.to_pandas()
    end = pd.Timestamp(frame["timestamp"].max().normalize() + dt.timedelta(days=1))
    seconds = {}
    began = time.perf_counter()
    frame["age"] = (end - frame["timestamp"].dt.normalize()).dt.days
    bought = frame[frame["amount"] >= 0]
    visit = bought.groupby(["customer_id", "age"]).agg(orders=("order_id", "nunique"), gross=("amount", "sum"))
    visit = visit.reset_index().sort_values(["customer_id", "age"], ascending=[True, False])
    visit["gap"] = visit.groupby("customer_id")["age"].diff().mul(-1)
    by = visit.groupby("customer_id")
    columns = {"recency": by["age"].min(), "tenure": by["age"].max(), "visits": by.size(), "orders": by["orders"].sum()}
    columns |= {"gap_mean": by["gap"].mean(), "gap_sd": by["gap"].std(ddof=0), "gap_last": by["gap"].last()}
    columns |= {f"gap_{q}": by["gap"].quantile(q) for q in (0.25, 0.5, 0.75, 0.9, 1.0)}
    for days in (28, 91, 182, 364):
        inside = visit[visit["age"] <= days].groupby("customer_id")
        columns[f"visits_{days}"], columns[f"spend_{days}"] = inside.size(), inside["gross"].sum()
    for half_life in (14, 42, 126, 378):
        weight = np.power(0.5, visit["age"] / half_life)
        columns[f"visit_rate_{half_life}"] = weight.groupby(visit["customer_id"]).sum()
    table = pd.DataFrame(columns)
    table = table[table["recency"] <= SPANS["lookback_days"]]
    seconds["pandas features"] = (time.perf_counter() - began) * members / frame["customer_id"].nunique()
    booster = lightgbm.Booster(model_str=bundle.texts["churn"])
    x = np.zeros((len(table), len(model.features)))  # as wide as the booster wants it, ours do not matter here
    x[:, : min(x.shape[1], table.shape[1])] = table.to_numpy()[:, : x.shape[1]]
    began = time.perf_counter()
    booster.predict(x, num_threads=1)
    seconds["booster.predict"] = (time.perf_counter() - began) * forecast / len(x)
    began = time.perf_counter()
    shap.TreeExplainer(booster).shap_values(x)
    seconds["shap.TreeExplainer"] = (time.perf_counter() - began) * forecast / len(x)
    whole = sum(seconds.values())
    many = frame["customer_id"].nunique()
    print(f"\nby hand, churn alone, without words and tables; {many:,} members counted up to {members:,}:")
    for stage, taken in {**seconds, "in all": whole}.items():
        print(f"  {stage:<20}{taken:8.1f} s")
    print(f"  {members / whole:,.0f} members a second")


def _tiercast(*arguments: str | Path) -> str:
    command = [sys.executable, "-c", "from serving.cli import main; main()", *map(str, arguments)]
    variables = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=variables).stdout


if __name__ == "__main__":
    main()
