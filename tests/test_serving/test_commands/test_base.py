from __future__ import annotations

from pathlib import Path

import pytest
from corner_shop import write_programme

from serving.commands.base import read, read_base
from training.config import load_config


@pytest.fixture
def said() -> list[str]:
    return []


def test_training_and_scoring_see_events_and_dates_of_joining(tmp_path: Path, said: list[str]) -> None:
    histories = read(load_config(write_programme(tmp_path), {}), said.append)
    assert histories.events["survey"].values["score"].tolist() == [50_000]
    assert histories.joined is not None
    assert (histories.joined >= 0).tolist() == [True, False, False]
    assert histories.span[1].isoformat() == "2020-03-01"


def test_descriptions_have_costs_and_the_member_table(tmp_path: Path, said: list[str]) -> None:
    base = read_base(load_config(write_programme(tmp_path), {}), said.append)
    assert {"cost", "quantity"} <= base.histories.columns
    assert base.enrolled is not None
    assert base.enrolled.consent.tolist() == [1, 0, -1]
    assert base.enrolled.prospects.ids.tolist() == ["0004", "0005"]
    assert "refused 1 row of the member table: consent is none of true/false, 1/0, yes/no, ja/nein, 是/否" in said


def test_without_tables_nothing_is_added(tmp_path: Path, said: list[str]) -> None:
    path = write_programme(tmp_path)
    path.write_text(path.read_text().partition("events:")[0])
    base = read_base(load_config(path, {}), said.append)
    assert (base.enrolled, base.histories.joined, dict(base.histories.events)) == (None, None, {})
