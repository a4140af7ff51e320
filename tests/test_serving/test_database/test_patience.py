"""serving/database/patience.py: a server that hangs holds nobody for long, and is asked again when it goes on."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from own_postgres import Cluster
from sqlalchemy import Engine, text
from stores import fill, opened, postgres_url, row

from features.errors import StoreError
from serving.database import patience
from serving.database.asking import ask
from serving.database.engine import WAIT_S, filling, reading, writing
from serving.database.forecasts import look_up


@contextmanager
def hanging(*pids: int) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@pytest.fixture
def store(postgres: Cluster) -> Iterator[Engine]:
    engine = opened(postgres_url(postgres, "hung"))
    yield engine
    engine.dispose()


def test_a_server_that_hangs_is_away_and_back_by_itself(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    generation = fill(store, [row("a")])
    assert look_up(store, generation.id, ["a"])
    ((asked,),) = ask(store, "SELECT pg_backend_pid()")
    with reading(store) as connection:
        pooled = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    monkeypatch.setattr(patience, "GRACE_S", 0.5 - WAIT_S)
    with hanging(asked, pooled):
        began = time.monotonic()
        with pytest.raises(StoreError):
            look_up(store, generation.id, ["a"])
        assert 0.4 < time.monotonic() - began < 3.0
        with reading(store) as connection:  # the pool leaves the one that hangs, and opens another
            assert connection.execute(text("SELECT 1")).scalar() == 1
        assert time.monotonic() - began < 4.0
    assert look_up(store, generation.id, ["a"])


def test_a_server_that_is_slow_is_waited_for_as_long_as_was_said(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "GRACE_S", 0.2 - WAIT_S)
    slow = text("SELECT pg_sleep(0.6)")
    with pytest.raises(StoreError), writing(store) as connection:
        connection.execute(slow)
    for way in (filling(store), writing(store, WAIT_S + 5.0)):
        with way as connection:
            connection.execute(slow)
    with pytest.raises(StoreError), writing(store) as connection:
        connection.execute(slow)
