from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from effects import AS_OF, assignment
from plans import CALL, MAIL, SECRET, audience, catalogue
from trials import simulate

from features.errors import ColumnError, ConfigError, ConflictError, CutoffError, SourceError, TiercastError
from features.files import write_table
from retention.effect.campaign import read_campaign
from retention.plan.assignment import assigned
from retention.plan.plan import make_plan


@pytest.fixture
def frame() -> pd.DataFrame:
    made = simulate(np.random.default_rng(1), 60, 0.2)
    return assignment(made, [f"{i:03d}" for i in range(60)])


def test_a_plans_file(frame: pd.DataFrame, tmp_path: Path) -> None:
    for suffix in ("csv", "parquet"):
        path = tmp_path / f"plan.{suffix}"
        frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
        found = read_campaign(path)
        assert (found.name, found.as_of, found.until) == ("spring", AS_OF, AS_OF + dt.timedelta(days=28))
        assert len(found) == 60
        assert found.others == 1
        assert found.drawn
        assert found.members[7] == "007"
        assert set(found.texts["action"]) == {"call", "mail"}
        assert found.numbers["cost"].sum() == 90.0


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_what_a_plan_writes_is_what_is_read(tmp_path: Path, suffix: str) -> None:
    plan = make_plan(catalogue(CALL, MAIL, hold_out={"share": 0.3}), audience(200), SECRET)
    write_table(assigned(plan), tmp_path / f"plan.{suffix}")
    found = read_campaign(tmp_path / f"plan.{suffix}")
    some = plan.choice >= 0
    ids = [action.id for action in plan.catalogue.actions]
    said = dict(
        zip(map(str, found.members.tolist()), zip(found.treated.tolist(), found.texts["action"], strict=True), strict=True)
    )
    rows = zip(plan.audience.ids[some].tolist(), (~plan.held[some]).tolist(), plan.choice[some].tolist(), strict=True)
    assert said == {str(member): (treated, ids[choice]) for member, treated, choice in rows}
    assert found.drawn
    assert set(found.numbers["hold_out_share"]) == {0.3}


def test_who_would_have_got_nothing_is_in_no_arm(frame: pd.DataFrame, tmp_path: Path) -> None:
    held = frame.index[frame.arm == "hold-out"]
    frame.loc[held[:2], "would_be"] = ""
    frame.to_csv(tmp_path / "plan.csv", index=False)
    assert len(read_campaign(tmp_path / "plan.csv")) == 58


def test_the_least_that_is_enough(tmp_path: Path) -> None:
    (tmp_path / "spring.csv").write_text("customer_id,arm\n1,treated\n2,hold-out\n")
    found = read_campaign(tmp_path / "spring.csv", as_of=AS_OF, horizon_days=7)
    assert not found.drawn
    assert (found.name, found.treated.tolist(), found.texts) == ("spring", [True, False], {})


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        (lambda f: pd.concat([f, f.iloc[[3]]]), ColumnError, "one row a member; got 1 member more than once"),
        (
            lambda f: pd.concat([f, f.iloc[[3]].assign(arm=f.arm.map({"treated": "hold-out", "hold-out": "treated"}))]),
            ConflictError,
            "in one arm of a trial",
        ),
        (lambda f: f.assign(arm="hold-out"), SourceError, "whose arm is 'treated'; got none among 'hold-out'"),
        (lambda f: f.drop(columns="arm"), ColumnError, "no column 'arm'"),
        (lambda f: f.drop(columns="as_of"), ConfigError, "pass --as-of"),
        (lambda f: f.drop(columns="horizon_days"), ConfigError, "pass --horizon-days"),
        (lambda f: f.assign(campaign=["a", "b"] * 30 + ["a"]), ConfigError, "about one campaign; got 'a', 'b'"),
        (lambda f: f.assign(horizon_days=-1), ConfigError, "whole number of days; got '-1'"),
        (lambda f: f.assign(horizon_days=10**12), ConfigError, "horizon_days is from 1 to"),
        (lambda f: f.assign(as_of="1.3.2020"), CutoffError, "a campaign's as_of is a date"),
        (lambda f: f.assign(cost="dear"), ColumnError, "a figure of a campaign is a number; got 'cost'"),
        (
            lambda f: f.assign(cost=[-1.0, np.inf] + [1.0] * (len(f) - 2)),
            ColumnError,
            "cost is a number from 0 on; got 2 rows",
        ),
        (lambda f: f.assign(p_churn=1.5), ColumnError, "p_churn is a number from 0 to 1; got"),
        (lambda f: f.assign(hold_out_share=-0.1), ColumnError, "hold_out_share is a number from 0 to 1; got"),
        (lambda f: f.assign(expected_spend=np.inf), ColumnError, "expected_spend is a finite number; got"),
    ],
)
def test_what_is_refused(frame: pd.DataFrame, tmp_path: Path, change: object, kind: type[TiercastError], said: str) -> None:
    change(frame).to_csv(tmp_path / "plan.csv", index=False)  # type: ignore[operator]
    with pytest.raises(kind) as caught:
        read_campaign(tmp_path / "plan.csv")
    assert said in str(caught.value)


def test_an_outcome_before_the_treatment(frame: pd.DataFrame, tmp_path: Path) -> None:
    frame.to_csv(tmp_path / "plan.csv", index=False)
    with pytest.raises(ConfigError, match="from the treatment on, as what came before it cannot be its effect"):
        read_campaign(tmp_path / "plan.csv", as_of=AS_OF - dt.timedelta(days=1))
