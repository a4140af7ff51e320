"""Who is compared in bench_serve.py: each server's command, and what it is asked."""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from serve_home import BenchHome
from serve_load import Server

BIN = Path(sys.executable).parent
HERE = Path(__file__).resolve().parent
ONE, MANY, IDS = 20_000, 20, 1_000
MLFLOW, MLFLOW_FRAMES = "MLflow, score", "MLflow, data frames"
BENTO, STARLETTE, OURS, BARE = "BentoML, empty", "Starlette, in memory", "tiercast", "uvicorn, constant"
OLD = not (HERE.parent / "serving" / "keys.py").is_file()


def ours(home: BenchHome) -> Server:
    """``tiercast serve``: any of the members, all fields, three reasons, with an API key."""
    rng = random.Random(1)
    one = [json.dumps({"ids": [rng.randrange(home.members)]}) for _ in range(ONE)]
    many = [json.dumps({"ids": rng.sample(range(home.members), IDS)}) for _ in range(MANY)]
    path = "/v1/forecast"
    if OLD:
        one = [f"/v1/forecasts/{rng.randrange(home.members)}" for _ in range(ONE)]
        many = [body.replace('"ids"', '"customer_ids"') for body in many]
        path = "/v1/forecasts"
    command = [str(BIN / "tiercast"), "serve", "--home", str(home.path), "--port", "PORT"]
    return Server(OURS, command, path, one, many, home.key)


def peers(home: BenchHome, model: Path) -> list[Server]:
    """The others. ``model`` is the churn trees as an MLflow model."""
    # LightGBM's trees read no difference between missing and 0 that could make them faster or slower.
    rows = np.nan_to_num(np.load(home.rows)["x"])
    rng = random.Random(1)
    serve = [str(BIN / "mlflow"), "models", "serve", "--env-manager", "local", "-w", "1", "-m", str(model), "-p", "PORT"]
    path = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "MLFLOW_DISABLE_TELEMETRY": "true"}
    uvicorn = [str(BIN / "uvicorn"), "--app-dir", str(HERE), "--no-access-log", "--log-level", "warning", "--port", "PORT"]
    ids = [json.dumps({"ids": [rng.randrange(home.members)]}) for _ in range(ONE)]
    inputs = [_inputs(rows[i : i + 1]) for i in range(2_000)]
    many = [_inputs(rows[rng.sample(range(len(rows)), IDS)]) for _ in range(MANY)]
    bento = [str(BIN / "bentoml"), "serve", "serve_apps_bento:Empty", "--working-dir", str(HERE), "--port", "PORT"]
    quiet = {"BENTOML_DO_NOT_TRACK": "True"}
    where = {"TIERCAST_BENCH_HOME": str(home.path)}
    return [
        Server(MLFLOW, serve, "/invocations", inputs, many, environment=path),
        Server(
            MLFLOW_FRAMES,
            serve,
            "/invocations",
            [_frame(body) for body in inputs],
            [_frame(body) for body in many],
            environment=path,
        ),
        Server(BENTO, bento, "/empty", ["{}"], environment=quiet),
        Server(STARLETTE, [*uvicorn, "serve_apps:app"], "/v1/forecast", ids, environment=where),
        Server(BARE, [*uvicorn, "serve_apps:bare"], "/", ids, environment=where),
    ]


def save_for_mlflow(home: BenchHome, folder: Path) -> Path:
    """The churn trees, logged the way that MLflow's users log LightGBM's."""
    import lightgbm
    import mlflow.lightgbm

    mlflow.lightgbm.save_model(lightgbm.Booster(model_file=home.trees), folder / "model")
    return folder / "model"


def _inputs(rows: Sequence[Sequence[float]] | np.ndarray) -> str:
    """Plain arrays, which MLflow takes in about half the time of a data frame."""
    return json.dumps({"inputs": np.asarray(rows).tolist()})


def _frame(body: str) -> str:
    """The same rows as a data frame, which its documentation shows first."""
    rows = json.loads(body)["inputs"]
    return json.dumps({"dataframe_split": {"columns": [f"Column_{i}" for i in range(len(rows[0]))], "data": rows}})
