"""Forecasts of synthetic members on two Spark workers, one killed in the middle, against one machine's, to the bit.

python benchmarks/spark_batch.py 1_000_000        # by hand: ten minutes on two cores; 20_000 if nothing is said

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
from training.fit import Fitted, fit_forecaster

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
    sizes = ["--cores", "1", "--memory", "3g", "--work-dir", str(folder / "work")]
    commands += [["worker.Worker", "--webui-port", "0", *sizes, url]] * WORKERS
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


def one_machine(histories: Histories, fitted: Fitted, path: Path) -> None:
    """The batch's table, by the same functions in this process."""
    layout, as_of = Layout.of(fitted.forecaster, fitted.bundle.version), histories.span[1]
    tables = (to_table(score(fitted.forecaster, layout, part, as_of), layout, "en") for part in parts(histories, 20_000))
    first = next(tables)
    with pq.ParquetWriter(path, first.schema) as file:
        file.write_table(first)
        for table in tables:
            file.write_table(table)


def on_spark(url: str, workers: list[subprocess.Popen[bytes]], fitted: Fitted, folder: Path, *, kill: bool) -> bool:
    """Forecast on the cluster, with or without losing a worker; whether the forecasts are one machine's."""
    began, target, killed = time.monotonic(), folder / f"forecasts-{kill}", list[float]()
    if kill:
        threading.Thread(target=kill_when_at_work, args=(workers[0], target, killed), daemon=True).start()
    planned = plan(check(f"{url}?parquet={folder / 'lines.parquet'}"), fitted.bundle)
    scored = score_on_spark(planned, f"spark:?parquet={target}")
    took = time.monotonic() - began
    differ = differences(read(str(folder / "one.parquet")), read(str(next(target.glob("as_of=*")))))
    lost = f", one killed after {killed[0] - began:.0f} s" if killed else ""
    print(f"Spark, {WORKERS} workers{lost}: {took:.0f} s, {scored.members:,} forecasts, {differ or 'the same to the bit'}")
    return not differ and bool(killed) == kill


def main(members: int, folder: Path) -> bool:
    """Write the log, forecast it here and there, and compare."""
    made = shoppers(members)
    write_lines(made, folder / "lines.parquet")
    spans = {"horizon_days": 28, "lookback_days": 91}
    some = made.range(0, min(members, TRAINED_ON))
    fitted = fit_forecaster(some, to_date(made.end_day), **spans, policy=POLICY)  # type: ignore[arg-type]
    began = time.monotonic()
    one_machine(from_log(check(str(folder / "lines.parquet"))), fitted, folder / "one.parquet")
    print(f"{members:,} members, {len(made.visits.day):,} lines; one machine, one process: {time.monotonic() - began:.0f} s")
    os.environ["PYSPARK_PYTHON"], os.environ["SPARK_LOCAL_IP"] = sys.executable, "127.0.0.1"
    with cluster(folder) as (url, workers):
        done = [on_spark(url, workers, fitted, folder, kill=kill) for kill in (False, True)]
        from pyspark.sql import SparkSession

        SparkSession.getActiveSession().stop()
    return all(done)


if __name__ == "__main__":
    if said := missing():
        sys.exit(f"spark_batch: {said}.")
    with tempfile.TemporaryDirectory(prefix="tiercast-spark-", ignore_cleanup_errors=True) as place:
        asked = int(sys.argv[1].replace("_", "")) if len(sys.argv) > 1 else 20_000
        sys.exit(0 if main(asked, Path(place)) else "spark_batch: not the same")
