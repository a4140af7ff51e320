from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from features.errors import ConfigError, PolicyError
from features.registry import chosen_by_default
from training.config import FILE, Config, Table, load_config
from training.learning import Learning


def write(folder: Path, text: str) -> Path:
    path = folder / "programme.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_with_words_of_the_command_line_on_top(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "transactions: /data/log.csv\ncolumns: {customer_id: card, amount: paid}\nhorizon_days: 14\nduplicates: drop\n",
    )
    overrides = {"horizon_days": 30, "lookback_days": None, "columns": {"amount": "net", "order_id": "till"}}
    assert load_config(path, overrides) == Config(
        transactions="/data/log.csv",
        columns={"customer_id": "card", "amount": "net", "order_id": "till"},
        duplicates="drop",
        horizon_days=30,
        lookback_days=91,
    )


def test_paths_in_a_file_are_relative_to_it_and_said_ones_are_not(tmp_path: Path) -> None:
    path = write(tmp_path, "transactions: logs/*.parquet\npolicy: rules/policy.yaml\n")
    found = load_config(path, {})
    assert found.transactions == str(tmp_path / "logs/*.parquet")
    assert found.policy == str(tmp_path / "rules/policy.yaml")
    assert load_config(path, {"transactions": "here.csv", "policy": "p.yaml"}).transactions == "here.csv"


@pytest.mark.parametrize("url", ["postgresql://ann@host/shop?table=log", "spark:local[2]?parquet=/data/log.parquet"])
def test_a_url_is_no_path(tmp_path: Path, url: str) -> None:
    assert load_config(write(tmp_path, f"transactions: {url}\n"), {}).transactions == url


def test_a_horizon_may_be_left_to_the_log(tmp_path: Path) -> None:
    path = write(tmp_path, "horizon_days: auto\ncame_back_share: 0.2\n")
    assert load_config(path, {}) == Config(horizon_days="auto", came_back_share=0.2)
    assert load_config(path, {"horizon_days": 30}).horizon_days == 30


def test_the_file_of_the_working_directory_is_taken_if_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_config(None, {}) == Config()
    (tmp_path / FILE).write_text("horizon_days: 7\n")
    assert load_config(None, {}).horizon_days == 7
    assert load_config(write(tmp_path, ""), {}).horizon_days == 28


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("horizon: 28", "horizon Extra inputs are not permitted; got 28"),
        ("horizon_days: 0", "horizon_days should be whole days from 1 to 36500, or auto; got 0"),
        ("horizon_days: 40000", "horizon_days should be whole days from 1 to 36500, or auto; got 40000"),
        ("lookback_days: soon", "lookback_days should be a valid integer.*got 'soon'"),
        ("horizon_days: yes", "horizon_days should be whole days from 1 to 36500, or auto; got True"),
        ("horizon_days: 28.5", "horizon_days should be whole days from 1 to 36500, or auto; got 28.5"),
        ("horizon_days: often", "horizon_days should be whole days from 1 to 36500, or auto; got 'often'"),
        ("came_back_share: 10", "came_back_share should be less than 1; got 10"),
        ("came_back_of: members", "came_back_of should be 'silent' or 'all'; got 'members'"),
        ("duplicates: maybe", "duplicates should be 'keep', 'drop' or 'overlap'; got 'maybe'"),
        ("date_format: '%d'", "a date_format has year, month and day"),
        ("{date_format: iso, date_order: dmy}", "dates have one way of being written"),
        ("number_format: '12'", "a number_format shows how 1234.5 is written"),
        ("{number_format: '1,234.50', decimal_comma: true}", "numbers have one way of being written"),
        ("encoding: klingon", "an encoding is one that Python knows"),
        ("delimiter: ab", "a delimiter is one character"),
        ("header: [a, a]", "a header names each column once"),
        ("events: {path: e.csv, encoding: klingon}", "an encoding is one that Python knows"),
        ("columns: [card]", "columns should be a valid dictionary"),
        ("columns: card", "columns should be a valid dictionary"),
        ("columns: {amount: 7}", "columns.amount should be a valid string; got 7"),
        ("transactions: [a]", "transactions should be a valid string"),
        ("1: 2", "Keys should be strings"),
        ("- a", "a settings file is a mapping; got .*list"),
        ("a: [", "programme.yaml: a file is YAML; got "),
        ("a: 2017-13-45", "programme.yaml: a file is YAML; got "),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(ConfigError, match=match) as caught:
        load_config(write(tmp_path, text), {})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("overrides", [{"horizon_days": -3}, {"horizon": 3}])
def test_a_wrong_word_of_the_command_line_is_named(overrides: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"{next(iter(overrides))} .*got -?3"):
        load_config(write(tmp_path, ""), overrides)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.yaml: a file can be read; got No such file"):
        load_config(tmp_path / "missing.yaml", {})
    with pytest.raises(ConfigError, match="Is a directory"):
        load_config(tmp_path, {})
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(ConfigError, match=r"bytes\.yaml: a file is YAML"):
        load_config(tmp_path / "bytes.yaml", {})
    (tmp_path / "large.yaml").write_text("#" * 1_000_001)
    with pytest.raises(ConfigError, match=r"large\.yaml: .* at most a megabyte"):
        load_config(tmp_path / "large.yaml", {})


