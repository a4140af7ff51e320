"""Databases by URL: which there are, what a transaction promises, and what is said when one is away."""

from __future__ import annotations

import sqlite3
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from own_postgres import Cluster
from sqlalchemy import Connection, Engine, insert, select
from stores import DAY, fill, opened, postgres_url, row

from features.errors import ConfigError, StoreError
from serving.database.engine import WAIT_S, filling, open_engine, reading, writing
from serving.database.forecasts import ForecastRow, look_up
from serving.database.lines import Known, PostedLine, lines_of, post
from serving.database.tables import API_KEY

KEY = {"id": "1", "name": "n", "scopes": "read", "hash": b"", "made_at": ""}


@pytest.mark.parametrize("url", ["mysql://host/database", "no url", "", "postgres", "postgresql://host:none/d"])
def test_other_databases_are_refused_without_their_url(url: str) -> None:
    with pytest.raises(ConfigError, match="SQLite or PostgreSQL") as refused:
        open_engine(url)
    assert "host" not in str(refused.value).replace("user@host", "")


@pytest.mark.parametrize("way", [writing, filling])
def test_a_transaction_is_all_or_nothing(store: Engine, way: Callable[[Engine], AbstractContextManager[Connection]]) -> None:
    def broken_off() -> None:
        with way(store) as connection:
            connection.execute(insert(API_KEY).values(KEY))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken_off()
    with reading(store) as connection:
        assert connection.execute(select(API_KEY.c.id)).all() == []
    with way(store) as connection:
        connection.execute(insert(API_KEY).values(KEY))
    with reading(store) as connection:
        assert connection.execute(select(API_KEY.c.id)).all() == [("1",)]


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_sqlite_waits_for_the_disk_wherever_something_was_promised(store: Engine) -> None:
    full, normal = 2, 1
    for way, expected in [(writing, full), (filling, normal), (writing, full)]:
        with way(store) as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == expected
    with reading(store) as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA secure_delete").scalar() == 1


def test_an_error_of_the_database_does_not_repeat_what_was_sent(store: Engine) -> None:
    somebody = row("-".join("ANNA"))
    with pytest.raises(StoreError, match=r"SQLITE_CONSTRAINT_PRIMARYKEY|UniqueViolation") as failed:
        fill(store, [somebody, somebody])
    assert somebody.member not in "".join(traceback.format_exception(failed.value))


def test_a_file_that_is_no_database_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite").write_bytes(b"no database " * 999)
    engine = open_engine(f"sqlite:///{tmp_path / 'store.sqlite'}")
    with pytest.raises(StoreError, match="SQLITE_NOTADB"), reading(engine):
        pass
    with pytest.raises(StoreError):
        look_up(engine, 1, ["a"])
    engine.dispose()


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_locked_file_is_read_all_the_same(store: Engine, store_url: str) -> None:
    generation = fill(store, [row("a")])
    other = sqlite3.connect(store_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert look_up(store, generation.id, ["a"])
    other.close()


def test_a_server_that_is_restarted_under_load_is_away_and_back_by_itself(postgres: Cluster) -> None:
    engine = opened(postgres_url(postgres, "restarted"))
    generation = fill(engine, [row("a"), row("b")])
    acknowledged: list[str] = []
    slowest: dict[str, float] = {"read": 0.0, "write": 0.0}
    away = {"read": 0, "write": 0}
    other: list[BaseException] = []
    stopped = threading.Event()

    def alike(known: list[Known]) -> list[ForecastRow | None]:
        return [row(one.member) for one in known]

    def work(kind: str, number: int) -> None:
        i = 0
        while not stopped.is_set():
            began, i = time.monotonic(), i + 1
            try:
                if kind == "read":
                    assert look_up(engine, generation.id, ["a"])
                else:
                    post(engine, generation, [PostedLine("b", f"{number}-{i}", DAY, "{}")], alike)  # type: ignore[arg-type]
                    acknowledged.append(f"{number}-{i}")
            except StoreError:
                away[kind] += 1
                time.sleep(0.01)
            except BaseException as error:
                other.append(error)
            slowest[kind] = max(slowest[kind], time.monotonic() - began)

    threads = [threading.Thread(target=work, args=(kind, number)) for number, kind in enumerate(["read", "write"] * 2)]
    for thread in threads:
        thread.start()

    def wait_for(done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not done() and time.monotonic() < deadline:
            time.sleep(0.02)

    wait_for(lambda: len(acknowledged) >= 5)
    postgres.stop()
    before = len(acknowledged)
    wait_for(lambda: min(away.values()) > 0)
    postgres.start()
    wait_for(lambda: len(acknowledged) >= before + 10)
    stopped.set()
    for thread in threads:
        thread.join()
    assert other == []
    assert before > 0
    assert len(acknowledged) >= before + 10
    assert min(away.values()) > 0
    assert max(slowest.values()) < 4 * WAIT_S  # nobody hangs: a connection and a statement each wait so long at most
    kept = [line.key for line in lines_of(engine, ["b"])["b"]]
    assert set(acknowledged) <= set(kept)
    assert len(kept) == len(set(kept))
    engine.dispose()
