"""The champion as a function in Spark: a row a member, right whatever batches Spark cuts the rows into."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import features
from features.policy import TierPolicy
from serving.batch.forecast_table import to_table
from serving.batch.pyfunc import answers
from serving.forecast.record import Layout
from serving.forecast.scoring import score
from training.fit import fit_forecaster
from training.mlflow_adapter import log_training
from training.mlflow_session import connected
from training.registry import MODEL

POLICY = TierPolicy.from_dict(
    {
        "programme": "P",
        "tiers": [{"name": "Base"}, {"name": "Top", "reach": 90.0}],
        "metric": "spend",
        "window": {"rolling_days": 60},
    }
)


def lines() -> pd.DataFrame:
    random = np.random.default_rng(4)
    rows = []
    for i in range(60):
        days = np.cumsum(random.geometric(1 / (3 + i % 17), 80))
        for day in days[days < (230 if i % 3 else 60 + i)]:
            time = pd.Timestamp("2020-01-01 09:30") + pd.Timedelta(days=int(day))
            rows.append((i, time, round(float(random.gamma(2.0, 12.0)), 2), f"{i}-{day}"))
    return pd.DataFrame(rows, columns=["customer_id", "timestamp", "amount", "order_id"])


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, pa.Table]:
    """A registry with a champion, and what the batch says of the log."""
    folder: Path = tmp_path_factory.mktemp("registry")
    histories = features.from_log(features.check(lines()))
    as_of = histories.span[1]
    fitted = fit_forecaster(histories, as_of, horizon_days=21, lookback_days=60, policy=POLICY)
    uri = f"sqlite:///{folder}/mlflow.db"
    log_training([], fitted.bundle, answers, tracking_uri=uri, artifacts=folder / "artifacts")
    layout = Layout.of(fitted.forecaster, fitted.bundle.version)
    return uri, to_table(score(fitted.forecaster, layout, histories, as_of), layout, "en")


@pytest.mark.parametrize("dress", ["struct", "json"])
def test_each_member_gets_what_the_batch_says(
    spark: Any, expected: tuple[str, pa.Table], dress: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyspark.sql import functions as f

    monkeypatch.setattr(sys, "path", list(sys.path))  # loading puts the model's code in front
    uri, table = expected
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", 7)
    time = f.date_format("timestamp", "yyyy-MM-dd'T'HH:mm:ss").alias("timestamp")
    collected = f.collect_list(f.struct(time, "amount", "order_id"))
    frame = spark.createDataFrame(lines()).groupBy("customer_id").agg(collected.alias("lines"))
    if dress == "json":
        frame = frame.withColumn("lines", f.to_json("lines"))
    with connected(uri) as mlflow:
        forecast = mlflow.pyfunc.spark_udf(spark, f"models:/{MODEL}@champion", env_manager="local")
        asked = frame.withColumn("said", forecast(f.struct("customer_id", "lines"))).select("said.*")
        rows = asked.where("p_churn IS NOT NULL").toArrow()
    spark.conf.unset("spark.sql.execution.arrow.maxRecordsPerBatch")
    of_member = {row["customer_id"]: row for row in table.to_pylist()}
    found = {int(row["customer_id"]): row for row in rows.to_pylist()}
    assert set(found) == set(of_member)
    assert len(found) > 20
    for member, row in found.items():
        for name, value in row.items():
            batch = of_member[member][name] if name != "customer_id" else str(member)
            if isinstance(batch, float) or value is None:
                assert value == batch, name
            else:
                assert value == ("" if batch is None else batch if isinstance(batch, int) else str(batch)), name
