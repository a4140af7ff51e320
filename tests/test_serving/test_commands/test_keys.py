from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]


def test_a_key_is_made_listed_and_revoked(run: Run, tmp_path: Path) -> None:
    home = ("--home", tmp_path / "home")
    code, text, said = run("keys", "make", "--name", "shop", "--scope", "forecast", "--scope", "write", *home)
    assert code == 0
    assert "there are no keys" not in said
    prefix, key_id, secret = text.strip().split("_", 2)
    assert (prefix, text.count("\n")) == ("tc", 1)
    assert len(secret) == 43
    assert secret not in said
    assert run("keys", "make", "--name", "desk", "--scope", "desk", *home)[0] == 0
    code, listed, _ = run("keys", "list", *home)
    assert code == 0
    assert secret not in listed
    rows = [line.split("\t") for line in listed.splitlines()]
    shop = next(row for row in rows if row[0] == key_id)
    assert (len(rows), shop[1], shop[2], shop[4]) == (2, "shop", "forecast write", "in force")
    assert run("keys", "revoke", key_id, *home)[0] == 0
    listed = run("keys", "list", *home)[1]
    assert "revoked 2" in next(line for line in listed.splitlines() if line.startswith(key_id))
    assert listed.count("in force") == 1


def test_without_keys_the_list_says_so(run: Run, tmp_path: Path) -> None:
    assert run("keys", "list", "--home", tmp_path / "home") == (0, "", "there are no keys: 'tiercast keys make' makes one\n")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["make", "--name", "shop"], 2, "--scope"),
        (["make", "--name", "shop", "--scope", "root"], 2, "'root' is not one of"),
        (["make", "--name", "", "--scope", "desk"], 2, "1 to 80"),
        (["revoke", "none"], 3, "see 'tiercast keys list'"),
    ],
)
def test_what_cannot_be_is_said(run: Run, tmp_path: Path, arguments: list[str], code: int, said: str) -> None:
    done, _, error = run("keys", *arguments, "--home", tmp_path / "home")
    assert (done, said in error) == (code, True)
