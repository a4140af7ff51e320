from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import simulated

from features.errors import NoModelError
from serving.batch.pyfunc import answers
from training.artifact import load
from training.fit import Fitted
from training.mlflow_adapter import fetch, log_training
from training.mlflow_session import EXPERIMENT, connected
from training.registry import MODEL, VERSION_TAG
from training.track import Child, Metric, Parameter, Record
from training.train import Trained

FILES = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")


def test_the_run_holds_parameters_metrics_and_plots(registry: Any, small_trained: Trained) -> None:
    with connected(registry.uri) as mlflow:
        client = mlflow.MlflowClient()
        run = client.get_run(registry.run_id)
        plots = [file.path for file in client.list_artifacts(registry.run_id, "plots")]
        files = {file.path for file in client.list_artifacts(registry.run_id) if not file.is_dir}
    assert run.info.run_name == small_trained.fitted.bundle.version
    assert run.info.status == "FINISHED"
    assert run.data.params["as_of"] == str(simulated.AS_OF)
    assert files == {"policy.yaml", "features.json", "model-card.md"}
    figures = {
        score.model: score.estimate
        for score in small_trained.scores
        if (score.cutoff, score.target, score.metric) == ("all", "churn", "AUC")
    }
    assert run.data.metrics["churn/AUC/Tiercast"] == figures["Tiercast"].value
    assert run.data.metrics["churn/AUC/recency_rule/low"] == figures["recency rule"].low
    assert plots == [f"plots/{name}.png" for name in ("contributions", "lift", "reliability", "tiers")]


def test_each_origin_is_a_run_below_it(registry: Any, small_trained: Trained) -> None:
    with connected(registry.uri) as mlflow:
        client = mlflow.MlflowClient()
        experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
        below = client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{registry.run_id}'")
        plots = [file.path for file in client.list_artifacts(below[0].info.run_id, "plots")]
    assert {run.info.run_name for run in below} == {f"origin {origin.cutoff}" for origin in small_trained.origins}
    assert {run.info.status for run in below} == {"FINISHED"}
    assert plots == ["plots/lift.png", "plots/reliability.png", "plots/tiers.png"]
    for origin in small_trained.origins:
        (run,) = [run for run in below if run.data.params["cutoff"] == str(origin.cutoff)]
        (score,) = [
            score
            for score in small_trained.scores
            if (score.cutoff, score.target, score.metric, score.model)
            == (str(origin.cutoff), "churn", "log loss", "Tiercast")
        ]
        assert run.data.metrics["churn/log_loss/Tiercast"] == score.estimate.value
        assert run.data.metrics["churn/log_loss/Tiercast/high"] == score.estimate.high


def test_the_model_is_registered_under_its_alias(registry: Any, small_trained: Trained) -> None:
    with connected(registry.uri) as mlflow:
        found = mlflow.MlflowClient().get_model_version_by_alias(MODEL, "champion")
        signature = mlflow.models.get_model_info(f"models:/{MODEL}@champion").signature
    assert found.tags[VERSION_TAG] == small_trained.fitted.bundle.version
    assert signature.inputs.input_names() == ["customer_id", "timestamp", "amount", "order_id", "lines"]
    said = [name for name in signature.outputs.input_names() if name.startswith("p_")]
    assert said == ["p_churn", "p_tier_Member", "p_tier_Silver", "p_tier_Gold"]


def test_a_fetched_model_is_the_one_that_was_trained(registry: Any, small_trained: Trained, tmp_path: Path) -> None:
    bundle = small_trained.fitted.bundle
    version = fetch("champion", tracking_uri=registry.uri, models=tmp_path / "models")
    assert version == bundle.version
    assert load(tmp_path / "models" / version) == bundle
    stamps = [path.stat().st_mtime_ns for path in (tmp_path / "models" / version).iterdir()]
    assert fetch("champion", tracking_uri=registry.uri, models=tmp_path / "models") == version
    assert [path.stat().st_mtime_ns for path in (tmp_path / "models" / version).iterdir()] == stamps


def test_an_unknown_alias_is_no_model(registry: Any, tmp_path: Path) -> None:
    with pytest.raises(NoModelError, match="a registered model has the alias 'challenger'"):
        fetch("challenger", tracking_uri=registry.uri, models=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_files_hold_no_pickle_and_no_id(registry: Any) -> None:
    # Python writes byte code beside whatever it loads; that is its cache, and no part of the model.
    files = [path for path in registry.folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert {"MLmodel", "forecaster.json", "churn.txt", "mlflow.db", "reliability.png"} <= {path.name for path in files}
    assert not [path for path in files if path.suffix in {".pkl", ".pickle", ".joblib"}]
    for path in files:
        content = path.read_bytes()
        assert not content.startswith(b"\x80"), path  # how every pickle since protocol 2 begins
        if path.name == "MLmodel":
            assert re.search(rb"model_code_path: \S*pyfunc_model\.py\n", content)
            assert b"python_model.pkl" not in content
        if path.suffix != ".png" and "code" not in path.parts:
            # MLflow notes its own version of cloudpickle in every MLmodel, used or not.
            assert b"cloudpickle" not in content.replace(b"cloudpickle_version", b""), path
            assert not re.search(rb"\bm\d{3}\b", content), path


def test_a_second_run_joins_the_first(registry: Any, visits_fitted: Fitted) -> None:
    bundle = visits_fitted.bundle
    written: list[Record] = [Parameter("as_of", "2020-12-26"), Metric("churn/AUC/Tiercast", 0.75)]
    written.append(Child("origin 2020-11-28", [Parameter("cutoff", "2020-11-28"), Metric("churn/ECE/Tiercast", 0.02)]))
    logged = log_training(
        written, bundle, answers, tracking_uri=registry.uri, artifacts=registry.folder / "artifacts", alias="visits"
    )
    with connected(registry.uri) as mlflow:
        client = mlflow.MlflowClient()
        experiment = client.get_experiment_by_name(EXPERIMENT)
        runs = {run.info.run_id for run in client.search_runs([experiment.experiment_id])}
        versions = {alias: client.get_model_version_by_alias(MODEL, alias).version for alias in ("champion", "visits")}
    assert {logged.run_id, registry.run_id} <= runs
    assert logged.alias == "visits"
    assert versions["champion"] != versions["visits"]


def test_the_environment_is_left_as_it_was(registry: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow

    before = mlflow.get_tracking_uri()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://elsewhere.invalid")
    monkeypatch.delenv("MLFLOW_REGISTRY_URI", raising=False)
    fetch("champion", tracking_uri=registry.uri, models=tmp_path)
    assert {name: os.environ.get(name) for name in FILES} == dict.fromkeys(FILES) | {
        "MLFLOW_TRACKING_URI": "http://elsewhere.invalid"
    }
    with pytest.raises(NoModelError):
        fetch("nobody", tracking_uri=registry.uri, models=tmp_path)
    assert os.environ["MLFLOW_TRACKING_URI"] == "http://elsewhere.invalid"
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(before)
    os.environ.pop("MLFLOW_TRACKING_URI", None)


def test_telemetry_is_off(registry: Any) -> None:
    from mlflow.telemetry.client import get_telemetry_client
    from mlflow.telemetry.utils import is_telemetry_disabled

    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert is_telemetry_disabled()
    assert get_telemetry_client() is None
