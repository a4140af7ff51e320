from __future__ import annotations

from pathlib import Path

import pytest

from features.errors import ConfigError
from serving.commands.checked_log import checked_log
from training.config import Config


def test_rows_are_counted_and_what_was_refused_or_guessed_is_said(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("member_id,timestamp,amount\na,2020-01-01,1\na,2020-01-02,2\nb,soon,3\n")
    said: list[str] = []
    _, rows, refused = checked_log(Config(transactions=str(log)), said.append)
    assert (rows, sum(refused.values())) == (3, 1)
    assert said[0].startswith("reading ")
    assert said[1].startswith("refused 1 rows: ")
    assert "taken as customer_id: member_id" in said


def test_a_log_has_to_be_named() -> None:
    with pytest.raises(ConfigError, match="a log is named; got none"):
        checked_log(Config(), lambda _: None)
