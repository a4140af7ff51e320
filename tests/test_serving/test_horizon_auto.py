"""``horizon_days: auto`` through the command line: chosen once, as known then, told, kept with the model."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from homes import SHOP_POLICY, shop_log

from serving.settings import Home
from training.artifact import load, to_forecaster

Run = Callable[..., tuple[int, str, str]]
TOLD = re.compile(r"horizon (\d+) days, chosen from rows before (\S+): of [\d,]+ silences")


def leavers(members: int = 400, days: int = 300) -> pd.DataFrame:
    """About every ten days, regularly; a visit in twelve is the last."""
    random = np.random.default_rng(3)
    rows = []
    for i in range(members):
        day = int(random.integers(0, 200))
        while day < days:
            time = pd.Timestamp("2020-01-01") + pd.Timedelta(days=day)
            rows.append((f"{i:03d}", time.isoformat(), round(float(random.gamma(2.0, 12.0)), 2)))
            if random.random() < 1 / 12:
                break
            day += 5 + int(random.integers(0, 11))
    return pd.DataFrame(rows, columns=["customer_id", "timestamp", "amount"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    leavers().to_csv(tmp_path / "log.csv", index=False)
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(SHOP_POLICY.model_dump(mode="json")))
    (tmp_path / "tiercast.yaml").write_text(
        "transactions: log.csv\npolicy: policy.yaml\nhorizon_days: auto\nlookback_days: 60\n"
        "features: [recency_days, visits_91d]\n"
    )
    return tmp_path


def told(err: str) -> tuple[int, str]:
    """Days and date, told in one line, once."""
    ((days, date),) = TOLD.findall(err)
    return int(days), date


def test_training_keeps_what_was_chosen_and_scoring_goes_by_it(run: Run, folder: Path) -> None:
    code, _, err = run("train", "--home", "home")
    assert code == 0
    days, date = told(err)
    assert 14 <= days <= 28
    assert date == "2020-10-27"
    (model,) = Home(folder / "home").models.iterdir()
    assert to_forecaster(load(model)).settings.horizon_days == days
    code, _, err = run("score", "--home", "home")
    assert code == 0
    assert not TOLD.search(err)
    assert set(pd.read_parquet(folder / "home" / "forecasts.parquet").horizon_days) == {days}


def test_a_backtest_chooses_as_known_at_its_oldest_cutoff(run: Run, folder: Path) -> None:
    code, _, err = run(
        "backtest", "--cutoff", "2020-09-25", "--cutoff", "2020-08-10", "--out", "p.parquet", "--report", "r.html"
    )
    assert code == 0
    days, date = told(err)
    assert f"{days} days: who buys nothing" in (folder / "r.html").read_text(encoding="utf-8")
    assert date == "2020-08-10"
    log = pd.read_csv(folder / "log.csv")
    log[log.timestamp < "2020-08-10"].to_csv(folder / "then.csv", index=False)
    code, printed, _ = run("check", "then.csv", "--json")
    assert code == 0
    assert json.loads(printed)["horizon"]["horizon_days"] == days
    assert run("backtest", "--cutoff", "2020-09-25", "--horizon-days", str(days), "--out", "q.parquet")[0] == 0
    frame, named = pd.read_parquet(folder / "p.parquet"), pd.read_parquet(folder / "q.parquet")
    newest = frame[frame.cutoff == frame.cutoff.max()].reset_index(drop=True)
    pd.testing.assert_frame_equal(newest, named)


def test_an_ablation_goes_by_its_oldest_cutoff(run: Run, folder: Path) -> None:
    code, _, err = run("ablate", "--cutoff", "2020-08-10", "--feature", "visits_91d")
    assert code == 0
    assert told(err)[1] == "2020-08-10"


@pytest.mark.parametrize("command", [("describe", "000"), ("segments",)])
def test_descriptions_choose_at_their_date(run: Run, folder: Path, command: tuple[str, ...]) -> None:
    code, _, err = run(*command, "--as-of", "2020-09-01")
    assert code == 0
    assert told(err)[1] == "2020-09-01"


def test_a_check_shows_the_curve(run: Run, folder: Path) -> None:
    code, said, _ = run("check")
    assert code == 0
    assert TOLD.search(said)
    assert "<- chosen" in said
    (folder / "tiercast.yaml").write_text("transactions: log.csv\n")
    assert "horizon" not in run("check")[1]
    code, said, _ = run("check", "--plot", "curve.png")
    assert code == 0
    assert TOLD.search(said)
    assert (folder / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert run("check", "--plot", "curve.pdf")[0] == 2


def test_the_command_line_says_auto_too(run: Run, folder: Path) -> None:
    (folder / "tiercast.yaml").write_text("transactions: log.csv\npolicy: policy.yaml\n")
    for option in ("--horizon-days", "--horizon"):
        code, _, err = run("segments", option, "auto")
        assert (code, told(err)[1]) == (0, "2020-10-27")
    code, _, err = run("segments", "--horizon-days", "soon")
    assert code == 2
    assert "'soon' is not a valid integer" in err


def test_a_log_that_gives_none_is_refused_with_what_was_found(run: Run, folder: Path) -> None:
    shop_log(40).to_csv(folder / "log.csv", index=False)
    code, said, err = run("backtest", "--cutoff", "2020-03-10", "--out", "p.parquet")
    assert (code, said) == (2, "")
    assert "name a horizon, as horizon_days: 28 or --horizon-days 28" in err.splitlines()[-1]
    assert not (folder / "p.parquet").exists()
    pd.DataFrame({"customer_id": ["a", "b"], "timestamp": ["2020-01-01", "2020-03-01"]}).to_csv("log.csv", index=False)
    code, said, _ = run("check")
    assert code == 0
    assert "no horizon: a horizon is chosen from at least 50 silences" in said
    found = json.loads(run("check", "--json")[1])["horizon"]
    assert (found["horizon_days"], found["curve"]) == (None, [])
    (folder / "log.csv").write_text("customer_id,timestamp\na,soon\n")
    code, said, _ = run("check", "--quarantine", "refused.csv")
    assert code == 2
    assert "no horizon: a log has usable rows" in said
    assert (folder / "refused.csv").exists()
