"""serving/database/store_file.py: nothing is acknowledged in a file that is gone from its path."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert
from stores import fill, opened, row, sqlite_url

from features.errors import StoreError
from serving.database.engine import open_engine, reading, writing
from serving.database.forecasts import look_up
from serving.database.generations import complete
from serving.database.store_file import reopened
from serving.database.tables import API_KEY

KEY = {"id": "1", "name": "n", "scopes": "read", "hash": b"", "made_at": ""}


@pytest.fixture
def engine(tmp_path: Path, ready_sqlite: Path) -> Iterator[Engine]:
    found = opened(sqlite_url(tmp_path, ready_sqlite))
    yield found
    found.dispose()


def write(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(insert(API_KEY).values(KEY))


def test_in_a_file_that_was_removed_nothing_is_written_and_no_other_is_made(engine: Engine, tmp_path: Path) -> None:
    generation = fill(engine, [row("a")])
    assert look_up(engine, generation.id, ["a"])
    (tmp_path / "store.sqlite").rename(tmp_path / "aside.sqlite")
    for _ in range(2):
        with pytest.raises(StoreError, match="stays where it was opened"):
            write(engine)
    assert not reopened(engine)
    assert not (tmp_path / "store.sqlite").exists()
    assert look_up(engine, generation.id, ["a"])  # by a connection that is there already
    (tmp_path / "aside.sqlite").rename(tmp_path / "store.sqlite")
    write(engine)


def test_one_that_was_replaced_is_left_for_the_new_one(engine: Engine, tmp_path: Path, ready_sqlite: Path) -> None:
    generation = fill(engine, [row("a")])
    shutil.copy(ready_sqlite, tmp_path / "new.sqlite")
    for end in ("-wal", "-shm"):
        (tmp_path / f"store.sqlite{end}").unlink(missing_ok=True)
    (tmp_path / "new.sqlite").replace(tmp_path / "store.sqlite")
    with pytest.raises(StoreError), reading(engine):
        pass
    assert reopened(engine)
    assert not reopened(engine)
    assert complete(engine) == []
    assert look_up(engine, generation.id, ["a"]) == {}
    write(engine)


def test_a_store_in_memory_has_no_file() -> None:
    engine = open_engine("sqlite://")
    with reading(engine):
        assert not reopened(engine)
    engine.dispose()
