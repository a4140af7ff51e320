from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml
from homes import SHOP_POLICY, Demo, shop_log

Run = Callable[..., tuple[int, str, str]]
CUTOFF = "2020-07-20"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    shop_log(40).to_csv(tmp_path / "log.csv", index=False)
    policy = SHOP_POLICY.model_dump(mode="json")
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(policy))
    return tmp_path / "log.csv"


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_predictions_of_a_csv_with_text_ids(run: Run, log: Path, suffix: str) -> None:
    out = log.parent / f"p.{suffix}"
    options = ["--horizon-days", "21", "--lookback-days", "60", "--policy", "policy.yaml", "--out", out.name]
    code, said, _ = run("backtest", "--transactions", "log.csv", "--cutoff", CUTOFF, "--cutoff", "2020-06-20", *options)
    assert code == 0
    frame = pd.read_parquet(out) if suffix == "parquet" else pd.read_csv(out, dtype={"customer_id": str})
    assert list(frame.columns) == ["customer_id", "cutoff", "p_churn", "p_tier_Base", "p_tier_Top", "expected_spend"]
    assert set(frame.cutoff.astype(str)) == {CUTOFF, "2020-06-20"}
    assert set(frame.customer_id) <= {f"{i:03d}" for i in range(40)}
    assert frame.p_churn.between(0, 1, inclusive="neither").all()
    assert (frame.p_tier_Base + frame.p_tier_Top).round(9).eq(1).all()
    assert (frame.expected_spend >= 0).all()
    assert f"{len(frame)} predictions are in p.{suffix}" in said
    for heading in (f"churn, cutoff {CUTOFF}", "next tier, all cutoffs", "AUC"):
        assert heading in said


def test_the_grade_and_its_rule_come_first(run: Run, log: Path) -> None:
    options = ["--horizon-days", "21", "--lookback-days", "60", "--policy", "policy.yaml"]
    code, said, _ = run("backtest", "--transactions", "log.csv", "--cutoff", CUTOFF, *options)
    lines = said.splitlines()
    assert code == 0
    assert lines[0].startswith("churn: ")
    assert any(line.startswith("next tier: ") for line in lines[:8])
    assert said.index("Good: beats every simple rule") < said.index(f"churn, cutoff {CUTOFF}")
    assert max(map(len, lines)) <= 140


def test_without_a_cutoff_the_newest_horizons_that_are_over_are_taken(run: Run, log: Path) -> None:
    options = ["--horizon-days", "21", "--lookback-days", "60", "--out", "p.parquet"]
    code, said, err = run("backtest", "--transactions", "log.csv", *options)
    assert code == 0
    frame = pd.read_parquet(log.parent / "p.parquet")
    end = pd.read_csv(log).timestamp.max()[:10]
    newest = pd.Timestamp(end) + pd.Timedelta(days=1 - 21)
    expected = [str((newest - pd.Timedelta(days=21 * back)).date()) for back in (2, 1, 0)]
    assert sorted(set(frame.cutoff.astype(str))) == expected
    assert f"cutoffs, the newest whose horizon is over: {', '.join(expected)}" in err
    assert "not scored" not in said


def test_a_page_pictures_and_records(run: Run, log: Path) -> None:
    options = ["--horizon-days", "21", "--lookback-days", "60", "--policy", "policy.yaml", "--cutoff", CUTOFF]
    files = ["--report", "deep/report.html", "--plots", "pictures", "--metrics", "m.json"]
    code, said, _ = run("backtest", "--transactions", "log.csv", *options, *files)
    assert code == 0
    folder = log.parent
    page = (folder / "deep" / "report.html").read_text()
    assert "<h1>Backtest of Shop</h1>" in page
    assert CUTOFF in page
    pictures = {path.name: path.read_bytes() for path in (folder / "pictures").iterdir()}
    assert {"reliability.png", "lift.png", "tiers.png", "tiers-kept.png", "cutoffs.png", "slices.png"} <= pictures.keys()
    for png in pictures.values():
        assert base64.b64encode(png).decode() in page
    records = json.loads((folder / "m.json").read_text())
    assert {"churn", "next tier", "spend"} == {score["target"] for score in records["scores"]}
    assert records["grades"][0]["word"] in said
    for line in ("the report is in deep/report.html", "the pictures are in pictures", "all figures are in m.json"):
        assert line in said
    ids = {f"{i:03d}" for i in range(40)}
    assert not ids & set(re.findall(r"\b\d{3}\b", (folder / "m.json").read_text().replace(".", "x")))


def test_a_page_of_what_is_not_known_yet(run: Run, log: Path) -> None:
    options = [
        "--horizon-days",
        "21",
        "--lookback-days",
        "60",
        "--report",
        "r.html",
        "--plots",
        "none",
        "--metrics",
        "m.json",
    ]
    code, _, _ = run("backtest", "--transactions", "log.csv", "--cutoff", "2020-08-26", *options)
    assert code == 0
    assert "2020-08-26 (not over yet)" in (log.parent / "r.html").read_text()
    assert json.loads((log.parent / "m.json").read_text())["scores"] == []
    assert not (log.parent / "none").exists()


