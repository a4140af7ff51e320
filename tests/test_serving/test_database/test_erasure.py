"""Erasing a member: nothing of theirs is left, in any table or file, and nobody else misses anything."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine
from stores import AS_OF, BUNDLE, DAY, fill, row

from serving.database.erasure import erase, erased_marks, take_out
from serving.database.forecasts import ForecastRow, histories, look_up
from serving.database.generations import add, begin
from serving.database.lines import Known, PostedLine, lines_of, post
from training.artifact import Bundle

OTHER = Bundle({"trained_as_of": "2026-02-01"}, {})


def alike(known: Sequence[Known]) -> list[ForecastRow | None]:
    return [row(one.member) for one in known]


def test_every_row_of_a_member_goes_and_a_receipt_stays(store: Engine) -> None:
    first, second = fill(store, [row("anna"), row("bo")]), fill(store, [row("anna")], bundle=OTHER)
    filling = begin(store, BUNDLE, AS_OF, "text", 3, "{}")
    add(store, filling, [row("anna")], [("anna", b"")])
    post(store, first, [PostedLine(member, key, DAY, "{}") for member in ("anna", "bo") for key in "12"], alike)
    receipt = erase(store, "anna", b"mark of anna")
    assert receipt.counts == {"forecast": 3, "history": 3, "line": 2}
    assert "anna" not in repr(dataclasses.asdict(receipt))
    for generation in (first, second, filling):
        assert look_up(store, generation.id, ["anna"]) == histories(store, generation.id, ["anna"]) == {}
    assert list(lines_of(store, ["anna", "bo"])) == ["bo"]
    assert list(look_up(store, first.id, ["anna", "bo"])) == ["bo"]
    assert erased_marks(store) == {b"mark of anna"}


def test_once_more_is_the_same_receipt(store: Engine) -> None:
    fill(store, [row("anna")])
    receipt = erase(store, "anna", b"anna")
    assert erase(store, "anna", b"anna").counts == receipt.counts
    fill(store, [row("anna")], bundle=OTHER)
    again = erase(store, "anna", b"anna")
    assert again.id == receipt.id
    assert again.counts == {"forecast": 2, "history": 2, "line": 0}
    other = erase(store, "\ud800", b"nobody that could be stored")
    assert other.id != receipt.id
    assert other.counts == {"forecast": 0, "history": 0, "line": 0}
    assert len(erased_marks(store)) == 2


def test_a_member_erased_while_a_batch_was_made_is_taken_out_of_it(store: Engine) -> None:
    generation = begin(store, BUNDLE, AS_OF, "text", 3, "{}")
    members = [f"{i}" for i in range(600)]
    add(store, generation, list(map(row, members)), [(member, b"h") for member in members])
    take_out(store, generation, members[1:])
    assert list(look_up(store, generation.id, members)) == list(histories(store, generation.id, members)) == ["0"]


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_no_file_of_sqlite_holds_what_was_erased(store: Engine, tmp_path: Path) -> None:
    secret, others = b"what anna bought " * 9, [row(f"{i}", body=b"of others " * 99) for i in range(99)]
    generation = fill(store, [*others, row("anna", body=secret * 50)])
    fill(store, [row("anna", body=secret)], bundle=OTHER)
    post(store, generation, [PostedLine("anna", "1", DAY, secret.decode())], lambda known: [row("anna", body=secret)])

    def held() -> bool:
        return any(secret in path.read_bytes() for path in tmp_path.iterdir())

    assert held()
    erase(store, "anna", b"anna")
    assert not held()
