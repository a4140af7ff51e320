"""Questions over connections that threads keep."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Engine, event
from stores import fill, row

from features.errors import StoreError
from serving.database.asking import ask, mark
from serving.database.forecasts import look_up


def test_a_thread_keeps_its_connection_and_the_pool_keeps_its_own(store: Engine) -> None:
    opened: list[object] = []
    event.listen(store, "connect", lambda connection, _: opened.append(connection))
    for _ in range(3):
        assert ask(store, f"SELECT 1 WHERE 1 = {mark(store)}", (1,)) == [(1,)]
    before = len(opened)
    held = threading.Barrier(21, timeout=30)
    answers: list[object] = []

    def asking() -> None:
        answers.append(ask(store, "SELECT 2"))
        held.wait()
        held.wait()

    threads = [threading.Thread(target=asking) for _ in range(20)]  # more than a pool holds
    for thread in threads:
        thread.start()
    held.wait()
    assert answers == [[(2,)]] * 20
    assert store.pool.checkedout() == 0  # type: ignore[attr-defined]
    held.wait()
    for thread in threads:
        thread.join()
    assert len(opened) <= before + 20


def test_an_answer_is_as_new_as_the_question(store: Engine) -> None:
    assert ask(store, "SELECT count(*) FROM forecast") == [(0,)]
    generation = fill(store, [row("a")])
    assert list(look_up(store, generation.id, ["a"])) == ["a"]


def test_a_question_that_fails_is_told_and_the_next_is_answered(store: Engine) -> None:
    with pytest.raises(StoreError):
        ask(store, "SELECT nothing FROM nowhere")
    assert ask(store, "SELECT 1") == [(1,)]


def test_an_engine_that_was_disposed_of_opens_anew(store: Engine) -> None:
    assert ask(store, "SELECT 1") == [(1,)]
    store.dispose()
    assert ask(store, "SELECT 1") == [(1,)]