def test_without_a_policy_there_are_no_tiers(run: Run, log: Path) -> None:
    options = ["--horizon-days", "21", "--lookback-days", "60", "--out", "p.parquet"]
    code, said, _ = run("backtest", "--transactions", "log.csv", "--cutoff", CUTOFF, *options)
    assert code == 0
    frame = pd.read_parquet(log.parent / "p.parquet")
    assert list(frame.columns) == ["customer_id", "cutoff", "p_churn", "expected_spend"]
    assert "next tier" not in said


def test_a_cutoff_whose_outcome_is_not_known_is_forecast_and_not_scored(run: Run, log: Path) -> None:
    options = ["--horizon-days", "21", "--lookback-days", "60", "--out", "p.parquet"]
    code, said, _ = run("backtest", "--transactions", "log.csv", "--cutoff", "2020-08-26", *options)
    assert code == 0
    assert "no outcome to score yet" in said
    assert "cutoff 2020-08-26: forecast, not scored" in said
    assert len(pd.read_parquet(log.parent / "p.parquet")) > 0


def test_real_data(demo: Demo) -> None:
    frame = pd.read_parquet(demo.place / "backtest.parquet")
    tiers = [f"p_tier_{name}" for name in ("Member", "Silver", "Gold", "Diamond")]
    assert list(frame.columns) == ["customer_id", "cutoff", "p_churn", *tiers, "expected_spend"]
    assert frame.groupby("cutoff").size().index.astype(str).tolist() == ["2017-11-06", "2017-12-04"]
    assert not frame.duplicated(["customer_id", "cutoff"]).any()
    assert not frame.isna().any().any()


BAD = {
    "horizon 0": (["--cutoff", CUTOFF, "--horizon-days", "0"], "horizon_days"),
    "negative horizon": (["--cutoff", CUTOFF, "--horizon-days", "-28"], "got -28"),
    "absurd look-back": (["--cutoff", CUTOFF, "--lookback-days", "99999999"], "lookback_days"),
    "no date": (["--cutoff", "soon"], "a cutoff is a date; got 'soon'"),
    "a time": (["--cutoff", "2020-07-20T10:00:00"], "a cutoff is a date"),
    "before the first row": (["--cutoff", "2019-01-01"], "a cutoff lies after the log's first day"),
    "on the first day": (["--cutoff", "2020-01-01"], "a cutoff lies after the log's first day"),
    "far after the end": (["--cutoff", "2031-01-01"], "a cutoff lies at most 31 days after the log's last day"),
    "too early to learn": (["--cutoff", "2020-01-25"], "To mend it: "),
    "no log": (["--transactions", "none.csv", "--cutoff", CUTOFF], "a source names files that exist"),
    "one member": (["--transactions", "one.csv", "--cutoff", "2020-04-01"], "training needs at least 20 members"),
    "wrong types": (["--transactions", "types.csv", "--cutoff", CUTOFF], "a log has usable rows; got none"),
    "another kind of file": (["--cutoff", CUTOFF, "--out", "p.xlsx"], "predictions go to a .parquet or .csv file"),
    "a report that is no page": (["--cutoff", CUTOFF, "--report", "r.pdf"], "a report goes to a .html file; got 'r.pdf'"),
    "figures that are no records": (["--cutoff", CUTOFF, "--metrics", "m.csv"], "figures go to a .json file; got 'm.csv'"),
    "pictures in a file": (["--cutoff", CUTOFF, "--plots", "log.csv"], "pictures go to a folder; got 'log.csv'"),
    "no cutoff and too long a horizon": (["--horizon-days", "200"], "a backtest needs a closed horizon to score"),
    "missing policy": (["--cutoff", CUTOFF, "--policy", "none.yaml"], "none.yaml: a file can be read"),
    "thresholds out of order": (["--cutoff", CUTOFF, "--policy", "order.yaml"], "thresholds rise from tier to tier"),
    "unknown key": (["--cutoff", CUTOFF, "--policy", "key.yaml"], "a policy holds only what it defines"),
    "policy is no YAML": (["--cutoff", CUTOFF, "--policy", "broken.yaml"], "broken.yaml: a file is YAML"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_tested_is_said_in_one_sentence_and_gives_no_number(run: Run, log: Path, name: str) -> None:
    folder, policy = log.parent, SHOP_POLICY.model_dump(mode="json")
    (folder / "one.csv").write_text("customer_id,timestamp\n" + "".join(f"a,2020-0{i}-01\n" for i in range(1, 7)))
    (folder / "types.csv").write_text("customer_id,timestamp,amount\na,soon,1\nb,later,2\n")
    (folder / "order.yaml").write_text(
        yaml.safe_dump({**policy, "tiers": [*policy["tiers"], {"name": "Low", "reach": 1.0}]})
    )
    (folder / "key.yaml").write_text(yaml.safe_dump({**policy, "metrix": "spend"}))
    (folder / "broken.yaml").write_text("tiers: [")
    before = set(folder.iterdir())
    arguments, said = BAD[name]
    log_named = [] if "--transactions" in arguments else ["--transactions", "log.csv"]
    out = [] if "--out" in arguments else ["--out", "p.parquet"]
    code, printed, err = run("backtest", *log_named, *arguments, *out)
    assert (code, printed) == (2, "")
    assert said in err
    assert sum(line.startswith("tiercast: ") for line in err.splitlines()) == 1
    assert err.splitlines()[-1].startswith("tiercast: ")
    assert "Traceback" not in err
    assert set(folder.iterdir()) == before
