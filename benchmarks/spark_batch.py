"""Forecasts of synthetic members on a Spark cluster of two workers, one killed in the middle, against one machine's, to the bit.

python benchmarks/spark_batch.py 1_000_000        # by hand: an hour on two cores; 20_000 if nothing is said

The cluster is of our own, on 127.0.0.1. The members are those of benchmarks/shoppers.py, a line a shopping day.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.cluster_demo import end, free_port, missing
from benchmarks.same_forecasts import differences, read
from benchmarks.shoppers import POLICY, shoppers
from features.feature_table import parts
from features.histories import Histories
from features.reading import from_log
from features.snapshot import to_date
from features.verdicts import check
from serving.batch.forecast_table import to_table
from serving.batch.spark_run import plan, score_on_spark
from serving.forecast.record import Layout
from serving.forecast.scoring import score
from training.fit import fit_forecaster

WORKERS = 2
TRAINED_ON = 20_000


def write_lines(histories: Histories, path: Path) -> None:
    """A line a shopping day, at nine in the morning."""
    visits = histories.visits
    member = np.repeat(histories.members, np.diff(visits.offsets))
    time_us = visits.day.astype("datetime64[D]").astype("datetime64[us]") + np.timedelta64(9, "h")  # days since 1970
    table = pa.table({"customer_id": member, "timestamp": time_us, "amount": visits.values["gross"] / 10_000})
    pq.write_table(table, path, row_group_size=1_000_000)


@contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A master and its workers; the URL, and the workers' processes."""
    import pyspark

    run = [str(Path(pyspark.__file__).parent / "bin" / "spark-class"), "org.apache.spark.deploy"]
    port = free_port()
    url = f"spark://127.0.0.1:{port}"
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    variables |= {"SPARK_LOCAL_IP": "127.0.0.1"}
    commands = [["master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0"]]
    worker = [
        "worker.Worker",
        "--webui-port",
        "0",
        "--cores",
        "1",
        "--memory",
        "3g",
        "--work-dir",
        str(folder / "work"),
        url,
    ]
    commands += [worker] * WORKERS
    started: list[subprocess.Popen[bytes]] = []
    try:
        with (folder / "cluster.log").open("wb") as log:
            for name, *arguments in commands:
                command = [run[0], f"{run[1]}.{name}", *arguments]
                started.append(
                    subprocess.Popen(command, cwd=folder, env=variables, stdout=log, stderr=log, start_new_session=True)
                )
        yield url, started[1:]
    finally:
        for process in reversed(started):
            end(process.pid)
            process.wait()


def kill_when_at_work(worker: subprocess.Popen[bytes], target: Path, killed: list[float]) -> None:
    """Kill a worker and what it has started, as soon as the first forecasts are being written."""
    while not list(target.glob("_staged_*/_temporary/0/*/*/*.parquet")):
        time.sleep(0.05)
    os.killpg(worker.pid, signal.SIGKILL)
    killed.append(time.monotonic())


def one_machine(histories: Histories, fitted: Any, path: Path) -> float:
    """The batch's table, by the same functions in this process; seconds."""
    began = time.monotonic()
    layout, as_of = Layout.of(fitted.forecaster, fitted.bundle.version), histories.span[1]
    with pq.ParquetWriter(
        path, to_table(score(fitted.forecaster, layout, histories.range(0, 50), as_of), layout, "en").schema
    ) as file:
        for part in parts(histories, 20_000):
            file.write_table(to_table(score(fitted.forecaster, layout, part, as_of), layout, "en"))
    return time.monotonic() - began


def main(members: int, folder: Path) -> None:
    histories = shoppers(members)
    write_lines(histories, folder / "lines.parquet")
    fitted = fit_forecaster(
        histories.range(0, min(members, TRAINED_ON)),
        to_date(histories.end_day),
        horizon_days=28,
        lookback_days=91,
        policy=POLICY,
    )
    began = time.monotonic()
    whole = one_machine(from_log(check(str(folder / "lines.parquet"))), fitted, folder / "one.parquet")
    print(
        f"{members:,} members, {len(histories.visits.day):,} lines; one machine: {whole:.0f} s, {time.monotonic() - began:.0f} s with reading"
    )
    os.environ["PYSPARK_PYTHON"], os.environ["SPARK_LOCAL_IP"] = sys.executable, "127.0.0.1"
    with cluster(folder) as (url, workers):
        for kill in (False, True):
            began, target, killed = time.monotonic(), folder / f"forecasts-{kill}", list[float]()
            if kill:
                threading.Thread(target=kill_when_at_work, args=(workers[0], target, killed), daemon=True).start()
            planned = plan(check(f"{url}?parquet={folder / 'lines.parquet'}"), fitted.bundle)
            scored = score_on_spark(planned, f"spark:?parquet={target}")
            took = time.monotonic() - began
            found = read(str(next(target.glob("as_of=*"))))
            differ = differences(read(str(folder / "one.parquet")), found)
            lost = f", a worker killed after {killed[0] - began:.0f} s" if killed else ""
            print(
                f"Spark, {WORKERS} workers{lost}: {took:.0f} s, {scored.members:,} forecasts, {differ or 'the same to the bit'}"
            )
            if differ or bool(killed) != kill:
                sys.exit(1)
        planned.session.stop()


if __name__ == "__main__":
    if said := missing():
        sys.exit(f"spark_batch: {said}.")
    with tempfile.TemporaryDirectory(prefix="tiercast-spark-", ignore_cleanup_errors=True) as place:
        main(int(sys.argv[1].replace("_", "")) if len(sys.argv) > 1 else 20_000, Path(place))
