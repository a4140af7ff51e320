from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from homes import shop_log

from features.errors import SourceError
from features.histories import Histories
from features.packing import pack_all
from serving.commands import long_log
from serving.commands.long_log import about_lines, read_log
from training.config import Config


@pytest.fixture
def log(tmp_path: Path) -> Path:
    frame = shop_log(30)
    frame.loc[3, "timestamp"] = "soon"
    for name, part in (("a", frame[:500]), ("b", frame[500:])):
        part.to_parquet(tmp_path / f"{name}.parquet")
    frame.to_csv(tmp_path / "log.csv", index=False)
    return tmp_path


def test_a_long_log_is_read_in_turns_and_is_the_same(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events = pd.DataFrame({"customer_id": ["003", "029"], "timestamp": ["2020-02-01"] * 2, "event": ["opened"] * 2})
    events.to_csv(log / "events.csv", index=False)
    config = Config(transactions=str(log / "log.csv"), events={"path": str(log / "events.csv")})
    said: list[str] = []
    at_once = read_log(config, said.append, {"amount"}, 5)
    assert isinstance(at_once.histories, Histories)
    monkeypatch.setattr(long_log, "AT_ONCE_BYTES", 12_000)
    in_turn = read_log(config, said.append, {"amount"}, 5)
    assert not isinstance(in_turn.histories, Histories)
    assert (in_turn.members, in_turn.rows, in_turn.refused) == (30, at_once.rows, {"unparsable_time": 1})
    reads = list(in_turn.histories)
    assert 1 < len(reads) <= 6
    assert [body for read in reads for body in pack_all(read)] == pack_all(at_once.histories)
    assert {read.span for read in reads} == {at_once.first.span}
    assert f"30 members, read in {len(reads)} turns to spare memory" in said


def test_about_how_long_a_log_is(log: Path) -> None:
    lines = len(pd.read_csv(log / "log.csv"))
    assert about_lines(str(log / "*.parquet")) == lines
    assert lines / 2 < about_lines(str(log / "log.csv")) < lines * 2
    assert about_lines("postgresql://host/db?table=log") == 0
    assert about_lines(str(log / "none.csv")) == 0


def test_a_file_that_was_cut_off_is_said_by_the_check_of_it(log: Path) -> None:
    cut = log / "a.parquet"
    cut.write_bytes(cut.read_bytes()[:-40])
    assert about_lines(str(cut)) == 0
    with pytest.raises(SourceError, match="a parquet file can be read as such"):
        read_log(Config(transactions=str(cut)), lambda _: None, {"amount"}, 5)
