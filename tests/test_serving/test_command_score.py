from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from homes import Demo, app

from serving.store import Store

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def copy(demo: Demo, tmp_path: Path) -> Path:
    """The demo's models and registry in a home of their own, without forecasts."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("models", "mlflow.db", "mlartifacts"):
        (home / name).symlink_to(demo.place / name)
    return home


def test_scoring_again_gives_the_same_and_another_day_is_taken_up(run: Run, demo: Demo, copy: Path) -> None:
    config = ["--config", demo.place / "tiercast.yaml", "--home", copy]
    code, out, _ = run("score", *config, "--out", "out")
    assert code == 0
    assert not (copy / "store.sqlite").exists()  # a trial elsewhere is not what the service answers
    (copy.parent / "out" / "store.sqlite").rename(copy / "store.sqlite")
    assert f"2,326 members forecast as of 2018-01-02 with model {demo.version}" in out
    assert pq.read_table(copy.parent / "out" / "forecasts.parquet").equals(pq.read_table(demo.place / "forecasts.parquet"))
    client = app(copy)
    assert client.get("/v1/forecasts/25").json() == demo.client.get("/v1/forecasts/25").json()
    code, _, _ = run("score", *config, "--as-of", "2018-01-05", "--language", "zh")
    assert code == 0
    assert Store(copy / "store.sqlite").info.as_of == "2018-01-05"
    assert client.get("/v1/forecasts/25").json()["as_of"] == "2018-01-05"
    frame = pd.read_parquet(copy / "forecasts.parquet")
    assert frame.reason_1_sentence.str.endswith("。").all()
    code, _, err = run("score", *config)
    assert code == 2
    assert "a log that ends before 2018-01-02, and forecasts of 2018-01-05" in err
    assert Store(copy / "store.sqlite").info.as_of == "2018-01-05"


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


def test_without_a_model_it_says_how_to_get_one(run: Run, demo: Demo) -> None:
    code, out, err = run("score", "--config", demo.place / "tiercast.yaml", "--home", "nowhere")
    assert (code, out) == (3, "")
    assert "train one with 'tiercast train'" in err
