"""serving/watch/recording_there.py, without Spark: partitions counted one after another, in any order."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from zlib import crc32

import pyarrow as pa
import pytest
from homes import Shop, opened_store

from features.bounds import StandingBounds
from features.daily import daily
from features.engine import fetch
from features.on_spark import Whole
from features.verdicts import check
from serving.batch.spark_run import ScoredThere
from serving.batch.spark_worker import ByPartition, Job, partition
from serving.batch.tally import Counts, added
from serving.privacy.pseudonyms import erasure_secret, mark
from serving.settings import Home
from serving.watch.kept import read_runs, write_reference
from serving.watch.recording import record_run
from serving.watch.recording_there import record_there
from serving.watch.told import read_told
from training.reference import Reference
from training.sightings import make_reference

BOUNDS = StandingBounds()


def there(shop: Shop, reference: Reference | None) -> ScoredThere:
    """As three executors make it, of which one does its partition twice."""
    rows = fetch(daily(check(shop.log).clean))
    rows = rows.append_column("part", pa.array([""] * len(rows))).append_column("label", pa.nulls(len(rows), pa.string()))
    whole = Whole(shop.histories.columns, shop.histories.first_day, shop.histories.end_day, "UTC")
    job = Job.of(shop.bundle, whole, shop.as_of, BOUNDS, "en", reference=reference)
    adding, counted, told = ByPartition(), dict[int, Counts](), []
    names = rows["member"].to_pylist()
    for number in (2, 0, 1, 2):
        mine = rows.filter(pa.array([crc32(name.encode()) % 3 == number for name in names]))
        counts: list[Counts] = []
        made = list(partition(job, mine.to_batches(), counts.append))
        if number not in counted:
            told += made
        counted = adding.addInPlace(counted, {number: counts[0]})
    table = pa.Table.from_batches(told)
    kept = table.select(["customer_id", "p_churn", "expected_spend", *(f"p_tier_{name}" for name in shop.layout.tier_names)])
    return ScoredThere(len(table), 0, shop.as_of, {}, added(list(counted.values())), kept)


@pytest.mark.parametrize("compared", [True, False])
def test_a_run_there_is_remembered_as_one_here(shop: Shop, tmp_path: Path, *, compared: bool) -> None:
    homes = [Home(tmp_path / name) for name in ("here", "there")]
    reference = make_reference(shop.forecaster, shop.bundle.version, shop.histories) if compared else None
    secret = erasure_secret(homes[0].path)
    homes[1].path.mkdir()
    shutil.copy(homes[0].path / "erasure.secret", homes[1].path)
    if reference is not None:
        write_reference(homes[0].path, reference)
    how: dict[str, Any] = {"refused": {"rows": 9}}
    with opened_store(shop.home.store) as store:
        record_run(homes[0], shop.bundle, shop.scored.generation, store, histories=shop.histories, **how)
    run = record_there(homes[1], shop.bundle, there(shop, reference), reference, **how)
    assert read_runs(homes[0].path) == read_runs(homes[1].path) == [run]
    tables = [(home.path / "watch" / run.version / f"{run.as_of}.parquet").read_bytes() for home in homes]
    assert tables[0] == tables[1]
    gone = mark(secret, str(there(shop, None).told["customer_id"][0]))  # type: ignore[index]
    record_there(homes[1], shop.bundle, there(shop, reference), reference, erased=lambda: {gone}, **how)
    left = read_told(homes[1].path, run.version, run.as_of)
    assert left is not None
    assert (len(left), gone in left.marks.tolist()) == (run.members - 1, False)


def test_nobody_was_forecast(shop: Shop, tmp_path: Path) -> None:
    done = there(shop, None)
    assert done.told is not None
    run = record_there(Home(tmp_path), shop.bundle, ScoredThere(0, 0, shop.as_of, {}, {}, done.told.slice(0, 0)), None)
    assert (run.members, run.levels) == (0, {"members": 0.0})
    assert [one.to_json() for one in read_runs(tmp_path)] == [run.to_json()]
