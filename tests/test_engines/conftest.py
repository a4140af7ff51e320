"""A PostgreSQL cluster and a Spark cluster of two workers, own ones, started for the tests and stopped after them."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from own_postgres import Cluster, running

ROOT = Path(__file__).parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All that is in this folder needs servers, but for what is said of DuckDB alone."""
    for item in items:
        parameters = item.callspec.params.values() if isinstance(item, pytest.Function) and hasattr(item, "callspec") else ()
        alone = any(isinstance(value, str) and value == "duckdb" for value in parameters)
        if item.path.parent == Path(__file__).parent and not alone:
            item.add_marker("engines")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    with running() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("pyspark is not installed: `make test-engines` runs with it")
    java = shutil.which("java")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=True).stderr if java else ""
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < 17:
        pytest.skip("no Java of 17 or later: apt-get install openjdk-17-jre-headless")
    import pyspark
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    patch = pytest.MonkeyPatch()
    patch.setenv("PYSPARK_PYTHON", sys.executable)
    session = (
        SparkSession.builder.master("local-cluster[2,1,1024]")  # two workers of a core and a gigabyte, as own processes
        .appName("tiercast tests")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.executorEnv.PYTHONPATH", str(ROOT))
        .config("spark.local.dir", str(folder))
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.sql.session.timeZone", "Asia/Shanghai")  # ours must not hang on it
        .config("spark.sql.shuffle.partitions", "2")
        # Short jobs: what a compiler of the second tier would gain is less than what it costs.
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .config("spark.executor.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    yield session
    workers = Path(pyspark.__file__).parent / "work" / session.sparkContext.applicationId
    session.stop()
    patch.undo()
    shutil.rmtree(workers, ignore_errors=True)  # the executors' logs, which a local cluster puts beside Spark
