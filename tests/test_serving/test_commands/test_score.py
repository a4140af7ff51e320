from __future__ import annotations

import errno
import json
import pickle
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from homes import Demo, Shop

from features.errors import NoModelError
from serving.commands.score import _champion, _mark, _processes
from serving.database.engine import open_engine
from serving.database.erasure import erase
from serving.database.forecasts import look_up
from serving.database.generations import complete
from serving.database.schema import ensure
from serving.privacy.pseudonyms import erasure_secret, mark
from serving.settings import sqlite_url
from serving.watch.kept import read_runs

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def copy(demo: Demo, tmp_path: Path) -> Path:
    """The demo's models and registry in a home of their own, without forecasts."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("models", "mlflow.db", "mlartifacts"):
        (home / name).symlink_to(demo.place / name)
    return home


def in_place(path: Path) -> list[tuple[str, int]]:
    """As-of date and number of forecasts of each generation, newest first."""
    engine = open_engine(sqlite_url(path))
    found = [(str(generation.as_of), generation.members) for generation in complete(engine)]
    engine.dispose()
    return found


def bodies(path: Path) -> list[bytes]:
    """Forecasts of the newest generation."""
    engine = open_engine(sqlite_url(path))
    found = look_up(engine, complete(engine)[0].id, [str(member) for member in range(3_000)])
    engine.dispose()
    return [found[key].body for key in sorted(found)]


def test_scoring_again_gives_the_same_and_another_day_is_taken_up(run: Run, demo: Demo, copy: Path) -> None:
    config = ["--config", demo.place / "tiercast.yaml", "--home", copy]
    code, out, _ = run("score", *config, "--out", "out")
    assert code == 0
    trial = copy.parent / "out" / "store.sqlite"
    assert not (copy / "store.sqlite").exists()  # a trial elsewhere is not what services answer
    assert f"2,326 members forecast as of 2018-01-02 with model {demo.version}\n" in out
    assert "143 others left out: no purchase in the 91 days before\n" in out
    assert out.splitlines()[-1] == sqlite_url(trial)
    assert pq.read_table(copy.parent / "out" / "forecasts.parquet").equals(pq.read_table(demo.place / "forecasts.parquet"))
    assert bodies(trial) == bodies(demo.home.store)
    more = ["--to", "all", "--to", "all.csv", "--json"]
    code, out, _ = run("score", *config, "--as-of", "2018-01-05", "--language", "zh", *more)
    assert code == 0
    assert out == (copy / "forecasts.summary.json").read_text()
    check_summary(json.loads(out), demo, copy)
    assert (copy.parent / "all.csv").read_bytes() == (copy / "forecasts.csv").read_bytes()
    dated, plain = pq.read_table(copy.parent / "all"), pq.read_table(copy / "forecasts.parquet")
    assert dated.drop_columns(["as_of"]).equals(plain.drop_columns(["as_of"]))
    assert set(dated["as_of"].to_pylist()) == {"2018-01-05"}
    assert [as_of for as_of, _ in in_place(copy / "store.sqlite")] == ["2018-01-05"]
    frame = pd.read_parquet(copy / "forecasts.parquet")
    assert frame.reason_1_sentence.str.endswith("。").all()
    code, _, err = run("score", *config)
    assert code == 2
    assert "a log that ends before 2018-01-02, and forecasts of 2018-01-05" in err
    assert [as_of for as_of, _ in in_place(copy / "store.sqlite")] == ["2018-01-05"]


def check_summary(summary: dict[str, Any], demo: Demo, home: Path) -> None:
    frame = pd.read_parquet(home / "forecasts.parquet")
    assert summary["model_version"] == demo.version
    assert (summary["rows_in"], summary["rows_refused"]) == (1_469_307, {})
    assert (summary["members_in"], summary["members_forecast"], summary["members_erased"]) == (2_469, len(frame), 0)
    assert summary["members_by_tier"] == frame.tier.value_counts().sort_index().to_dict()
    assert (summary["parts"], summary["parts_resumed"], summary["processes"]) == (1, 0, 1)
    assert {"read", "forecast", "reasons and table", "tables", "store"} <= set(summary["seconds_by_stage"])
    assert set(summary["seconds_by_stage"]) == set(summary["processor_seconds_by_stage"])
    assert 0 < sum(summary["seconds_by_stage"].values()) <= summary["seconds"]
    assert summary["targets"][2:4] == ["all/as_of=2018-01-05/forecasts.parquet", "all.csv"]
    assert summary["peak_mib"]["main"] > 50


def test_the_environment_says_which_store_and_who_was_erased_stays_out(
    run: Run, demo: Demo, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "elsewhere" / "store.sqlite"
    monkeypatch.setenv("TIERCAST_STORE", sqlite_url(path))
    engine = open_engine(sqlite_url(path))
    ensure(engine)
    erase(engine, "25", mark(erasure_secret(copy), "25"))
    engine.dispose()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    command = ["score", "--config", demo.place / "tiercast.yaml", "--home", copy]
    with monkeypatch.context() as broken:
        broken.setattr("serving.batch.run.publish", full)
        code, out, err = run(*command)
    assert (code, out) == (7, "")
    assert "1 part finished and kept: --resume goes on from there" in err
    assert "make room, and run it again with --resume" in err.splitlines()[-1]
    assert not (copy / "forecasts.parquet").exists()
    assert in_place(path) == []
    code, out, _ = run(*command, "--resume")
    assert code == 0
    assert "1 of 1 parts had been finished before" in out
    assert "1 member left out: erased on request" in out
    assert in_place(path) == [("2018-01-02", 2_325)]
    assert 25 not in pd.read_parquet(copy / "forecasts.parquet").customer_id.tolist()
    assert not (copy / "store.sqlite").exists()


def test_the_store_of_an_earlier_release_is_refused_and_stays(run: Run, demo: Demo, copy: Path) -> None:
    with closing(sqlite3.connect(copy / "store.sqlite")) as old:
        old.execute("CREATE TABLE forecast (member TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID")
        old.execute("CREATE TABLE meta (body TEXT NOT NULL)")
    code, out, err = run("score", "--config", demo.place / "tiercast.yaml", "--home", copy)
    assert (code, out) == (4, "")
    assert "tables of another kind, such as the look-up store of an earlier release" in err.splitlines()[-1]
    assert not (copy / "forecasts.parquet").exists()
    with closing(sqlite3.connect(copy / "store.sqlite")) as old:
        tables = old.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        assert sorted(tables) == [("forecast",), ("meta",)]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--alias", "nobody"], 3, "a registered model has the alias 'nobody'"),
        (["--as-of", "soon"], 2, "a date is a date; got 'soon'"),
        (["--as-of", "2016-01-01"], 2, "after the log's first day"),
        (["--as-of", "2017-10-02"], 2, "a model forecasts from the day it was trained for on"),
        (["--as-of", "2031-01-01"], 2, "at most 31 days after the log's last day"),
        (["--transactions", "none.csv"], 2, "a source names files that exist"),
        (["--map", "amount=nothing"], 2, "the column mapped to 'amount' is in the source"),
        (["--out", "a-file/out"], 2, "a file or folder cannot be used"),
        (["--to", "a.xlsx"], 2, "forecasts go to a .parquet or .csv file, a folder or a postgresql:// URL"),
    ],
)
def test_what_cannot_be_scored_is_said(run: Run, demo: Demo, copy: Path, arguments: list[str], code: int, said: str) -> None:
    (copy.parent / "a-file").touch()
    got, out, err = run("score", "--config", demo.place / "tiercast.yaml", "--home", copy, *arguments)
    assert (got, out) == (code, "")
    assert said in err.splitlines()[-1]
    assert "Traceback" not in err
    assert not (copy / "store.sqlite").exists()
    assert not (copy / "forecasts.parquet").exists()


def test_another_policy_than_the_models_is_refused_with_the_difference(run: Run, demo: Demo, copy: Path) -> None:
    policy = (demo.place / "policy.yaml").read_text().replace("790.68", "800.0")
    (copy.parent / "policy.yaml").write_text(policy)
    (copy.parent / "tiercast.yaml").write_text((demo.place / "tiercast.yaml").read_text())
    code, out, err = run("score", "--home", copy)
    assert (code, out) == (2, "")
    assert "800.0, where the model has 790.68" in err.splitlines()[-1]


def test_processes_are_started_where_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(8), raising=False)
    assert [_processes(members) for members in (10, 99_999, 100_000, 10_000_000)] == [1, 1, 2, 8]


def test_without_a_model_it_says_how_to_get_one(run: Run, demo: Demo) -> None:
    code, out, err = run("score", "--config", demo.place / "tiercast.yaml", "--home", "nowhere")
    assert (code, out) == (3, "")
    assert "train one with 'tiercast train'" in err


def test_a_challenger_can_be_scored_before_there_is_a_champion(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_: str) -> str:
        raise NoModelError("a registered model has the alias 'champion'", "none", "train one")

    monkeypatch.setattr("serving.desk.registry_alias.champion_version", none)
    assert _champion("sqlite:///nowhere.db") is None
    monkeypatch.setattr("serving.desk.registry_alias.champion_version", lambda _: "2018-01-02-e1d0d18f")
    assert _champion("sqlite:///nowhere.db") == "2018-01-02-e1d0d18f"


@pytest.fixture
def small(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The command for a made-up shop's home, of which no registry is asked."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "models").symlink_to(shop.home.models)
    shop.log.to_csv(tmp_path / "log.csv", index=False)
    monkeypatch.setattr("training.mlflow_adapter.fetch", lambda *_, **__: shop.bundle.version)
    monkeypatch.setattr("training.provenance.provenance", lambda *_, **__: None)
    monkeypatch.setattr("serving.commands.score._champion", lambda _: None)
    return ["score", "--home", home, "--transactions", tmp_path / "log.csv"]


def test_a_damaged_reference_is_told_and_keeps_no_forecast_back(run: Run, shop: Shop, small: list[Any]) -> None:
    home = Path(small[2])
    reference = home / "watch" / shop.bundle.version / "reference.json"
    reference.parent.mkdir(parents=True)
    reference.write_text('{"format": 1, ')
    code, out, err = run(*small)
    assert (code, f"{shop.scored.members} members forecast" in out) == (0, True)
    assert "this run is not compared with its model's training: a reference is whole" in err.splitlines()[-1]
    assert [one.compared for one in read_runs(home)] == [False]
    assert in_place(home / "store.sqlite") == [(str(shop.as_of), shop.scored.members)]


def test_what_fails_after_the_forecasts_are_in_place_says_that_they_are(
    run: Run, shop: Shop, small: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr("serving.watch.recording.write_told", full)
    code, out, err = run(*small)
    assert (code, out) == (7, "")
    assert f"the forecasts of {shop.as_of} are in place everywhere" in err.splitlines()[-2]
    assert "a disk has room for the forecasts" in err.splitlines()[-1]
    home = Path(small[2])
    assert json.loads((home / "forecasts.summary.json").read_text())["members_forecast"] == shop.scored.members
    assert in_place(home / "store.sqlite") == [(str(shop.as_of), shop.scored.members)]
    assert len(pd.read_parquet(home / "forecasts.parquet")) == shop.scored.members


def test_other_processes_know_who_was_erased_by_the_same_mark(tmp_path: Path) -> None:
    by_home = pickle.loads(pickle.dumps(partial(_mark, tmp_path)))
    assert by_home("007") == mark(erasure_secret(tmp_path), "007")
