"""Forecasts made on executors are one machine's, to the bit, whatever happens to the executors on the way."""

from __future__ import annotations

import datetime as dt
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import features
from features.errors import ColumnError, CutoffError, SourceError, UnusableLogError
from features.feature_table import parts
from features.histories import Histories
from features.policy import TierPolicy
from features.verdicts import check
from serving.batch.forecast_table import to_table
from serving.batch.known import as_known
from serving.batch.spark_run import Erasures, Plan, plan, score_on_spark
from serving.forecast.record import Layout
from serving.forecast.scoring import score
from training.artifact import Bundle, to_forecaster
from training.fit import fit_forecaster

AS_OF = dt.date(2017, 12, 4)


@pytest.fixture(scope="module")
def journey_bundle(journey: Histories, journey_policy: TierPolicy) -> Bundle:
    """Trained on every third household."""
    some = journey.select(features_every_third(journey))
    return fit_forecaster(some, AS_OF, horizon_days=28, lookback_days=91, policy=journey_policy).bundle


def features_every_third(histories: Histories) -> Any:
    import numpy as np

    return np.arange(0, len(histories), 3)


def one_machine(histories: Histories, bundle: Bundle, as_of: dt.date) -> pa.Table:
    """What the batch on one machine writes."""
    forecaster = to_forecaster(bundle)
    layout = Layout.of(forecaster, bundle.version)
    known = as_known(histories.only(forecaster.columns), as_of)
    return pa.concat_tables(to_table(score(forecaster, layout, part, as_of), layout, "en") for part in parts(known, 20_000))


def same(found: pa.Table, expected: pa.Table) -> None:
    """All columns, their types and every bit of their numbers, in the order of ids."""
    found, expected = (table.combine_chunks().sort_by("customer_id") for table in (found, expected))
    assert found.num_rows == expected.num_rows > 0
    assert found.schema.names == expected.schema.names
    for name in expected.column_names:
        one, other = found[name].cast(expected[name].type), expected[name]
        assert one.null_count == other.null_count, name
        if pa.types.is_floating(other.type):
            one, other = (pc.fill_null(column, 0.0).combine_chunks().view(pa.int64()) for column in (one, other))
        assert one.to_pylist() == other.to_pylist(), name


def test_complete_journey(spark: Any, journey: Histories, journey_bundle: Bundle, journey_path: str, journey_map: dict[str, str], tmp_path: Path) -> None:
    checked = check(f"spark:?parquet={journey_path}", journey_map)
    planned = plan(checked, journey_bundle, AS_OF, partitions=4)
    import time
    t = time.time()
    scored = score_on_spark(planned, f"spark:?parquet={tmp_path / 'forecasts'}")
    print(time.time() - t, scored)
    found = pq.read_table(tmp_path / "forecasts" / f"as_of={AS_OF}")
    expected = one_machine(journey, journey_bundle, AS_OF)
    assert scored.members == expected.num_rows
    same(found, expected.drop(["as_of"]))
