from __future__ import annotations

import datetime as dt
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import ArtifactError, NoModelError
from serving.store import MemberId, Store, StoreInfo, id_kind, member_key, write_store

DAY = dt.date(2020, 5, 1)


def write(path: Path, members: list[Any], *, mark: float = 0.0, version: str = "v1") -> StoreInfo:
    """A store of rows (position, mark)."""
    ids = np.array(members, dtype=object if isinstance(members[0], str) else None)
    rows = np.column_stack([np.arange(len(ids), dtype=np.float64), np.full(len(ids), mark)])
    return write_store(path, [(ids, rows)], model_version=version, as_of=DAY, kind=id_kind(ids), width=2)


@pytest.mark.parametrize(
    ("members", "kind"),
    [([7, -30, 2**62], "integer"), ([7.0, 30.5, 1e22], "real"), (["007", "7", "Ω 😀", "a'b", "\x00"], "text")],
)
def test_ids_come_back_as_they_came(tmp_path: Path, members: list[MemberId], kind: str) -> None:
    write(tmp_path / "s", members)
    store = Store(tmp_path / "s")
    assert store.info.id_kind == kind
    found = store.get(members)
    assert [found[member_key(member)][0] for member in members] == list(range(len(members)))
    back = [store.member(key) for key in (member_key(member) for member in members)]
    assert back == members
    assert [type(member) for member in back] == [type(member) for member in members]


def test_007_is_not_7(tmp_path: Path) -> None:
    write(tmp_path / "s", ["007", "7"])
    store = Store(tmp_path / "s")
    assert store.get(["007"])["007"][0] == 0
    assert store.get([7])["7"][0] == store.get([7.0])["7"][0] == store.get(["7"])["7"][0] == 1
    assert store.get(["07", " 7", "7 "]) == {}


def test_many_ids_in_one_question(tmp_path: Path) -> None:
    write(tmp_path / "s", list(range(1_500)))
    found = Store(tmp_path / "s").get([*range(300, 1_500), 9_999])
    assert {key: row[0] for key, row in found.items()} == {str(i): float(i) for i in range(300, 1_500)}


@given(rows=st.dictionaries(st.integers(-(2**63), 2**63 - 1), st.lists(st.floats(), min_size=3, max_size=3), max_size=8))
def test_numbers_come_back_to_the_bit(tmp_path_factory: pytest.TempPathFactory, rows: dict[int, list[float]]) -> None:
    path = tmp_path_factory.mktemp("bits") / "s"
    ids, values = np.array(list(rows), np.int64), np.array(list(rows.values()), np.float64).reshape(-1, 3)
    write_store(path, [(ids, values)], model_version="v", as_of=DAY, kind="integer", width=3)
    store = Store(path)
    found = store.get(list(rows))
    assert {key: row.tobytes() for key, row in found.items()} == {
        str(member): row.tobytes() for member, row in zip(rows, values, strict=True)
    }
    assert store.info == StoreInfo(1, "v", "2020-05-01", "integer", 3, len(rows))
    assert store.as_of == DAY


def test_the_old_store_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "s"
    write(path, [1, 2], mark=1.0)

    def breaks() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        yield np.array([1]), np.array([[0.0, 2.0]])
        assert Store(path).get([1])["1"][1] == 1.0
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_store(path, breaks(), model_version="v2", as_of=DAY, kind="integer", width=2)
    assert Store(path).get([1])["1"].tolist() == [0.0, 1.0]
    assert [file.name for file in tmp_path.iterdir()] == ["s"]


def test_readers_see_one_store_or_the_other_never_half(tmp_path: Path) -> None:
    path, members = tmp_path / "s", list(range(800))
    write(path, members)
    stop = threading.Event()
    seen: list[set[float]] = []

    def read() -> None:
        while not stop.is_set():
            found = Store(path).get(members)
            seen.append({row[1] for row in found.values()} if len(found) == len(members) else {-1.0, -2.0})

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for mark in range(1, 16):
        write(path, members, mark=float(mark))
    stop.set()
    for reader in readers:
        reader.join(30)
    assert len(seen) > 1
    assert all(len(marks) == 1 for marks in seen)


def test_an_open_store_stays_the_file_that_was_opened_in_every_thread(tmp_path: Path) -> None:
    path = tmp_path / "s"
    write(path, [1], mark=1.0)
    store = Store(path)
    write(path, [1], mark=2.0)
    found: list[float] = []
    other = threading.Thread(target=lambda: found.append(store.get([1])["1"][1]))
    other.start()
    other.join(30)
    assert found == [1.0]
    assert Store(path).get([1])["1"][1] == 2.0


@pytest.mark.parametrize("name", ["a b", "50%20", "what?", "a#b", "客户"])
def test_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    write(tmp_path / name / "s", [1])
    assert Store(tmp_path / name / "s").info.members == 1


def test_an_id_twice_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        write(tmp_path / "s", ["7", "7"])
    assert list(tmp_path.iterdir()) == []


def test_no_store_yet(tmp_path: Path) -> None:
    with pytest.raises(NoModelError, match="run 'tiercast score' first"):
        Store(tmp_path / "s")


@given(st.binary(max_size=300))
def test_other_files_are_no_store(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("other") / "s"
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match="a store is a SQLite file"):
        Store(path)


def _set_meta(path: Path, body: str | None) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM meta")
        if body is not None:
            connection.execute("INSERT INTO meta VALUES (?)", (body,))
        connection.commit()


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        (None, "a store is a SQLite file"),
        ("null", "a store is a SQLite file"),
        ("{", "a store is a SQLite file"),
        ('{"format": 1}', "a store is a SQLite file"),
        (
            '{"format":2,"model_version":"v","as_of":"2020-05-01","id_kind":"text","width":2,"members":1}',
            "a store has format 1; got format 2",
        ),
    ],
)
def test_a_store_of_another_kind(tmp_path: Path, meta: str | None, said: str) -> None:
    write(tmp_path / "s", ["a"])
    _set_meta(tmp_path / "s", meta)
    with pytest.raises(ArtifactError, match=said):
        Store(tmp_path / "s")


def test_a_store_damaged_below_its_head_is_said_on_reading(tmp_path: Path) -> None:
    path = tmp_path / "s"
    write(path, list(range(2_000)))
    content = bytearray(path.read_bytes())
    content[3 * 4_096 :] = bytes(len(content) - 3 * 4_096)  # its first three pages hold the schema and the meta row
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match="a store can be read"):
        Store(path).get(list(range(2_000)))
