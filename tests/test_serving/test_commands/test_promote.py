from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import farewell
import numpy as np
import pytest
import yaml

from training.mlflow_session import connected
from training.promotion import ORIGINS, TOLERANCE
from training.registry import MODEL
from training.train import HELD_OUT

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A shop's log and settings; the home is not there yet."""
    farewell.lines().to_csv(tmp_path / "log.csv", index=False)
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(farewell.POLICY.model_dump(mode="json")))
    settings(tmp_path)
    return tmp_path


def settings(place: Path, **more: Any) -> None:
    said: dict[str, Any] = {
        "transactions": "log.csv",
        "policy": "policy.yaml",
        "features": [*farewell.TELLING],
        **farewell.SPANS,
        **more,
    }
    said = {name: value for name, value in said.items() if value is not None}
    (place / "tiercast.yaml").write_text(yaml.safe_dump(said))


def tags(place: Path, alias: str) -> dict[str, str]:
    with connected(f"sqlite:///{place}/home/mlflow.db") as mlflow:
        return dict(mlflow.MlflowClient().get_model_version_by_alias(MODEL, alias).tags)


def blur(place: Path) -> None:
    """One purchase in ten is said to be of the other size: a last purchase that told all would be taken for a leak.

    And no tiers: too few members rise or fall to show that a forecast of them is not worse.
    """
    log = farewell.lines()
    other = np.random.default_rng(11).random(len(log)) < 0.1
    log["amount"] = np.where(other, 21.0 - log.amount, log.amount)
    log.to_csv(place / "log.csv", index=False)
    (place / "policy.yaml").unlink()


def test_the_way_of_a_model_from_challenger_to_champion_and_back(run: Run, place: Path) -> None:
    blur(place)
    code, _, said = run("promote", "--home", "home")
    assert (code, said.splitlines()[-1].split(";")[0]) == (3, "tiercast: a registered model has the alias 'champion'")

    settings(place, features=[*farewell.USELESS], policy=None)
    code, out, _ = run("train", "--home", "home", "--origins", "0")
    assert code == 0
    assert "is registered as 'champion'" in out
    weak = re.findall(r"model (\S+) is", out)[0]
    settings(place, policy=None)
    code, out, _ = run("train", "--home", "home", "--origins", "0")
    assert code == 0
    assert "is registered as 'challenger'" in out
    assert "'tiercast promote' compares the two" in out
    strong = re.findall(r"model (\S+) is", out)[0]

    code, out, _ = run("promote", "--home", "home", "--dry-run")
    assert code == 0
    assert f"challenger {strong} against champion {weak}" in out
    assert "a dry run: nothing was written" in out
    assert tags(place, "champion")["tiercast.version"] == weak

    code, out, _ = run("promote", "--home", "home")
    assert code == 0
    assert "promoted: not worse by more than 0.002 in either" in out
    champion = tags(place, "champion")
    assert champion["tiercast.version"] == strong
    assert json.loads(champion["tiercast.decision.figures"])["changes"][0]["change"]["high"] <= 0.002

    code, out, _ = run("promote", "--home", "home", "--rollback", "--dry-run")
    assert (code, out) == (0, f"would be champion again: {weak}, in place of {strong}\n")
    code, out, _ = run("promote", "--home", "home", "--rollback")
    assert (code, out) == (0, f"is champion again: {weak}, in place of {strong}\n")
    assert tags(place, "champion")["tiercast.version"] == weak
    code, _, said = run("promote", "--home", "home", "--rollback")
    assert (code, "a champion before the present one" in said) == (3, True)


def test_a_worse_challenger_is_refused_by_its_exit_code(run: Run, place: Path) -> None:
    run("train", "--home", "home", "--origins", "0")
    settings(place, features=[*farewell.USELESS])
    assert run("train", "--home", "home", "--origins", "0")[0] == 0
    settings(place)
    code, out, _ = run("promote", "--home", "home")
    assert code == 5
    assert "\nrefused: churn: the interval of the change in log loss reaches +0." in out
    challenger = tags(place, "challenger")
    assert challenger["tiercast.decision"] == "refused"
    assert challenger["tiercast.decision.against"] == "1"
    database = (place / "home" / "mlflow.db").read_bytes()
    assert b"weekend_share" in b"".join(path.read_bytes() for path in (place / "home").rglob("features.json"))
    assert not re.search(rb"\bm\d{3}\b", database)


def test_another_horizon_is_not_compared(run: Run, place: Path) -> None:
    run("train", "--home", "home", "--origins", "0", "--horizon-days", "21")
    assert "challenger" in run("train", "--home", "home", "--origins", "0")[1]
    code, out, said = run("promote", "--home", "home")
    assert (code, out) == (2, "")
    assert "challenger and champion have one horizon" in said
    assert "got 28 days against 21" in said


def test_an_alias_that_is_named_is_taken(run: Run, place: Path) -> None:
    run("train", "--home", "home", "--origins", "0")
    code, out, _ = run("train", "--home", "home", "--origins", "0", "--horizon-days", "21", "--alias", "champion")
    assert code == 0
    assert "is registered as 'champion'" in out
    code, out, _ = run("promote", "--home", "home", "--rollback")
    assert code == 0


def test_defaults_are_those_of_the_library() -> None:
    from serving.commands import promote, train

    defaults = {option.name: option.default for option in [*promote.command.params, *train.command.params]}
    assert (defaults["tolerance"], defaults["origins"]) == (TOLERANCE, HELD_OUT)
    assert {option.name: option.default for option in promote.command.params}["origins"] == ORIGINS
