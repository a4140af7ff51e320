"""From process start to the first forecast: `tiercast serve` and `bentoml serve` against `mlflow models serve`, same model.

Each round starts every server in turn and asks it for a forecast of the same lines until it answers. One round goes first
uncounted, so that all find warm files. Run by hand: make bench.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROUNDS = 3
LIMIT_S = 120
BIN = Path(sys.executable).parent
LINES = [("2017-12-02T10:00:00", 25.5, "a"), ("2017-12-16T17:20:00", 40.0, "b"), ("2017-12-23T11:05:00", 18.25, "c")]


def main() -> None:
    """Print seconds by server and the ratio to MLflow's."""
    root = Path(__file__).resolve().parent.parent
    home = root / "demo-data"
    if not (home / "store.sqlite").is_file():
        subprocess.run([BIN / "tiercast", "demo", "--home", home], check=True, stdout=subprocess.DEVNULL)
    ours = {
        "histories": [
            {"customer_id": "m", "transactions": [{"timestamp": t, "amount": a, "order_id": o} for t, a, o in LINES]}
        ]
    }
    theirs = {
        "dataframe_split": {
            "columns": ["customer_id", "timestamp", "amount", "order_id"],
            "data": [["m", t, a, o] for t, a, o in LINES],
        }
    }
    servers = {
        "mlflow models serve": (
            [
                "mlflow",
                "models",
                "serve",
                "--env-manager",
                "local",
                "-m",
                "models:/tiercast@champion",
                "-h",
                "127.0.0.1",
                "-p",
            ],
            "/invocations",
            theirs,
        ),
        "tiercast serve": (["tiercast", "serve", "--port"], "/v1/forecast", ours),
        "bentoml serve": (
            ["bentoml", "serve", "serving.service:Tiercast", "--host", "127.0.0.1", "--port"],
            "/v1/forecast",
            ours,
        ),
    }
    environment = {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "TIERCAST_HOME": str(home),
        "MLFLOW_TRACKING_URI": f"sqlite:///{home / 'mlflow.db'}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "BENTOML_DO_NOT_TRACK": "True",
        "TIERCAST_WITHOUT_KEYS": "1",
    }
    taken: dict[str, list[float]] = {name: [] for name in servers}
    answers = {}
    for i in range(ROUNDS + 1):
        for name, (command, path, question) in servers.items():
            seconds, answers[name] = first_answer(command, path, question, environment, root)
            if i:
                taken[name].append(seconds)
    assert len({round(p_churn, 12) for p_churn in answers.values()}) == 1, answers
    print(f"p_churn by each: {answers['tiercast serve']:.6f}; {ROUNDS} rounds, interleaved")
    peer = statistics.median(taken["mlflow models serve"])
    for name, seconds in taken.items():
        middle = statistics.median(seconds)
        print(f"{name:<22} {middle:6.2f} s  [{min(seconds):.2f}, {max(seconds):.2f}]  {middle / peer:.2f} x mlflow")


def first_answer(
    command: list[str], path: str, question: object, environment: dict[str, str], root: Path
) -> tuple[float, float]:
    """Start a server, ask until it answers, stop it; seconds taken and the p_churn it gave."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryFile() as log:
        began = time.perf_counter()
        process = subprocess.Popen(
            [BIN / command[0], *command[1:], str(port)],
            env=environment,
            cwd=root,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            while True:
                answer = ask(f"http://127.0.0.1:{port}{path}", question)
                seconds = time.perf_counter() - began
                if answer is not None:
                    return seconds, answer
                if process.poll() is not None or seconds > LIMIT_S:
                    log.seek(0)
                    raise SystemExit(f"{command[0]} did not answer: {log.read().decode()[-2000:]}")
                time.sleep(0.01)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def ask(url: str, question: object) -> float | None:
    """The p_churn in the answer, None where nobody answers yet."""
    request = urllib.request.Request(url, json.dumps(question).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            body = json.load(response)
    except (urllib.error.URLError, ConnectionError):
        return None
    rows = body["predictions"] if "predictions" in body else body["forecasts"]
    return float(rows[0]["p_churn"])


if __name__ == "__main__":
    main()
