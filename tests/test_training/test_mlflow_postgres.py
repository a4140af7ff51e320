"""Runs and models in a PostgreSQL server of our own: written, read, promoted, taken back; and no password anywhere."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from own_postgres import Cluster, running

from features.errors import TrackingError
from features.histories import Histories
from serving.batch.pyfunc import answers
from training.artifact import VERSION, load
from training.fit import Fitted
from training.mlflow_adapter import fetch, log_training
from training.mlflow_session import EXPERIMENT, connected
from training.promotion import Decision
from training.promotion_log import contender, log_decision, roll_back
from training.registry import MODEL
from training.track import Metric, Parameter, records
from training.train import Trained

SECRET = "p@ss/w:rd Zq17"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running() as started:
        started.run(f"CREATE ROLE ml LOGIN PASSWORD '{SECRET}'")
        started.run("CREATE DATABASE runs OWNER ml")
        yield started


@dataclass(frozen=True)
class Kept:
    uri: str
    folder: Path
    run_id: str

    @property
    def place(self) -> dict[str, Any]:
        return {"tracking_uri": self.uri, "artifacts": self.folder / "artifacts"}


@pytest.fixture(scope="module")
def kept(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory, small_trained: Trained, small: Histories) -> Kept:
    folder = tmp_path_factory.mktemp("artifacts of postgres")
    uri = f"postgresql://ml:{quote(SECRET, safe='')}@127.0.0.1:{cluster.port}/runs"
    place: dict[str, Any] = {"tracking_uri": uri, "artifacts": folder / "artifacts"}
    logged = log_training(records(small_trained, small), small_trained.fitted.bundle, answers, **place)
    assert logged.alias == "champion"
    return Kept(uri, folder, logged.run_id)


def test_a_training_is_kept_whole(kept: Kept, small_trained: Trained, tmp_path: Path) -> None:
    with connected(kept.uri) as mlflow:
        client = mlflow.MlflowClient()
        run = client.get_run(kept.run_id)
        experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
        below = client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{kept.run_id}'")
        files = {file.path for file in client.list_artifacts(kept.run_id)}
    assert run.data.params["policy"] == "Simulated"
    assert run.data.metrics["churn/AUC/Tiercast/low"] < run.data.metrics["churn/AUC/Tiercast"]
    assert {one.info.run_name for one in below} == {f"origin {origin.cutoff}" for origin in small_trained.origins}
    assert {"policy.yaml", "features.json", "model-card.md", "plots"} <= files
    assert (kept.folder / "artifacts").is_dir()
    version = fetch("champion", tracking_uri=kept.uri, models=tmp_path)
    assert load(tmp_path / version) == small_trained.fitted.bundle


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+psycopg"])
def test_both_ways_to_write_the_address_are_taken(kept: Kept, driver: str, tmp_path: Path) -> None:
    uri = kept.uri.replace("postgresql", driver, 1)
    assert fetch("champion", tracking_uri=uri, models=tmp_path)


def test_a_promotion_and_its_way_back_are_kept(kept: Kept, visits_fitted: Fitted, tmp_path: Path) -> None:
    bundle = visits_fitted.bundle
    logged = log_training([Parameter("as_of", "2020-12-26"), Metric("x", 1.0)], bundle, answers, **kept.place)
    assert logged.alias == "challenger"
    challenger, champion = (contender(alias, tracking_uri=kept.uri, models=tmp_path) for alias in ("challenger", "champion"))
    assert challenger.name == bundle.version
    decision = Decision(True, challenger.name, champion.name, ("2020-11-28",), 0.002, (), (), (), (), "")
    log_decision(decision, challenger.number, champion.number, **kept.place)
    with connected(kept.uri) as mlflow:
        found = mlflow.MlflowClient().get_model_version_by_alias(MODEL, "champion")
    assert str(found.version) == challenger.number
    assert roll_back(tracking_uri=kept.uri) == (challenger.name, champion.name)


def test_a_wrong_password_is_said_and_not_shown(
    kept: Kept, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    wrong = "not-the-Zq17-one"
    uri = kept.uri.replace(quote(SECRET, safe=""), wrong)
    with caplog.at_level(logging.DEBUG), pytest.raises(TrackingError, match="can be reached") as raised:
        fetch("champion", tracking_uri=uri, models=tmp_path)
    told = "".join(traceback.format_exception(raised.value)) + "".join(capfd.readouterr()) + caplog.text
    assert "password authentication failed" in told
    assert wrong not in told


def test_a_right_password_is_not_shown_either(
    kept: Kept, cluster: Cluster, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    cluster.run("CREATE DATABASE locked")  # another's: its tables cannot be made
    cluster.run("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    uri = kept.uri.replace("/runs", "/locked")
    with caplog.at_level(logging.DEBUG), pytest.raises(TrackingError) as raised:
        fetch("champion", tracking_uri=uri, models=tmp_path)
    told = "".join(traceback.format_exception(raised.value)) + caplog.text
    assert "locked" in told
    assert not [word for word in (SECRET, quote(SECRET, safe=""), "Zq17") if word in told]


def test_no_row_and_no_file_holds_the_password(kept: Kept, cluster: Cluster) -> None:
    import psycopg

    where = {"host": str(cluster.folder), "port": cluster.port, "user": "tiercast", "dbname": "runs"}
    with psycopg.connect(**where) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        rows = [connection.execute(f'SELECT t::text FROM "{name}" t').fetchall() for (name,) in tables]
    stored = "\n".join(text for table in rows for (text,) in table)
    assert kept.run_id in stored
    assert "Zq17" not in stored
    files = [path for path in kept.folder.rglob("*") if path.is_file()]
    assert len(files) > 20
    assert not [path for path in files if b"Zq17" in path.read_bytes()]


def test_who_is_champion_is_read_without_mlflow(kept: Kept) -> None:
    from serving.desk.registry_alias import champion_version

    assert VERSION.fullmatch(str(champion_version(kept.uri)))
    elsewhere = kept.uri.replace("/runs", "/postgres")
    assert champion_version(elsewhere) is None
    with pytest.raises(TrackingError) as caught:
        champion_version(kept.uri.replace("/runs", "/nowhere"))
    assert SECRET not in str(caught.value)
