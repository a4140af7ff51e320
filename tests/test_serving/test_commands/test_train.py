from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from homes import Demo, shop_log

from serving.commands.train import what_next
from training.artifact import load
from training.checks import Finding
from training.checks.check import Status
from training.scoreboard import LEGEND

Run = Callable[..., tuple[int, str, str]]


def test_the_demo_trained_one_model_and_pointed_the_alias_at_it(demo: Demo) -> None:
    assert f"model {demo.version} is registered as 'champion'" in demo.run.stdout
    bundle = load(demo.home.models / demo.version)
    assert bundle.version == demo.version
    assert bundle.plain["trained_as_of"] == "2018-01-02"


def test_it_ends_with_what_was_learned_how_good_that_is_and_what_comes_next(demo: Demo) -> None:
    trained = demo.run.stdout.split("$ tiercast train")[1].split("$ tiercast backtest")[0]
    assert trained.count(LEGEND) == 1
    last = trained[trained.index("In short") :].splitlines()
    labels = [line[2:13].strip() for line in last[1:] if line.startswith("  ") and line[2] != " "]
    assert labels == ["learned", "leaving", "next tier", "spend", "checks"]
    text = " ".join(trained[trained.index("In short") :].split())
    assert "who buys nothing in 28 days, what is spent in them and which tier is held after them; from 2,4" in text
    assert "leaving good. It beats all 6 simple rules" in text
    assert "the leaver is given the higher probability 86 times in 100" in text
    assert trained.rstrip().endswith("next: 'tiercast score' forecasts every member with it")


@pytest.mark.parametrize(
    ("codes", "alias", "said"),
    [
        ({}, "champion", "next: 'tiercast score'"),
        ({"TC-A": "warning"}, "challenger", "next: there is a champion already: 'tiercast promote'"),
        ({"TC-A": "warning", "TC-B": "failed"}, "champion", "next: 1 check failed (TC-B): do what stands above"),
        ({}, "mine", "next: 'tiercast score' goes on with the champion; 'mine' waits"),
    ],
)
def test_what_comes_next_hangs_on_the_checks_and_the_alias(codes: dict[str, Status], alias: str, said: str) -> None:
    assert what_next([Finding(code, "title", status, "text", "") for code, status in codes.items()], alias).startswith(said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--transactions", "none.csv"], "a source names files that exist"),
        ([], "a log is named; got none"),
        (["--transactions", "log.csv", "--horizon-days", "0"], "horizon_days"),
        (["--transactions", "log.csv", "--as-of", "soon"], "a date is a date; got 'soon'"),
        (["--transactions", "log.csv", "--as-of", "2019-01-01"], "after the log's first day"),
        (["--transactions", "log.csv", "--as-of", "2031-01-01"], "at most 31 days after the log's last day"),
        (["--transactions", "log.csv", "--policy", "none.yaml"], "none.yaml: a file can be read"),
        (["--transactions", "one.csv"], "training needs at least 20 members"),
    ],
)
def test_what_cannot_be_trained_on_is_said_and_leaves_no_home(
    run: Run, tmp_path: Path, arguments: list[str], said: str
) -> None:
    shop_log(10).to_csv(tmp_path / "log.csv", index=False)
    (tmp_path / "one.csv").write_text("customer_id,timestamp\n" + "".join(f"a,2020-0{i}-01\n" for i in range(1, 7)))
    code, out, err = run("train", *arguments, "--home", "home")
    assert (code, out) == (2, "")
    assert said in err.splitlines()[-1]
    assert err.splitlines()[-1].startswith("tiercast: ")
    assert not (tmp_path / "home").exists()
