from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from training.learning import Learning
from training.metrics import Estimate
from training.mlflow_session import connected
from training.tuning import Trial, Verdict
from training.tuning_log import close_study, leave_study, log_trial, open_study

TRIAL = Trial(3, Learning(leaves=4, learning_rate=0.05), 0.61, 2.5)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("studies")
    return {"tracking_uri": f"sqlite:///{folder}/mlflow.db", "artifacts": folder / "artifacts"}


def run_of(place: dict[str, Any], run_id: str) -> Any:
    with connected(place["tracking_uri"]) as mlflow:
        return mlflow.MlflowClient().get_run(run_id)


def test_a_study_goes_on_in_its_run_and_another_has_its_own(place: dict[str, Any]) -> None:
    run_id = open_study("ab-1", {"data_fingerprint": "ab"}, **place)
    leave_study(run_id, tracking_uri=place["tracking_uri"])
    assert run_of(place, run_id).info.status == "KILLED"
    assert open_study("ab-1", {"data_fingerprint": "ab"}, **place) == run_id
    assert run_of(place, run_id).info.status == "RUNNING"
    assert open_study("ab-2", {}, **place) != run_id


def test_a_trial_is_a_run_below_with_all_its_settings(place: dict[str, Any]) -> None:
    run_id = open_study("trials", {}, **place)
    log_trial(run_id, TRIAL, tracking_uri=place["tracking_uri"])
    with connected(place["tracking_uri"]) as mlflow:
        experiment = run_of(place, run_id).info.experiment_id
        (below,) = mlflow.MlflowClient().search_runs([experiment], f"tags.`mlflow.parentRunId` = '{run_id}'")
    assert below.info.run_name == "trial 3"
    assert below.data.params == {
        "leaves": "4",
        "learning_rate": "0.05",
        "min_rows_a_leaf": "by the number of rows",
        "l2": "5.0",
        "max_rounds": str(TRIAL.learning.max_rounds),
        "cutoffs": "8",
    }
    assert below.data.metrics == {"loss": 0.61, "seconds": 2.5}


@pytest.mark.parametrize("section", ["learning:\n  leaves: 4\n", ""])
def test_what_came_of_it_is_written_on_top(place: dict[str, Any], section: str, tmp_path: Path) -> None:
    run_id = open_study(f"verdict {bool(section)}", {}, **place)
    verdict = Verdict(TRIAL.learning, "2020-11-28", Estimate(-0.01, -0.02, -0.001))
    close_study(run_id, TRIAL, verdict, section, tracking_uri=place["tracking_uri"])
    run = run_of(place, run_id)
    assert run.info.status == "FINISHED"
    assert run.data.tags["tiercast.verdict"] == ("kept" if section else "not kept")
    assert run.data.metrics == {
        "best_loss": 0.61,
        "verdict/change": -0.01,
        "verdict/change/low": -0.02,
        "verdict/change/high": -0.001,
    }
    with connected(place["tracking_uri"]) as mlflow:
        files = [file.path for file in mlflow.MlflowClient().list_artifacts(run_id)]
    assert files == (["learning.yaml"] if section else [])


def test_without_a_verdict_there_is_none(place: dict[str, Any]) -> None:
    run_id = open_study("none", {}, **place)
    close_study(run_id, TRIAL, None, "", tracking_uri=place["tracking_uri"])
    assert run_of(place, run_id).data.metrics == {"best_loss": 0.61}
