from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import farewell
import pytest
import yaml

from training.config import load_config
from training.learning import Learning
from training.metrics import Estimate
from training.mlflow_session import EXPERIMENT, connected
from training.tuning import Verdict

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    farewell.lines().to_csv(tmp_path / "log.csv", index=False)
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(farewell.POLICY.model_dump(mode="json")))
    said = {"transactions": "log.csv", "policy": "policy.yaml", "features": [*farewell.TELLING], **farewell.SPANS}
    (tmp_path / "tiercast.yaml").write_text(yaml.safe_dump(said))
    return tmp_path


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loss that needs no model: fewer leaves are better."""
    monkeypatch.setattr("training.tuning.objective", lambda *_: lambda learning: float(learning.leaves))


def judged(monkeypatch: pytest.MonkeyPatch, low: float, high: float) -> None:
    def judge(histories: Any, recipe: Any, found: Learning, cutoff: Any) -> Verdict:
        return Verdict(found, str(cutoff), Estimate((low + high) / 2, low, high))

    monkeypatch.setattr("training.tuning.judge", judge)


def studies(place: Path) -> list[tuple[Any, list[Any]]]:
    """Each study's run with those below it."""
    with connected(f"sqlite:///{place}/home/mlflow.db") as mlflow:
        client = mlflow.MlflowClient()
        experiment = [client.get_experiment_by_name(EXPERIMENT).experiment_id]
        above = client.search_runs(experiment, "tags.`tiercast.kind` = 'tuning'")
        return [(run, client.search_runs(experiment, f"tags.`mlflow.parentRunId` = '{run.info.run_id}'")) for run in above]


def test_what_beats_the_defaults_is_a_section_that_the_settings_take(
    run: Run, place: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(monkeypatch, -0.02, -0.001)
    code, out, _ = run("tune", "--home", "home", "--trials", "6")
    assert code == 0
    assert "6 settings tried at 2020-09-01, 2020-08-04" in out
    assert "on 2020-09-29, which the search has not seen, it changes the loss by -0.0105 [-0.0200, -0.0010]" in out
    section = (place / "home" / "learning.yaml").read_text()
    assert section in out
    with (place / "tiercast.yaml").open("a") as settings:
        settings.write(section)
    learning = load_config(place / "tiercast.yaml", {}).learning
    assert learning is not None
    assert learning.leaves < Learning().leaves
    ((parent, below),) = studies(place)
    assert len(below) == 6
    (best,) = [one for one in below if one.data.metrics["loss"] == parent.data.metrics["best_loss"]][:1]
    assert best.data.params["leaves"] == str(learning.leaves)
    assert parent.data.tags["tiercast.verdict"] == "kept"
    assert parent.data.metrics["verdict/change/high"] == -0.001
    assert (parent.info.status, {one.info.status for one in below}) == ("FINISHED", {"FINISHED"})


def test_what_does_not_is_not_kept_and_the_search_goes_on(
    run: Run, place: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(monkeypatch, -0.02, 0.001)
    assert run("tune", "--home", "home", "--trials", "3")[0] == 0
    code, out, err = run("tune", "--home", "home", "--trials", "2")
    assert code == 0
    assert "not kept: that is not below 0 with its whole interval" in out
    assert re.search(r"going on with study [0-9a-f]{16}-[0-9a-f]{8}: 3 trials so far", err)
    assert "5 settings tried" in out
    assert not (place / "home" / "learning.yaml").exists()
    ((parent, below),) = studies(place)
    assert len(below) == 5
    assert parent.data.tags["tiercast.verdict"] == "not kept"
    stored = (place / "home" / "mlflow.db").read_bytes() + (place / "home" / "tuning.db").read_bytes()
    assert not re.search(rb"\bm\d{3}\b", stored)


def test_nothing_better_is_said(run: Run, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.tuning.objective", lambda *_: lambda learning: float(learning != Learning()))
    code, out, _ = run("tune", "--home", "home", "--trials", "2")
    assert code == 0
    assert out.splitlines()[-1] == "nothing was better than what is in force"


def test_it_fits_and_forecasts(run: Run, place: Path) -> None:
    code, out, err = run("tune", "--home", "home", "--trials", "1", "--minutes", "60")
    assert code == 0
    assert "trial 0: 0." in err
    assert "by the defaults" in err
    assert "1 setting tried" in out


def test_a_log_too_short_to_search_on_is_said(run: Run, place: Path) -> None:
    code, out, err = run("tune", "--home", "home", "--horizon-days", "120")
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith("tiercast: a cutoff lies after the log's first day")
    assert not (place / "home").exists()


def test_a_search_that_is_stopped_goes_on_in_its_run(run: Run, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(learning: Learning) -> float:
        raise KeyboardInterrupt

    monkeypatch.setattr("training.tuning.objective", lambda *_: stop)
    assert run("tune", "--home", "home")[0] == 130
    assert [(parent.info.status, len(below)) for parent, below in studies(place)] == [("KILLED", 0)]
    monkeypatch.setattr("training.tuning.objective", lambda *_: lambda learning: float(learning != Learning()))
    assert run("tune", "--home", "home", "--trials", "1")[0] == 0
    assert [(parent.info.status, len(below)) for parent, below in studies(place)] == [("FINISHED", 1)]
