from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet
import pytest
import yaml
from plans import AS_OF, CALL, MAIL, POINTS, action, forecasts

Run = Callable[..., tuple[int, str, str]]
LIMITED = {"budget": {"total": 30.0}, "hold_out": {"share": 0.25}}


def write(folder: Path, *actions: dict[str, Any], **said: Any) -> None:
    content = {"campaign": "spring", "margin_share": 0.3, "actions": list(actions or (CALL, MAIL, POINTS)), **said}
    (folder / "actions.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    pyarrow.parquet.write_table(forecasts(90, ids=[f"{i:03d}" for i in range(90)]), tmp_path / "forecasts.parquet")
    rows = [(f"{i:03d}", ["yes", "no", ""][i % 3]) for i in range(80)]
    pd.DataFrame(rows, columns=["customer_id", "consent"]).to_csv(tmp_path / "members.csv", index=False)
    sent = [(f"{i:03d}", str(AS_OF.replace(day=1)), "sent") for i in range(90)]
    sent += [(f"{i:03d}", "2020-02-20", "sent") for i in range(0, 90, 6)]
    pd.DataFrame(sent, columns=["customer_id", "timestamp", "kind"]).to_csv(tmp_path / "events.csv", index=False)
    return tmp_path


def test_a_plan_with_consent_and_contacts(run: Run, place: Path) -> None:
    write(place, CALL, MAIL, pressure={"most": 1, "days": 30}, **LIMITED)
    tables = ("--members", "members.csv", "--events", "events.csv")
    code, out, err = run("plan", "--actions", "actions.yaml", "--home", ".", *tables, "--plot", "plan.png")
    assert code == 0
    assert "the plan gains" in err
    assert out.startswith("spring, as of 2020-03-01, 28 days ahead:")
    # Of 27 who agreed, 14 were contacted in February; who is contacted on the day itself was not, as far as is known.
    left = {line.rsplit(maxsplit=2)[0]: line.split()[-2:] for line in out.splitlines() if line.startswith(("have", "were"))}
    assert left["have not agreed to be contacted"] == ["27", "0"]
    assert left["were never asked whether they agree"] == ["36", "0"]
    assert left["were contacted too often lately"] == ["14", "0"]
    frame = pd.read_parquet("plan-spring.parquet")
    assert len(frame) == 13
    assert {int(each) % 6 for each in frame.customer_id} == {3}
    text = pd.read_csv("plan-spring.csv", dtype={"customer_id": str})
    assert text.customer_id.tolist() == frame.customer_id.tolist()
    assert frame[frame.arm == "treated"].cost.sum() <= 30
    assert (place / "plan.png").stat().st_size > 5_000
    assert not re.search(r"\b0\d\d\b", err)  # no member


def test_the_same_arms_on_the_same_home(run: Run, place: Path) -> None:
    write(place, POINTS, hold_out={"share": 0.4})
    run("plan", "--actions", "actions.yaml", "--home", ".")
    first = pd.read_parquet("plan-spring.parquet").set_index("customer_id")
    assert (place / "plan.secret").stat().st_mode & 0o077 == 0
    pyarrow.parquet.write_table(forecasts(60, 5, ids=[f"{i:03d}" for i in range(60)]), place / "again.parquet")
    code, _, _ = run("plan", "--actions", "actions.yaml", "--home", ".", "--forecasts", "again.parquet")
    again = pd.read_parquet("plan-spring.parquet").set_index("customer_id")
    both = first.merge(again, on="customer_id", suffixes=("", "_again")).query(
        "arm != 'not chosen' and arm_again != 'not chosen'"
    )
    assert code == 0
    assert len(both) > 10
    assert (both.arm == both.arm_again).all()


def test_as_json_and_in_chinese(run: Run, place: Path) -> None:
    write(place, unknown_consent="included", **LIMITED)
    code, out, _ = run("plan", "--actions", "actions.yaml", "--home", ".", "--json", "--out", "made")
    found = json.loads(out)
    assert (code, found["campaign"], found["members"]["all"]) == (0, "spring", 90)
    assert found["cost"] <= 30
    assert (place / "made" / "plan-spring.csv").is_file()
    code, out, _ = run("plan", "--actions", "actions.yaml", "--home", ".", "--language", "zh")
    assert (code, "净收益" in out) == (0, True)


def test_without_a_catalogue_members_are_ranked(run: Run, place: Path) -> None:
    code, out, _ = run("plan", "--home", ".", "--top", "4", "--out", "made")
    assert code == 0
    frame = pd.read_csv(place / "made" / "plan.csv", dtype={"customer_id": str})
    assert [line.split()[0] for line in out.splitlines()[1:5]] == frame.customer_id.head(4).tolist()
    code, out, _ = run("plan", "--home", ".", "--top", "4", "--json")
    assert [each["customer_id"] for each in json.loads(out)] == frame.customer_id.head(4).tolist()
    bound = float(frame.p_churn.median())
    code, out, _ = run("plan", "--home", ".", "--json", "--top", "90", "--p-churn-to", str(bound))
    assert code == 0
    assert [each["customer_id"] for each in json.loads(out)] == frame.customer_id[frame.p_churn <= bound].tolist()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"budget": {"total": -1}}, "actions.yaml: budget.total: this should be greater than or equal to 0; got -1"),
        ({"actions": [action(who={"tiers": ["Tin"]})]}, "actions[0].who.tiers: this is a tier of the forecasts"),
        ({"actions": [action(effect={"return": {"mean": 1.5}})]}, "actions.yaml: actions[0].effect.return: this should"),
        ({"actions": [POINTS, POINTS]}, "should name each action once ('points' stands twice)"),
        ({"actions": [action(needs_contact=False, who={"p_churn": {"from": 2}})]}, "got nobody for 'call' of 90 members"),
        ({"pressure": {"most": 1, "days": 3}}, "a limit of contacts is held against an event log; got none"),
        ({}, "nobody is contacted without consent; got no consent, and 'call' contacts members"),
    ],
)
def test_bad_input_is_one_message(run: Run, place: Path, said: dict[str, Any], message: str) -> None:
    write(place, **said)
    code, out, err = run("plan", "--actions", "actions.yaml", "--home", ".")
    assert (code, out) == (2, "")
    assert message in err
    assert len([line for line in err.splitlines() if line.startswith("tiercast:")]) == 1
    assert not list(place.glob("plan-*"))


def test_what_is_not_there(run: Run, place: Path) -> None:
    write(place)
    code, _, err = run("plan", "--actions", "actions.yaml", "--home", ".", "--p-churn-to", "0.9")
    assert (code, "who: {p_churn: {to: 0.95}}" in err) == (2, True)
    assert run("plan", "--actions", "actions.yaml", "--home", "elsewhere")[0] == 3
    code, _, err = run("plan", "--home", ".", "--plot", "plan.png")
    assert (code, "got --plot without --actions" in err) == (2, True)
    code, _, err = run("plan", "--home", ".", "--plot", "plan.jpg")
    assert (code, "a picture goes to a .png file" in err) == (2, True)
