"""The commands of docs/at-scale.md that need no cluster, as they stand there."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from own_postgres import PASSWORD

from benchmarks.cluster_demo import tools
from docs.page_commands import commands


def lines() -> pa.Table:
    random = np.random.default_rng(7)
    rows = [
        (f"m{i:02d}", dt.datetime(2020, 1, 1, 9 + day % 9) + dt.timedelta(days=int(day)), float(random.integers(5, 60)))
        for i in range(120)
        for day in np.cumsum(1 + random.geometric(1 / (3 + i % 9), 200))
        if day < (300 if i % 3 else 40 + 2 * i)
    ]
    return pa.table(dict(zip(("customer_id", "timestamp", "amount"), map(list, zip(*rows, strict=True)), strict=True)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("at-scale")
    pyarrow.csv.write_csv(lines(), place / "log.csv")
    (place / "tiercast.yaml").write_text("transactions: log.csv\nhorizon_days: 14\nlookback_days: 60\n")
    return place


def shell(section: str, folder: Path, **variables: str) -> str:
    path = f"{tools(folder / section.lower().replace(' ', '-'))}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(commands()[section])],
        cwd=folder,
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", **variables, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_one_machine_then_postgresql(folder: Path, postgres: Any) -> None:
    assert "members forecast as of" in shell("One machine", folder)
    forecasts = (folder / "tiercast-data" / "forecasts.csv").read_bytes()
    postgres.load("transactions", "customer_id text, timestamp timestamp, amount double precision", lines())
    said = shell("PostgreSQL", folder, LOG=postgres.url("public.transactions"), PGPASSWORD=PASSWORD)
    assert "members forecast as of" in said
    assert (folder / "tiercast-data" / "forecasts.csv").read_bytes() == forecasts
