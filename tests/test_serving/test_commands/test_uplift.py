from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plans
import pyarrow.parquet as pq
import pytest
import yaml
from moved import Campaign, campaign

from retention.uplift.learnt import learn

Run = Callable[..., tuple[int, str, str]]
CALL = ("uplift", "--table", "trial.parquet", "--arm", "arm", "--outcome", "returned")
KNOWN = ("--covariates", "app,city")


@pytest.fixture(autouse=True)
def _few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command grows a hundred; where the effect is this strong, fewer will do, in a fifth of the time."""
    monkeypatch.setitem(learn.__kwdefaults__, "trees", 20)


@pytest.fixture(scope="module")
def moving() -> Campaign:
    return campaign(1_000, 4, weights=(0.6, 0.4), moved=0.7, noise=0)


def _write(moving: Campaign, folder: Path) -> pd.DataFrame:
    trial = moving.trial
    arms = np.array(trial.arm_names, dtype=object)[trial.arm]
    frame = pd.DataFrame({"customer_id": trial.members, "arm": arms, **trial.outcomes, **trial.covariates})
    frame["day"] = pd.Timestamp("2020-01-01")
    frame.to_parquet(folder / "trial.parquet")
    return frame


def test_any_randomised_table_in_one_call(run: Run, tmp_path: Path, moving: Campaign) -> None:
    _write(moving, tmp_path)
    money = ("--value", "40", "--cost", "mail=5", "--risk", "p_churn", "--at-most", "0.4")
    files = ("--out", "gains.parquet", "--plot", "qini.png")
    code, out, err = run(*CALL, "--covariates", "app,city,visits,p_churn", *money, *files)
    assert code == 0
    assert out.startswith("returned: members are told apart: choosing them by uplift beats everyone the same")
    assert "moved more where app is yes" in out
    assert "mail for 40% at random" in out
    assert "known before: app, city, visits, p_churn" in err
    frame = pd.read_parquet(tmp_path / "gains.parquet")
    assert frame.customer_id.tolist() == moving.trial.members.tolist()
    assert np.corrcoef(frame.return_gain, moving.effects[:, 0])[0, 1] > 0.7
    assert (tmp_path / "qini.png").stat().st_size > 5_000


def test_others_are_told_of_and_spend_beside(run: Run, tmp_path: Path, moving: Campaign) -> None:
    frame = _write(moving, tmp_path)
    frame.tail(30).to_csv(tmp_path / "members.csv", index=False)
    code, out, _ = run(*CALL, *KNOWN, "--spend", "spend", "--members", "members.csv", "--out", "gains.csv", "--json")
    assert code == 0
    gains = pd.read_csv(tmp_path / "gains.csv")
    assert gains.customer_id.tolist() == frame.customer_id.tail(30).tolist()
    assert {"return_gain", "return_gain_sd", "spend_gain", "spend_gain_sd"} < set(gains.columns)
    returned, spend = json.loads(out)
    assert (returned["outcome"], spend["outcome"]) == ("returned", "spend")


def test_by_default_all_that_is_known_and_what_came_after_is_refused(run: Run, tmp_path: Path, moving: Campaign) -> None:
    frame = _write(moving, tmp_path)
    frame["country"] = "NL"
    frame["clicked"] = (frame.arm == "mail") & (frame.recency < 40)
    frame.drop(columns="spend").to_parquet(tmp_path / "trial.parquet")
    code, _, err = run(*CALL)
    assert code == 2
    assert "known before: recency, app, city, visits, p_churn, clicked" in err
    assert "left out, as it tells nobody apart: country" in err
    assert "arms that differ beyond chance in 'clicked'" in err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--cost", "mail=1"), "costs are weighed against what an outcome is worth; got --cost without --value"),
        (("--value", "40", "--cost", "call=1"), "each cost is of one treated arm; got 'call=1'"),
        (("--value", "40", "--cost", "mail=much"), "--cost is a number; got 'much'"),
        (("--value", "city"), "--value names a covariate in numbers; got 'city', which is text"),
        (("--risk", "temperature"), "--risk names a covariate in numbers; got 'temperature', which is none of them"),
        (("--members", "trial.parquet"), "members to be told of have ids, and the gains a file; got no --out"),
        (("--plot", "qini.pdf"), "a picture goes to a .png file"),
        (("--out", "gains.xlsx"), "gains go to a .parquet or .csv file"),
        (("--control", "nothing"), "one arm of a trial is the control"),
        (("--outcome", "city"), "an outcome is a number"),
        (("--arm", "group"), "no column 'group'"),
        (("--covariates", "day"), "day"),
        (("--strata", "recency"), "in every stratum chance put 5 members or more into every arm"),
    ],
)
def test_what_cannot_be_used(run: Run, tmp_path: Path, moving: Campaign, more: tuple[str, ...], message: str) -> None:
    _write(moving, tmp_path)
    code, _, err = run(*CALL, *KNOWN, *more)
    assert code == 2
    assert message in err
    assert "Traceback" not in err


def _planned(run: Run, folder: Path, gains: dict[str, Any], *more: str) -> tuple[int, str, str]:
    """A plan with one action that is worth its cost for all by the catalogue, and with gains of single members."""
    catalogue = {
        "campaign": "spring",
        "margin_share": 0.3,
        "unknown_consent": "included",
        "actions": [plans.action("mail", cost=1)],
    }
    (folder / "actions.yaml").write_text(yaml.safe_dump(catalogue, allow_unicode=True))
    pq.write_table(plans.forecasts(200), folder / "forecasts.parquet")
    pd.DataFrame(gains).to_parquet(folder / "gains.parquet")
    files = ("--forecasts", "forecasts.parquet", "--uplift", "gains.parquet", "--home", str(folder), "--out", str(folder))
    return run("plan", *files, *more)


def test_a_plan_takes_the_gains_of_single_members(run: Run, tmp_path: Path) -> None:
    moved = np.arange(1, 201) % 2 == 0
    gains = {"customer_id": np.arange(1, 201), "action": ["mail"] * 200, "return_gain": np.where(moved, 0.3, 0.0)}
    widths = []
    for sd in (0.0, 0.05):
        known: dict[str, Any] = {**gains, "return_gain_sd": np.full(200, sd)}
        code, out, err = _planned(run, tmp_path, known, "--actions", "actions.yaml", "--json")
        figures = json.loads(out)
        widths.append(figures["gain_high"] - figures["gain_low"])
        assert code == 0
    assert widths[0] == 0  # the catalogue's own uncertainty is not that of these gains
    assert widths[1] > 0
    assert "mail: gains of single members from gains.parquet" in err
    plan = pd.read_parquet(tmp_path / "plan-spring.parquet")
    treated = plan.customer_id[plan.arm == "treated"].to_numpy()
    assert len(treated) > 50
    assert (treated % 2 == 0).all()


def test_gains_that_a_plan_cannot_take(run: Run, tmp_path: Path) -> None:
    gains: dict[str, Any] = {"customer_id": [1], "action": ["sms"], "return_gain": [0.1], "return_gain_sd": [0.1]}
    code, _, err = _planned(run, tmp_path, gains, "--actions", "actions.yaml")
    assert (code, "about actions of the catalogue; got 'sms'" in err) == (2, True)
    code, _, err = _planned(run, tmp_path, gains)
    assert (code, "gains are of a catalogue's actions; got --uplift without --actions" in err) == (2, True)
