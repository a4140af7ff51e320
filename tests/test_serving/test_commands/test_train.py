from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from homes import Demo, shop_log

from serving.commands.train import failures
from training.artifact import load
from training.checks import Finding

Run = Callable[..., tuple[int, str, str]]


def test_the_demo_trained_one_model_and_pointed_the_alias_at_it(demo: Demo) -> None:
    assert f"model {demo.version} is registered as 'champion'" in demo.run.stdout
    bundle = load(demo.home.models / demo.version)
    assert bundle.version == demo.version
    assert bundle.plain["trained_as_of"] == "2018-01-02"


def test_checks_that_failed_are_named_beside_the_alias() -> None:
    fine, worse = (Finding(code, "title", status, "text", "") for code, status in (("TC-A", "warning"), ("TC-B", "failed")))
    assert failures([fine]) == ""
    assert failures([fine, worse]).startswith("1 check failed (TC-B): read above what to do")


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
