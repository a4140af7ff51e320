"""The champion changed under load: twenty times back and forth between two models, while eight callers ask without pause.

No request may fail, each answer must name one model version, and its numbers must be that version's, to the bit.

By hand: ``python benchmarks/swap_champions.py [SWAPS]``, about two minutes; on Complete Journey (extra 'demo').
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
import numpy as np

from serving.commands.demo import write_settings
from serving.commands.serve import listen
from serving.database.engine import open_engine
from serving.database.forecasts import look_up
from serving.database.generations import complete
from serving.forecast.record import AT
from serving.settings import Home
from training.mlflow_session import connected
from training.registry import CHAMPION, MODEL, VERSION_TAG

SWAPS, CALLERS, IDS = 20, 8, 20
_RUN = (sys.executable, "-c", "from serving.cli import main; main()")


def main() -> None:
    """Train and score two models, then change between them under load, and count."""
    swaps = int(sys.argv[1]) if len(sys.argv) > 1 else SWAPS
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        _two_models(home)
        engine = open_engine(home.store_url)
        generations = complete(engine)
        keys = [str(member) for member in range(1, 2_470)]
        expected = {one.model_version: _p_churn(look_up(engine, one.id, keys)) for one in generations}
        versions = sorted(expected)
        with listen("127.0.0.1", 0) as free:
            port = free.getsockname()[1]
        settings = {"TIERCAST_FOLLOW_SECONDS": "1", "TIERCAST_WITHOUT_KEYS": "1", "TIERCAST_QUEUE": "512"}
        command = [*_RUN, "serve", "--home", folder, "--port", str(port)]
        with subprocess.Popen(command, env={**os.environ, **settings}, stderr=subprocess.DEVNULL) as server:
            url = f"http://127.0.0.1:{port}"
            try:
                _wait(url)
                _under_load(url, home, versions, expected, swaps)
            finally:
                server.terminate()
        engine.dispose()


def _two_models(home: Home) -> None:
    config = str(write_settings(home.path))
    for alias, lookback in (("challenger", "120"), ("champion", "91")):
        common = ["--config", config, "--home", str(home.path)]
        train = [*_RUN, "train", *common, "--origins", "1", "--lookback-days", lookback, "--alias", alias]
        for arguments in (train, [*_RUN, "score", *common, "--alias", alias]):
            done = subprocess.run(arguments, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(done.stderr)


def _p_churn(found: dict[str, object]) -> dict[int, float]:
    return {int(key): float(np.frombuffer(row.body, "<f8")[AT["p_churn"]]) for key, row in found.items()}  # type: ignore[attr-defined]


def _wait(url: str) -> None:
    for _ in range(300):
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise SystemExit("the service did not start")


def _under_load(url: str, home: Home, versions: list[str], expected: dict[str, dict[int, float]], swaps: int) -> None:
    counts: Counter[str] = Counter()
    stop = threading.Event()
    both = sorted(set.intersection(*(set(own) for own in expected.values())))

    def ask(seed: int) -> None:
        random = np.random.default_rng(seed)
        with httpx.Client(timeout=30) as client:
            while not stop.is_set():
                ids = random.choice(both, IDS, replace=False).tolist()
                try:
                    answer = client.post(f"{url}/v1/forecast", json={"ids": ids, "reasons": 1})
                except httpx.HTTPError as error:
                    counts[f"failed: {type(error).__name__}"] += 1
                    continue
                if answer.status_code != 200:
                    counts[f"failed: {answer.status_code}"] += 1
                    continue
                forecasts = answer.json()["forecasts"]
                named = {forecast["model_version"] for forecast in forecasts}
                version = next(iter(named))
                right = all(expected[version][one["customer_id"]] == one["p_churn"] for one in forecasts)
                fault = len(named) != 1 or len(forecasts) != IDS or not right
                counts["wrong or mixed" if fault else version] += 1

    callers = [threading.Thread(target=ask, args=(seed,)) for seed in range(CALLERS)]
    for caller in callers:
        caller.start()
    slowest, began = 0.0, time.monotonic()
    with connected(home.tracking_uri) as mlflow:
        client = mlflow.MlflowClient()
        numbers = {one.tags[VERSION_TAG]: one.version for one in client.search_model_versions(f"name = '{MODEL}'")}
        for swap in range(swaps):
            wanted = versions[swap % 2]
            client.set_registered_model_alias(MODEL, CHAMPION, numbers[wanted])
            asked = time.monotonic()
            while httpx.get(f"{url}/v1/model", timeout=30).json().get("version") != wanted:
                if time.monotonic() - asked > 60:
                    raise SystemExit(f"not swapped within a minute: {dict(counts)}")
                time.sleep(0.05)
            slowest = max(slowest, time.monotonic() - asked)
    took = time.monotonic() - began
    stop.set()
    for caller in callers:
        caller.join()
    answers = sum(counts[version] for version in versions)
    faults = {name: count for name, count in counts.items() if name not in versions}
    print(f"{swaps} swaps in {took:.0f} s, the slowest after {slowest:.1f} s")
    print(f"{answers:,} answers, each of one version and with its numbers: {dict(counts)}")
    print(f"failed, wrong or mixed: {faults or 0}")
    if faults:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
