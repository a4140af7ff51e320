"""Forecasts made on executors are one machine's, to the bit, whatever happens to the executors on the way."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import features
from features.errors import ColumnError, CutoffError, SourceError
from features.events import attach_events, check_events
from features.feature_table import parts
from features.histories import Histories
from features.members import attach_members, check_members
from features.policy import TierPolicy
from features.registry import available
from features.verdicts import check
from serving.batch.forecast_table import to_table
from serving.batch.known import as_known
from serving.batch.run import score_all
from serving.batch.spark_run import Erasures, Plan, plan, score_on_spark
from serving.commands.spark_score import score_there
from serving.database.engine import open_engine
from serving.database.erasure import erase
from serving.database.schema import ensure
from serving.forecast.record import Layout
from serving.forecast.scoring import score
from serving.privacy.pseudonyms import erasure_secret, mark
from serving.settings import Home
from serving.watch.kept import read_runs, write_reference
from serving.watch.recording import record_run
from training.artifact import Bundle, save, to_forecaster
from training.config import load_config
from training.fit import fit_forecaster
from training.reference import Reference
from training.sightings import make_reference

JOURNEY_AS_OF = dt.date(2017, 12, 4)
AS_OF = dt.date(2020, 8, 3)
POLICY = TierPolicy.from_dict(
    {
        "programme": "Shop",
        "tiers": [{"name": "普通"}, {"name": "Silver. Plus", "reach": 60.0}, {"name": "金卡", "reach": 150.0}],
        "metric": "spend",
        "window": {"rolling_days": 60},
        "review": "anniversary",
    }
)


def one_machine(histories: Histories, bundle: Bundle, as_of: dt.date) -> pa.Table:
    """What the batch on one machine writes of a date, in the order of ids."""
    forecaster = to_forecaster(bundle)
    layout = Layout.of(forecaster, bundle.version)
    known = as_known(histories.only(forecaster.columns), as_of)
    found = (to_table(score(forecaster, layout, part, as_of), layout, "en") for part in parts(known, 20_000))
    return pa.concat_tables(found).drop(["as_of"])


def same(found: pa.Table, expected: pa.Table) -> None:
    """All columns, their types and every bit of their numbers, in whatever order of rows."""
    found, expected = (table.combine_chunks().sort_by("customer_id") for table in (found, expected))
    assert found.num_rows == expected.num_rows > 0
    assert found.schema.names == expected.schema.names
    assert found.schema.types == expected.schema.types
    for name in expected.column_names:
        one, other = found[name].combine_chunks(), expected[name].combine_chunks()
        assert one.is_null().equals(other.is_null()), name
        if pa.types.is_floating(other.type):
            one, other = (pc.fill_null(column, 0.0).view(pa.int64()) for column in (one, other))
        assert one.equals(other), name


# -- Complete Journey, and an executor that dies ----------------------------------------------------------------------


@dataclass(frozen=True)
class Journey:
    bundle: Bundle
    expected: pa.Table
    log: Any
    log_path: str


@pytest.fixture(scope="module")
def forecast(
    spark: Any, journey: Histories, journey_policy: TierPolicy, journey_path: str, journey_map: dict[str, str]
) -> Journey:
    """Trained on every sixth household; forecasts of all."""
    some = journey.select(np.arange(0, len(journey), 6))
    spans = {"horizon_days": 28, "lookback_days": 91}
    bundle = fit_forecaster(some, JOURNEY_AS_OF, **spans, policy=journey_policy).bundle  # type: ignore[arg-type]
    log = check(f"spark:?parquet={journey_path}", journey_map)
    return Journey(bundle, one_machine(journey, bundle, JOURNEY_AS_OF), log, journey_path)


@dataclass(frozen=True, eq=False)
class Dying(Plan):
    """A plan whose first task to have forecasts kills its executor before it hands them on."""

    mark: str = ""

    def frame(self, left_out: Iterable[Any] = (), counted: Any = None) -> Any:
        mark, names = self.mark, self.columns.names

        def kill_once() -> None:
            with suppress(FileExistsError):
                os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
                # This process's grandparent: its parent is Spark's daemon of Python workers.
                executor = int(Path(f"/proc/{os.getppid()}/stat").read_text().rpartition(")")[2].split()[1])
                assert "CoarseGrainedExecutorBackend" in Path(f"/proc/{executor}/cmdline").read_text()
                os.kill(executor, signal.SIGKILL)

        def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                if batch.num_rows:
                    kill_once()
                yield pa.RecordBatch.from_arrays(batch.columns, names)

        # Under other names: mapInArrow takes a column with a point in its name for a struct's.
        found = super().frame(left_out, counted)
        return found.toDF(*(f"c{i}" for i in range(len(names)))).mapInArrow(run, self.columns)


def written(folder: Path, as_of: dt.date) -> pa.Table:
    return pq.read_table(folder / f"as_of={as_of}", partitioning=None)


def test_complete_journey_is_as_on_one_machine(forecast: Journey, tmp_path: Path) -> None:
    planned = plan(forecast.log, forecast.bundle, JOURNEY_AS_OF, partitions=2)
    scored = score_on_spark(planned, f"spark:?parquet={tmp_path / 'all'}")
    assert (scored.members, scored.erased, scored.as_of) == (forecast.expected.num_rows, 0, JOURNEY_AS_OF)
    same(written(tmp_path / "all", JOURNEY_AS_OF), forecast.expected)


# -- a small shop with all that a log can have ------------------------------------------------------------------------


@dataclass(frozen=True)
class Shop:
    bundle: Bundle
    histories: Histories
    beside: dict[str, Any]
    lines: Path

    @cached_property
    def reference(self) -> Reference:
        return make_reference(to_forecaster(self.bundle), self.bundle.version, self.histories)

    def plan(self, as_of: dt.date = AS_OF, **more: Any) -> Plan:
        return plan(check(f"spark:?parquet={self.lines}"), self.bundle, as_of, **self.beside, partitions=2, **more)

    def expected(self, as_of: dt.date = AS_OF, without: set[str] = frozenset()) -> pa.Table:  # type: ignore[assignment]
        table = one_machine(self.histories, self.bundle, as_of)
        gone = pc.is_in(table["customer_id"], value_set=pa.array(sorted(without), pa.string()))
        assert pc.sum(gone).as_py() == len(without)
        return table.filter(pc.invert(gone))


def lines() -> pd.DataFrame:
    """Sixty members with ids that are hard to tell apart, categories and costs, returns and free items."""
    random = np.random.default_rng(3)
    names = ["a", "A", "a ", "á", "a\u0301", "王", "007", "7", *(f"m{i:02d}" for i in range(52))]
    rows = []
    for i, name in enumerate(names):
        day = int(random.integers(0, 20))
        while day < (230 if i % 3 else random.integers(60, 230)):
            amount = round(float(random.gamma(2.0, 12.0)), 2) * (1 if random.random() > 0.1 else -1)
            time = dt.datetime(2020, 1, 1, 9) + dt.timedelta(days=day, minutes=int(random.integers(0, 600)))
            rows.append((name, time, amount, ["tea", "Tea", "茶", None][day % 4], abs(amount) / 2))
            day += int(random.geometric(1 / (3 + i % 17)))
    return pd.DataFrame(rows, columns=["customer_id", "timestamp", "amount", "category", "cost"])


@pytest.fixture(scope="module")
def shop(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    place = tmp_path_factory.mktemp("shop") / "lines.parquet"
    log = lines()
    log.to_parquet(place, coerce_timestamps="us", index=False)
    ids = sorted(set(log.customer_id))
    days = [f"2020-0{1 + i % 7}-1{i % 9}" for i in range(len(ids))]
    kinds = [["sent", "opened", "survey", "complaint"][i % 4] for i in range(len(ids))]
    said = pd.DataFrame({"customer_id": ids, "timestamp": days, "kind": kinds, "score": [4.5] * len(ids)})
    joined = pd.DataFrame({"customer_id": ids[::2], "joined": days[::2]})
    for name, table in (("events", said), ("members", joined)):
        table.to_csv(place.with_name(f"{name}.csv"), index=False)
    events, members = check_events(said), check_members(joined)
    histories, _ = attach_members(attach_events(features.from_log(check(str(place))), events), members)
    chosen = available(histories.columns, policy=True, events=True)
    spans = {"horizon_days": 21, "lookback_days": 60}
    fitted = fit_forecaster(histories, AS_OF, **spans, policy=POLICY, features=chosen)  # type: ignore[arg-type]
    assert fitted.forecaster.columns >= {"category", "cost"}
    assert fitted.forecaster.settings.tables == {"events", "members"}
    return Shop(fitted.bundle, histories, {"events": events, "members": members}, place)


def test_a_killed_executor_changes_nothing(shop: Shop, tmp_path: Path) -> None:
    dying = Dying(**vars(shop.plan(reference=shop.reference)), mark=str(tmp_path / "killed"))
    scored = score_on_spark(dying, f"spark:?parquet={tmp_path / 'all'}")
    assert (tmp_path / "killed").exists()
    same(written(tmp_path / "all", AS_OF), shop.expected())
    assert sum(scored.counts["p_churn"]) == scored.members  # what is done twice counts once


def test_who_is_erased_while_it_runs_is_left_out(shop: Shop, tmp_path: Path) -> None:
    asked: list[int] = []

    def marks() -> set[bytes]:
        asked.append(1)
        return {b"7", b"nobody"} | ({b"m05"} if len(asked) > 1 else set())

    scored = score_on_spark(shop.plan(), f"spark:?parquet={tmp_path / 'all'}", Erasures(marks, str.encode))
    assert (scored.erased, scored.members) == (2, shop.expected().num_rows - 2)
    same(written(tmp_path / "all", AS_OF), shop.expected(without={"7", "m05"}))


def test_the_command_with_events_members_labels_ids_in_text_and_an_erased_member(shop: Shop, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    save(shop.bundle, home.models / shop.bundle.version)
    write_reference(home.path, shop.reference)
    store = open_engine(home.store_url)
    ensure(store)
    erase(store, "王", mark(erasure_secret(home.path), "王"))
    store.dispose()
    tables = {name: {"path": str(shop.lines.with_name(f"{name}.csv"))} for name in ("events", "members")}
    config = load_config(None, {"transactions": f"spark:?parquet={shop.lines}", **tables})
    said: list[str] = []
    to = f"spark:?parquet={tmp_path / 'all'}"
    done = score_there(config, home, shop.bundle.version, to, as_of=AS_OF, language="en", say=said.append)
    expected = shop.expected(without={"王"})
    same(written(tmp_path / "all", AS_OF), expected)
    assert (done.rows_in, done.rows_refused, done.members_erased) == (len(lines()), {}, 1)
    assert done.members_forecast == expected.num_rows == sum(done.members_by_tier.values())
    assert said[-1] == f"forecasting as of {AS_OF} on local-cluster[2,1,1024]"
    watched(shop, home, tmp_path / "here", "王")


def watched(shop: Shop, there: Home, folder: Path, gone: str) -> None:
    """What the watch keeps of a run on Spark is what it keeps of one on one machine."""
    here = Home(folder)
    write_reference(here.path, shop.reference)
    shutil.copy(there.path / "erasure.secret", here.path)
    store = open_engine(here.store_url)
    ensure(store)
    left = shop.histories.select(np.flatnonzero(shop.histories.members != gone))
    done = score_all(left, shop.bundle, AS_OF, out=here.path, store=store)
    refused = {"rows": len(lines())}
    expected = record_run(here, shop.bundle, done.generation, store, histories=left, refused=refused)
    store.dispose()
    assert expected.compared
    assert read_runs(there.path) == [expected]
    tables = [(home.path / "watch" / shop.bundle.version / f"{AS_OF}.parquet").read_bytes() for home in (there, here)]
    assert tables[0] == tables[1]


def test_what_is_wrong_is_said_before_executors_start(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(CutoffError, match="a model forecasts from the day it was trained for on"):
        shop.plan(AS_OF - dt.timedelta(days=1))
    with pytest.raises(CutoffError, match="at most 31 days after the log's last day"):
        shop.plan(AS_OF + dt.timedelta(days=90))
    with pytest.raises(ColumnError, match="trained with an event log"):
        plan(check(f"spark:?parquet={shop.lines}"), shop.bundle, AS_OF)
    with pytest.raises(SourceError, match="to a log on Spark; got one on duckdb"):
        plan(check(str(shop.lines)), shop.bundle, AS_OF)
