from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from homes import Demo
from watched import World, lines

from features.errors import TrackingError
from features.histories import Histories
from serving.settings import Home
from serving.watch.kept import read_reference, read_runs
from training.reference import Reference

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., Path]:
    """Settings of the shop, with its lines up to a day, from ``watched.CHANGED`` on at other prices."""

    def write(raised: float = 1.0, before: str = "9999") -> Path:
        frame = lines(raised)
        frame[frame.timestamp < before].to_csv(tmp_path / "log.csv", index=False)
        (tmp_path / "settings.yaml").write_text("transactions: log.csv\n")
        return tmp_path / "settings.yaml"

    return write


def test_months_of_a_shop_are_quiet_and_judged(
    run: Run, place: Home, scored: Callable[..., Any], config: Callable[..., Path]
) -> None:
    for days in (28, 84):
        scored(days)
    code, out, err = run("watch", "--config", config(), "--home", place.path, "--no-mlflow", "--plot", "watch.png")
    assert code == 0, out
    assert out.splitlines()[-1] == "quiet: nothing is past its threshold"
    assert Path("watch.png").read_bytes()[:4] == b"\x89PNG"
    judged = [one.outcome for one in read_runs(place.path)]
    assert all(outcome is not None and outcome.rows > 50 for outcome in judged)
    assert err.count("judging the run of") == 2
    code, _, err = run("watch", "--config", config(), "--home", place.path, "--no-mlflow")
    assert (code, "judging" in err, "reading" in err) == (0, False, False)  # they are judged already
    code, _, err = run("watch", "--config", config(), "--home", place.path, "--no-mlflow", "--again", "--last", "1")
    assert (code, err.count("judging the run of")) == (0, 1)


def test_other_prices_are_told_with_an_exit_code_of_their_own(
    run: Run, place: Home, dearer: Histories, scored: Callable[..., Any], config: Callable[..., Path]
) -> None:
    scored(28, dearer)
    code, out, _ = run("watch", "--home", place.path, "--no-mlflow")
    assert code == 0
    assert "not judged: no log is named (--transactions); the first could be judged on 2020-11-22" in out
    scored(56, dearer)
    settings = config(2.0, before="2020-11-22")
    code, out, _ = run("watch", "--config", settings, "--home", place.path, "--no-mlflow")
    assert code == 6
    assert "amount_a_shopping_day (" in out.splitlines()[-2]
    assert out.splitlines()[-1].startswith("ALERT 2020-10-25, judged: spend forecast is 0.")
    assert "too young to be judged: the run of 2020-11-22 can be judged on 2020-12-20, when its 28 days are over" in out
    allowed = ["--times", "60", "--spend", "0.9"]
    code, out, _ = run("watch", "--config", settings, "--home", place.path, "--no-mlflow", *allowed, "--json")
    assert code == 0, json.loads(out)["alerts"]
    assert [one["judged"] is None for one in json.loads(out)["runs"]] == [False, True]
    settings.write_text("transactions: log.csv\nwatch: {times: 60, spend: 0.9}\n")
    command = ["watch", "--config", settings, "--home", place.path]
    code, out, _ = run(*command, "--no-mlflow")
    assert code == 0, out
    assert run(*command, "--no-mlflow", "--times", "2")[0] == 6  # the command line has the last word

    def away(*_: object, **__: object) -> None:
        raise TrackingError("MLflow's store answers", "nothing from it", "start it")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("serving.watch.tracking.log_watch", away)
        code, out, err = run(*command, "--times", "2")
        assert (code, "ALERT" in out, "MLflow's store answers" in err) == (6, True, True)
        assert run(*command)[0] == 4


def test_a_model_without_a_reference_says_how_to_make_one_and_it_is_the_same(
    run: Run, place: Home, world: World, scored: Callable[..., Any], config: Callable[..., Path]
) -> None:
    shutil.rmtree(place.path / "watch")
    scored(28)
    code, out, _ = run("watch", "--home", place.path, "--no-mlflow")
    assert code == 0
    assert f"note: model {world.version} has no reference" in out
    assert "tiercast watch --make-reference" in out
    from training.provenance import Provenance

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("serving.watch.references.provenance", lambda *_, **__: Provenance())
        code, out, _ = run("watch", "--make-reference", "--config", config(), "--home", place.path)
    assert (code, out.split(":")[0]) == (0, f"model {world.version}")
    made = read_reference(place.path, world.version)
    assert isinstance(made, Reference)
    assert [one.to_dict() for one in made.quantities] == [one.to_dict() for one in world.reference.quantities]
    scored(28)
    code, out, _ = run("watch", "--home", place.path, "--no-mlflow")
    assert (code, "note:" in out) == (0, False) or "too short to know them" in out


def test_runs_are_not_judged_by_days_of_another_zone_or_without_their_model(
    run: Run, place: Home, scored: Callable[..., Any], config: Callable[..., Path]
) -> None:
    scored(28)
    elsewhere = config()
    elsewhere.write_text("transactions: log.csv\ntime_zone: Asia/Tokyo\n")
    code, _, err = run("watch", "--config", elsewhere, "--home", place.path, "--no-mlflow")
    assert code == 2
    assert "days of Asia/Tokyo, for UTC. To mend it: set time_zone: UTC." in err
    shutil.rmtree(place.models)
    code, out, err = run("watch", "--config", elsewhere, "--home", place.path, "--no-mlflow")
    assert (code, "judging" in err) == (0, False)
    assert "not judged: models that are not in the home any more: 2020-09-27-" in out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 3, "scoring runs are watched; got none in home. To mend it: run 'tiercast score' first."),
        (["--plot", "watch.jpg"], 2, "a picture goes to a .png file"),
        (["--times", "-1"], 2, "Invalid value for '--times'"),
        (["--times", "nan"], 2, "--times should be a finite number; got nan"),
        (["--config", "own.yaml"], 2, "watch.auc should be greater than or equal to 0; got -1"),
        (["--make-reference"], 3, "train one with 'tiercast train'"),
        (["--make-reference", "--model", "2020-01-01-00000000"], 3, "a reference is made for a model in the home"),
    ],
)
def test_what_cannot_be_watched_is_said(run: Run, arguments: list[str], code: int, said: str) -> None:
    Path("own.yaml").write_text("watch: {auc: -1}\n")
    got, out, err = run("watch", "--home", "home", *arguments)
    assert (got, out) == (code, "")
    assert said in err.splitlines()[-1]
    assert not Path("home").exists()


def test_the_demo_is_watched_from_its_first_run_on(run: Run, demo: Demo, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for name in ("models", "mlflow.db", "mlartifacts", "store.sqlite"):
        (home / name).symlink_to(demo.place / name)
    shutil.copytree(demo.place / "watch", home / "watch")
    (home / "watch" / demo.version / "reference.json").unlink()  # it is in the run that trained the model, too
    code, out, _ = run("watch", "--config", demo.place / "tiercast.yaml", "--home", home, "--no-mlflow")
    assert code == 0, out
    assert "the run of 2018-01-02 can be judged on 2018-01-30, when its 28 days are over" in out
    assert out.splitlines()[-1] == "quiet: nothing is past its threshold"
    assert f"model {demo.version}: compared with 2018-01-02; what is usual, by 13 dates from 2017-04-25 on" in out
    (only,) = read_runs(home)
    assert (only.members, only.compared) == (2_326, True)
    reference = read_reference(home, demo.version)
    assert reference is not None
    assert reference.refused is not None
    assert reference.refused["rows"] == 1_469_307
    assert reference.figures["churn_auc"][0] == pytest.approx(0.85, abs=0.02)
