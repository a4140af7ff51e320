"""A search in MLflow: one run a study, a child a trial, the verdict on top."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from training.learning import Learning
from training.mlflow_adapter import write
from training.mlflow_session import connected, experiment_id
from training.track import Child, Metric, Parameter, Text
from training.tuning import Trial, Verdict

_STUDY = "tiercast.study"


def open_study(study: str, facts: Mapping[str, str | int | float], *, tracking_uri: str, artifacts: Path) -> str:
    """The id of a study's run; a search that goes on goes on in its run.

    Raises
    ------
    TrackingError
    """
    with connected(tracking_uri) as mlflow:
        client = mlflow.MlflowClient()
        identity = experiment_id(mlflow, tracking_uri, artifacts)
        found = client.search_runs([identity], f"tags.`{_STUDY}` = '{study}'", max_results=1)
        if found:
            run_id = str(found[0].info.run_id)
            client.update_run(run_id, status="RUNNING")
            return run_id
        tags = {_STUDY: study, "tiercast.kind": "tuning"}
        run_id = str(client.create_run(identity, run_name=f"tuning {study}", tags=tags).info.run_id)
        write(mlflow, run_id, [Parameter(name, value) for name, value in facts.items()])
        return run_id


def log_trial(run_id: str, trial: Trial, *, tracking_uri: str) -> None:
    """Write a trial below its study.

    Raises
    ------
    TrackingError
    """
    with connected(tracking_uri) as mlflow:
        settings = [Parameter(name, _plain(trial.learning, name)) for name in vars(trial.learning)]
        figures = [Metric("loss", trial.loss), Metric("seconds", trial.seconds)]
        write(mlflow, run_id, [Child(f"trial {trial.number}", [*settings, *figures])])


def close_study(run_id: str, best: Trial, verdict: Verdict | None, section: str, *, tracking_uri: str) -> None:
    """Write what came of a search, and the section of settings where it was kept; the run is over until it goes on.

    Raises
    ------
    TrackingError
    """
    with connected(tracking_uri) as mlflow:
        client = mlflow.MlflowClient()
        records: list[Metric | Text] = [Metric("best_loss", best.loss)]
        if verdict is not None:
            ends = {"": verdict.change.value, "/low": verdict.change.low, "/high": verdict.change.high}
            records += [Metric(f"verdict/change{end}", value) for end, value in ends.items()]
        records += [Text("learning.yaml", section)] if section else []
        write(mlflow, run_id, records)
        client.set_tag(run_id, "tiercast.verdict", "kept" if section else "not kept")
        client.set_terminated(run_id)


def leave_study(run_id: str, *, tracking_uri: str) -> None:
    """Say that a search was stopped; the next one goes on in the same run.

    Raises
    ------
    TrackingError
    """
    with connected(tracking_uri) as mlflow:
        mlflow.MlflowClient().set_terminated(run_id, "KILLED")


def _plain(learning: Learning, name: str) -> str | int | float:
    value: str | int | float | None = getattr(learning, name)
    return "by the number of rows" if value is None else value