def test_the_policy_is_read_where_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text(
        "programme: P\ntiers: [{name: A}, {name: B, reach: 10.0}]\nmetric: spend\nwindow: {rolling_days: 30}\n"
    )
    policy = load_config(write(tmp_path, "policy: policy.yaml"), {}).load_policy()
    assert policy is not None
    assert policy.tier_names == ("A", "B")
    assert Config().load_policy() is None
    with pytest.raises(PolicyError, match="can be read"):
        Config(policy=str(tmp_path / "none.yaml")).load_policy()


def test_settings_do_not_change_afterwards() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Config().horizon_days = 3  # type: ignore[misc]


def test_features_are_a_list_or_a_file_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("- recency_days\n- {name: a, unit: count, expression: tenure(), meaning: b}\n")
    found = load_config(write(tmp_path, "features: own.yaml\n"), {})
    assert found.features == str(tmp_path / "own.yaml")
    assert [feature.name for feature in found.choose_features({"amount"})] == ["recency_days", "a"]
    assert [feature.name for feature in found.own_features()] == ["a"]
    listed = load_config(write(tmp_path, "features: [visits_182d]\n"), {})
    assert [feature.name for feature in listed.choose_features({"amount"})] == ["visits_182d"]
    assert Config().choose_features({"amount"}) == chosen_by_default({"amount"}, policy=False)
    assert Config().own_features() == ()


def test_a_wrong_feature_is_said_with_its_place() -> None:
    with pytest.raises(ConfigError, match=r"features\[1\]: a feature is registered; got 'nix'"):
        Config(features=["default", "nix"]).choose_features({"amount"})
    with pytest.raises(ConfigError, match=r"^features"):
        load_config(None, {"features": 7})


def test_tables_beside_the_transactions(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "events: {path: log/events.csv, columns: {kind: what}}\nmembers: {path: /data/members.csv}\n"
        "standing: {period_days: 30, spend_per_period: [10, 20, 40, 80]}\n",
    )
    found = load_config(
        path, {"events": {"path": None, "columns": {"score": "stars"}}, "members": {"path": None, "columns": {}}}
    )
    assert found.events == Table(path=str(tmp_path / "log/events.csv"), columns={"kind": "what", "score": "stars"})
    assert found.members == Table(path="/data/members.csv")
    assert (found.standing.period_days, found.standing.recency) == (30, (10, 30, 60, 120))
    said = load_config(path, {"events": {"path": "here.csv", "columns": {}}})
    assert said.events == Table(path="here.csv", columns={"kind": "what"})
    assert load_config(write(tmp_path, ""), {"events": {"path": None, "columns": {}}}).events is None


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("events: log.csv", "events should be a valid dictionary"),
        ("events: {columns: {kind: what}}", "events.path Field required"),
        ("events: {path: a, kind: b}", "events.kind"),
        ("members: [a]", "members should be a valid dictionary"),
        ("standing: {period_days: 0}", "standing.period_days should be greater than or equal to 1; got 0"),
        ("standing: {loyal_periods: 9}", "standing.loyal_periods is at most standing.periods; got 9 of 4"),
        ("standing: {quantiles: 5}", "standing.quantiles"),
    ],
)
def test_a_wrong_table_or_bound_is_named(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        load_config(write(tmp_path, text), {"events": {"path": None, "columns": {}}})


def test_columns_are_mapped_in_a_table_that_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="columns are mapped in a table of members; got columns and no table"):
        load_config(write(tmp_path, ""), {"members": {"path": None, "columns": {"joined": "since"}}})


@pytest.mark.parametrize(
    ("settings", "policy", "zone"),
    [
        (None, "", None),
        ("Asia/Shanghai", "", "Asia/Shanghai"),
        (None, "time_zone: Europe/Berlin\n", "Europe/Berlin"),
        ("Europe/Berlin", "time_zone: Europe/Berlin\n", "Europe/Berlin"),
    ],
)
def test_days_are_those_of_the_settings_or_the_policy(
    tmp_path: Path, settings: str | None, policy: str, zone: str | None
) -> None:
    rules = "programme: P\nmetric: spend\nwindow: {rolling_days: 91}\ntiers: [{name: A}]\n"
    (tmp_path / "policy.yaml").write_text(policy + rules)
    assert Config(policy=str(tmp_path / "policy.yaml"), time_zone=settings).programme_zone() == zone
    assert Config(time_zone=settings).programme_zone() == settings


def test_two_time_zones_are_refused(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text(
        "programme: P\ntime_zone: Europe/Berlin\nmetric: spend\nwindow: lifetime\ntiers: [{name: A}]\n"
    )
    with pytest.raises(ConfigError, match="got Asia/Shanghai and Europe/Berlin"):
        Config(policy=str(tmp_path / "policy.yaml"), time_zone="Asia/Shanghai").programme_zone()


def test_how_trees_learn_may_be_said(tmp_path: Path) -> None:
    file = tmp_path / "tiercast.yaml"
    file.write_text("learning:\n  leaves: 4\n  l2: 20\n")
    assert load_config(file, {}).learning == Learning(leaves=4, l2=20.0)
    file.write_text("horizon_days: 28\n")
    assert load_config(file, {}).learning is None
    file.write_text("learning: {leaves: 40}\n")
    with pytest.raises(ConfigError, match=r"learning\.leaves is a whole number from 2 to 8; got 40"):
        load_config(file, {})
