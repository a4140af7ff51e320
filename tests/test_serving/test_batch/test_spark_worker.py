"""What an executor does, without Spark: from the archive that is shipped, in a Python that has little."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path
from zlib import crc32

import numpy as np
import pyarrow as pa
import pytest
from homes import Shop

from features.bounds import StandingBounds
from features.daily import daily
from features.engine import fetch
from features.on_spark import Whole
from features.verdicts import check
from serving.batch.forecast_table import to_table
from serving.batch.known import as_known
from serving.batch.shipped import pack
from serving.batch.spark_worker import Job, partition, ready
from serving.forecast.scoring import score

BOUNDS = StandingBounds(period_days=30)
HIDDEN = ("pandas", "duckdb", "ibis", "numba", "lightgbm", "mlflow", "sklearn", "sqlalchemy", "pyspark", "bentoml", "orjson")
EXECUTOR = f"""
import sys

class Hidden:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in {HIDDEN}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Hidden)
archive, rows, job, answer = sys.argv[1:]
sys.path = [archive] + [place for place in sys.path if "site-packages" in place or "lib/python" in place]
import pyarrow as pa
from serving.batch import spark_worker
assert spark_worker.__file__.startswith(archive), spark_worker.__file__
batches = pa.ipc.open_stream(rows).read_all().to_batches(max_chunksize=100)
found = list(spark_worker.partition(spark_worker.Job(open(job).read()), batches))
with pa.ipc.new_stream(answer, found[0].schema) as writer:
    [writer.write_batch(batch) for batch in found]
"""


def folded(shop: Shop) -> tuple[pa.Table, Whole]:
    """Rows as Spark folds them, shuffled."""
    checked = check(shop.log)
    rows = fetch(daily(checked.clean))
    rows = rows.append_column("part", pa.array([""] * len(rows))).append_column("label", pa.nulls(len(rows), pa.string()))
    rows = rows.take(pa.array(np.random.default_rng(1).permutation(len(rows))))
    has = shop.histories.columns
    return rows, Whole(has, shop.histories.first_day, shop.histories.end_day, "UTC")


def expected(shop: Shop, as_of: dt.date) -> pa.Table:
    known = as_known(shop.histories.only(shop.forecaster.columns), as_of)
    return to_table(score(shop.forecaster, shop.layout, known, as_of, BOUNDS), shop.layout, "zh")


def test_from_the_archive_and_with_little_it_says_what_one_machine_says(shop: Shop, tmp_path: Path) -> None:
    rows, whole = folded(shop)
    job = Job.of(shop.bundle, whole, shop.as_of, BOUNDS, "zh")
    (tmp_path / "job").write_text(job.text, encoding="utf-8")
    with pa.ipc.new_stream(str(tmp_path / "rows"), rows.schema) as writer:
        writer.write_table(rows)
    paths = [str(path) for path in (pack(tmp_path), tmp_path / "rows", tmp_path / "job", tmp_path / "answer")]
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([sys.executable, "-c", EXECUTOR, *paths], cwd=tmp_path, env=variables, check=True)
    assert pa.ipc.open_stream(str(tmp_path / "answer")).read_all().equals(expected(shop, shop.as_of))


def test_members_of_a_part_are_forecast_as_those_of_the_whole(shop: Shop) -> None:
    rows, whole = folded(shop)
    later = shop.as_of + dt.timedelta(days=10)
    job = Job.of(shop.bundle, whole, later, BOUNDS, "zh")
    of_whole = {row["customer_id"]: row for row in expected(shop, later).to_pylist()}
    parts = [
        rows.filter(pa.array([crc32(name.encode()) % 3 == part for name in rows["member"].to_pylist()])) for part in range(3)
    ]
    found = [row for part in parts for batch in partition(job, part.to_batches()) for row in batch.to_pylist()]
    assert {row["customer_id"]: row for row in found} == of_whole
    assert len(found) == len(of_whole) > 20


def test_a_partition_without_rows_says_nothing(shop: Shop) -> None:
    rows, whole = folded(shop)
    job = Job.of(shop.bundle, whole, shop.as_of, BOUNDS, "en")
    assert list(partition(job, rows.slice(0, 0).to_batches())) == []


def test_a_job_is_made_ready_once_a_process(shop: Shop) -> None:
    _, whole = folded(shop)
    jobs = [Job.of(shop.bundle, whole, shop.as_of, BOUNDS, "en") for _ in range(2)]
    assert ready(jobs[0]) is ready(jobs[1])


@pytest.mark.parametrize("name", ["events", "joined"])
def test_tables_beside_the_log_come_back_as_they_were(shop: Shop, name: str) -> None:
    _, whole = folded(shop)
    table = pa.table({"member": ["a", None], "day": pa.array([dt.date(2020, 1, 1), None])})
    job = Job.of(shop.bundle, whole, shop.as_of, BOUNDS, "en", **{name: table})
    assert getattr(ready(job), name).equals(table)
