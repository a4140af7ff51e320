from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from features.errors import ConfigError
from serving.commands.checked_log import checked_events, checked_log, checked_members
from training.config import Config, Table


def test_rows_are_counted_and_what_was_refused_or_guessed_is_said(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("member_id,timestamp,amount\na,2020-01-01,1\na,2020-01-02,2\nb,soon,3\n")
    said: list[str] = []
    _, rows, refused = checked_log(Config(transactions=str(log)), said.append)
    assert (rows, sum(refused.values())) == (3, 1)
    assert said[0].startswith("reading ")
    assert said[1].startswith("refused 1 row: ")
    assert "taken as customer_id: member_id" in said


def test_the_tables_beside_a_log_are_written_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text('member,date,kind,score\na,31.01.2020,survey,"4,5"\n')
    (tmp_path / "members.csv").write_text("member,joined\na,1.2.2019\n")
    config = Config(
        decimal_comma=True,
        date_order="dmy",
        events=Table(path=str(tmp_path / "events.csv")),
        members=Table(path=str(tmp_path / "members.csv"), columns={"joined": "joined"}),
    )
    said: list[str] = []
    assert config.events is not None
    assert config.members is not None
    events = checked_events(config.events, config, said.append).folded.to_pylist()
    assert [(row["day"], row["score"]) for row in events] == [(dt.date(2020, 1, 31), 45_000)]
    members = checked_members(config.members, config, said.append).folded.to_pylist()
    assert [row["joined"] for row in members] == [dt.date(2019, 2, 1)]
    assert said == [f"reading {tmp_path / name}" for name in ("events.csv", "members.csv")]


def test_a_log_has_to_be_named() -> None:
    with pytest.raises(ConfigError, match="a log is named; got none"):
        checked_log(Config(), lambda _: None)


def test_a_table_beside_a_log_may_be_written_in_its_own_way(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_bytes("member;date;kind;score;Ort\na;2020-01-31;survey;4.5;Köln\n".encode("latin-1"))
    (tmp_path / "members.csv").write_text("a 31Jan20\n")
    config = Config(
        number_format="1.234,50",
        date_format="%d%b%y",
        encoding="gb18030",  # of the log's file alone
        events=Table(path=str(tmp_path / "events.csv"), date_format="iso", decimal_comma=False, encoding="latin-1"),
        members=Table(path=str(tmp_path / "members.csv"), header=("member", "joined")),
    )
    assert config.events is not None
    assert config.members is not None
    events = checked_events(config.events, config, str).folded.to_pylist()
    assert [(row["day"], row["score"]) for row in events] == [(dt.date(2020, 1, 31), 45_000)]
    assert checked_members(config.members, config, str).folded["joined"].to_pylist() == [dt.date(2020, 1, 31)]


def test_what_would_read_a_log_is_said(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("member_id,timestamp,amount\na,31Jan20,1\na,28Feb20,2\n")
    said: list[str] = []
    checked_log(Config(transactions=str(tmp_path / "log.csv")), said.append)
    assert "write date_format: '%d%b%y', which reads such times" in said
