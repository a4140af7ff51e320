from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import select
from stores import fill, opened, row, sqlite_url

from serving.commands.forget import NOT_REACHED
from serving.database.engine import reading
from serving.database.erasure import erased_marks
from serving.database.tables import FORECAST

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Five members, in the store and in a table."""
    place = tmp_path / "home"
    engine = opened(sqlite_url(place))
    names = [f"member-{i}" for i in range(5)]
    fill(engine, [row(name) for name in names])
    engine.dispose()
    pd.DataFrame({"customer_id": names}).to_csv(place / "forecasts.csv", index=False)
    return place


def members(home: Path) -> set[str]:
    engine = opened(sqlite_url(home))
    with reading(engine) as connection:
        found = set(connection.execute(select(FORECAST.c.member)).scalars())
    engine.dispose()
    assert set(pd.read_csv(home / "forecasts.csv")["customer_id"]) == found
    return {name.removeprefix("member-") for name in found}


def test_one_is_forgotten_and_not_named(run: Run, home: Path) -> None:
    code, out, said = run("forget", "member-3", "--home", home)
    assert (code, said) == (0, f"{NOT_REACHED}\n")
    assert "Spark" in NOT_REACHED
    assert "member-3" not in out
    receipt, table = out.splitlines()
    assert receipt.startswith("receipt ")
    assert "forecast 1" in receipt
    assert table == "forecasts.csv: 1 row"
    assert members(home) == {"0", "1", "2", "4"}


def test_many_are_read_from_standard_input(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("member-1\r\n\nmember-2\nnobody\n"))
    code, out, _ = run("forget", "--stdin", "--home", home)
    assert (code, out.count("receipt"), out.count("forecasts.csv: 2 rows")) == (0, 3, 1)
    assert members(home) == {"0", "3", "4"}


def test_of_whom_nothing_is_kept(run: Run, home: Path) -> None:
    code, out, said = run("forget", "nobody", "--home", home)
    assert (code, out.count("receipt")) == (3, 1)
    assert "1 id of which nothing is kept" in said
    assert "remembered as erased: batches from now on leave it out" in said
    assert "nobody" not in said
    engine = opened(sqlite_url(home))
    assert len(erased_marks(engine)) == 1
    engine.dispose()
    assert "nobody" not in out + said.replace("somebody", "")
    assert len(members(home)) == 5


@pytest.mark.parametrize("arguments", [[], ["member-1", "--stdin"]])
def test_either_one_or_many(run: Run, home: Path, arguments: list[str]) -> None:
    code, _, said = run("forget", *arguments, "--home", home)
    assert (code, "one MEMBER, or --stdin" in said) == (2, True)
    assert len(members(home)) == 5


def test_a_home_without_a_store_is_the_wrong_one(run: Run, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    code, out, said = run("forget", "member-1", "--home", wrong)
    assert (code, out) == (2, "")
    assert "members are erased from a store" in said
    assert "member-1" not in said
    assert not wrong.exists()
