from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import matplotlib.image
import pandas as pd
import pyarrow.csv
import pytest
import yaml
from homes import Demo

from serving.commands.demo import most_at_risk, worth_a_call
from serving.database.engine import open_engine
from serving.database.forecasts import histories
from serving.database.generations import complete


def test_it_says_whom_to_call_and_why(demo: Demo) -> None:
    table = demo.run.stdout.split("Most worth a call")[1].split("\n\n")[0].splitlines()
    rows = [re.fullmatch(r" +(\d+) (\w+) +(\d+)% +([\d.]+)  (\S.*)", line) for line in table[2:]]
    assert len(rows) == 8
    assert all(rows)
    at_risk = [float(row[4]) for row in rows if row]
    assert at_risk == sorted(at_risk, reverse=True)
    frame = demo.forecasts.set_index("customer_id")
    for row in rows:
        assert row is not None
        member = frame.loc[int(row[1])]
        assert member.tier == row[2]
        assert f"{member.p_churn:.0%}" == f"{row[3]}%"
        reasons = [(member[f"reason_{k}_contribution"], member[f"reason_{k}_sentence"]) for k in (1, 2, 3)]
        raising = [
            sentence.removesuffix(": raises the risk of leaving.") for contribution, sentence in reasons if contribution > 0
        ]
        assert row[5].lower().split("; ") == [clause.lower() for clause in raising[:2]]
        assert f"{member.value_at_risk:.2f}" == row[4]
    assert worth_a_call(most_at_risk(demo.place / "forecasts.parquet")).splitlines()[1:] == table[1:]


def test_what_is_at_risk_is_the_chance_of_leaving_times_what_a_purchase_would_lead_to(demo: Demo) -> None:
    frame = demo.forecasts
    if_stays = frame.value_at_risk / frame.p_churn
    given_a_purchase = frame.expected_spend / (1 - frame.p_churn)
    assert (frame.value_of == "spend").all()
    assert (if_stays >= given_a_purchase).all()  # later horizons add to the first
    assert (frame.expected_value >= (1 - frame.p_churn) * if_stays).all()
    assert (frame.expected_value <= if_stays).all()


def test_the_next_purchase_comes_in_the_horizon_as_likely_as_is_forecast(demo: Demo) -> None:
    frame = demo.forecasts
    days = [frame[f"next_purchase_days_{name}"].fillna(float("inf")) for name in ("low", "median", "high")]
    assert (days[0] > 0).all()
    assert (days[0] <= days[1]).all()
    assert (days[1] <= days[2]).all()
    for level, by in zip((0.1, 0.5, 0.9), days, strict=True):
        within = by <= 28
        assert (1 - frame.p_churn[within] >= level - 1e-9).all()
        assert (1 - frame.p_churn[~within] < level + 1e-9).all()


def test_it_leaves_the_files_that_it_names(demo: Demo) -> None:
    names = {path.name for path in demo.place.iterdir()}
    assert {
        "forecasts.parquet",
        "forecasts.csv",
        "backtest.parquet",
        "store.sqlite",
        "policy.yaml",
        "tiercast.yaml",
    } <= names
    assert not [name for name in names if name.endswith(".partial")]
    engine = open_engine(demo.home.store_url)
    assert [generation.members for generation in complete(engine)] == [len(demo.forecasts)] == [2_326]
    assert len(histories(engine, complete(engine)[0].id, [str(member) for member in range(3_000)])) == 2_469
    engine.dispose()
    assert pyarrow.csv.read_csv(demo.place / "forecasts.csv").num_rows == 2_326
    assert yaml.safe_load((demo.place / "tiercast.yaml").read_text())["policy"] == "policy.yaml"


def test_it_leaves_the_pictures_that_it_names(demo: Demo) -> None:
    (line,) = [line for line in demo.run.stdout.splitlines() if line.startswith("Pictures: ")]
    named = line.removeprefix("Pictures: ").split(", ")
    assert len(named) >= 4
    for path in named:
        picture = matplotlib.image.imread(path)
        assert min(picture.shape[:2]) > 100
        assert picture[..., :3].std() > 0.01


def test_it_runs_the_commands_that_it_prints(demo: Demo) -> None:
    typed = re.findall(r"^\$ tiercast (\w+)", demo.run.stdout, re.M)
    assert typed == ["check", "train", "backtest", "score"]
    (asked,) = re.findall(r"curl http://127.0.0.1:3000(\S+)", demo.run.stdout)
    assert demo.client.get(asked).status_code == 200
    (page,) = re.findall(r"browser: http://127.0.0.1:3000(\S+)", demo.run.stdout)
    assert demo.client.get(page).status_code == 200


def test_the_forecasts_are_of_members_seen_in_the_look_back(demo: Demo) -> None:
    frame = demo.forecasts
    assert frame.customer_id.is_unique
    assert (frame.as_of.astype(str) == "2018-01-02").all()
    assert frame.p_churn.between(0, 1, inclusive="neither").all()
    tiers = [column for column in frame if column.startswith("p_tier_")]
    assert (frame[tiers].sum(axis=1) - 1).abs().max() < 1e-9
    assert isinstance(frame.reason_1_sentence.dtype, pd.StringDtype) or frame.reason_1_sentence.map(type).eq(str).all()


def test_the_example_catalogue_plans_for_it(
    demo: Demo, run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TIERCAST_PLAN_SECRET", "the same for every run of this test")
    actions = Path(__file__).parents[3] / "examples" / "plan" / "actions.yaml"
    code, out, _ = run("plan", "--actions", actions, "--home", demo.place, "--out", tmp_path, "--json")
    found = json.loads(out)
    assert code == 0
    assert {row["tier"] for row in found["rows"]} == {"Diamond", "Gold", "Silver", "Member", None}
    assert {row["action"] for row in found["rows"]} == {"call", "voucher", "double-points", "parcel", "early-delivery", None}
    assert found["gap"] < 1e-3
    assert found["gain"] > 1.2 * max(found["by_probability_of_leaving"], found["by_value_at_risk"])
    assert all(limit["used"] <= limit["most"] + 1e-6 for limit in found["limits"])
