from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from features.declared import choose, entries, read_entries
from features.errors import ConfigError
from features.feature import Feature, Phrase, Unit
from features.registry import chosen_by_default

WEEK: dict[str, Any] = {"name": "visits_7d", "unit": "count", "expression": "total('visits', 7)", "meaning": "days with it"}


def test_a_file_of_names_and_declarations(tmp_path: Path) -> None:
    file = tmp_path / "features.yaml"
    file.write_text(
        "- default\n- visits_182d\n- name: spend_7d\n  unit: currency\n  expression: total('gross', 7)\n  meaning: spend\n"
        "  reason: {en: 'spent {value}', zh: '消费 {value}'}\n  absent: none\n  direction: -1\n",
        encoding="utf-8",
    )
    first, second, own = read_entries(file)
    assert (first, second) == ("default", "visits_182d")
    assert own == Feature(
        *("spend_7d", Unit.MONEY, "total('gross', 7)", "spend"),
        reason=Phrase("spent {value}", "消费 {value}"),
        absent=Phrase("none", "none"),
        direction=-1,
    )


def test_default_stands_for_what_the_log_can_give_and_each_comes_once() -> None:
    wanted = entries(["default", "recency_days", WEEK], "features")
    found = choose(wanted, {"amount"}, policy=False)
    assert found[:-1] == chosen_by_default({"amount"}, policy=False)
    assert found[-1].name == "visits_7d"
    assert found[-1].reason.en == "{value} days with it"


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ([], r"features: a list of features has an entry; got none"),
        (["visits_7d"], r"features\[0\]: a feature is registered; got 'visits_7d'"),
        (["default", 7], r"features\[1\] is a name or a declaration; got int"),
        ([WEEK, WEEK], r"features: a feature stands in a list once; got 'visits_7d'"),
        ([{**WEEK, "name": "tier"}], r"features\[0\]\.name is not registered yet; got 'tier'"),
        ([{**WEEK, "name": "default"}], r"features\[0\]\.name is not registered yet"),
        ([{**WEEK, "name": "Visits 7"}], r"features\[0\]: a feature's name is in lower case"),
        ([{**WEEK, "unit": "visits"}], r"features\[0\]\.unit is one of days, count, .*; got 'visits'"),
        ([{**WEEK, "expression": "total('visit', 7)"}], r"features\[0\]\.expression: total\(\) takes a value; got 'visit'"),
        ([{**WEEK, "expression": "__import__('os')"}], r"features\[0\]\.expression: a feature is written in operators"),
        ([{**WEEK, "expression": 7}], r"features\[0\]\.expression is a text; got 7"),
        ([{key: WEEK[key] for key in ("name", "unit", "expression")}], r"features\[0\]\.meaning is a text; got None"),
        ([{**WEEK, "why": "so"}], r"features\[0\] has name, unit, .*; got 'why'"),
        ([{**WEEK, "reason": "{value.x}"}], r"features\[0\]: a phrase holds \{value\} and \{s\} .*; got .\{value\.x\}"),
        ([{**WEEK, "reason": {"en": "a"}}], r"features\[0\]\.reason is a text, or one each for en and zh"),
        ([{**WEEK, "direction": 2}], r"features\[0\]\.direction is -1, 0 or 1; got 2"),
        ([{**WEEK, "direction": True}], r"features\[0\]\.direction is -1, 0 or 1; got True"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(content: list[Any], match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        entries(content, "features")


@pytest.mark.parametrize(
    ("text", "match"),
    [("name: x", "a file of features is a list; got dict"), ("[", "a file is YAML"), ("- nix", r"\[0\]: a")],
)
def test_a_file_that_is_no_list(tmp_path: Path, text: str, match: str) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=rf"own\.yaml.*{match}"):
        read_entries(file)
