"""Generations: filled out of sight, put in place at once."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Engine, update
from stores import AS_OF, BUNDLE, DAY, fill, row

from features.errors import ArtifactError, InputError, NoModelError, StoreError
from serving.database.engine import writing
from serving.database.forecasts import look_up
from serving.database.generations import Generation, add, begin, complete, model, publish
from serving.database.tables import MODEL


def test_a_generation_is_in_place_when_it_is_published(store: Engine) -> None:
    generation = begin(store, BUNDLE, AS_OF, "integer", 7, '{"columns": []}')
    assert generation == Generation(generation.id, BUNDLE.version, AS_OF, "integer", 7, 0, '{"columns": []}')
    add(store, generation, [row("1"), row("2")], [("1", b"a"), ("2", b"b"), ("3", b"c")])
    assert complete(store) == []
    published = publish(store, generation, 2)
    assert complete(store) == [published]
    assert published.members == 2
    second = fill(store, [row("1")], as_of=AS_OF + dt.timedelta(1))
    assert complete(store) == [second, published]


def test_rows_are_added_all_or_none(store: Engine) -> None:
    generation = begin(store, BUNDLE, AS_OF, "text", 3, "{}")
    with pytest.raises(StoreError):
        add(store, generation, [row("1"), row("2"), row("1")], [])
    add(store, generation, [row("1", as_of=DAY + 3, stale=True)], [("1", b"")])
    publish(store, generation, 1)
    assert look_up(store, generation.id, ["1", "2"]) == {"1": (DAY + 3, True, b"forecast of 1")}


def test_what_is_complete_takes_no_more_rows(store: Engine) -> None:
    generation = fill(store, [row("1")])
    with pytest.raises(StoreError, match="a batch fills a generation of its own"):
        add(store, generation, [row("2")], [])


def test_a_model_comes_back_whole_or_not_at_all(store: Engine) -> None:
    fill(store, [])
    fill(store, [], as_of=AS_OF + dt.timedelta(1))  # the same model again
    assert model(store, BUNDLE.version) == BUNDLE
    with pytest.raises(NoModelError):
        model(store, "2026-01-01-00000000")
    for damaged in (b"not compressed", b"x\x9c\x03\x00\x00\x00\x00\x01"):
        with writing(store) as connection:
            connection.execute(update(MODEL).values(body=damaged))
        with pytest.raises(ArtifactError, match="matches its version"):
            model(store, BUNDLE.version)


@pytest.mark.parametrize("member", ["a\0b", "a\ud800"])
def test_an_id_that_could_not_be_asked_for_is_not_stored(store: Engine, member: str) -> None:
    generation = begin(store, BUNDLE, AS_OF, "text", 3, "{}")
    with pytest.raises(InputError, match="without null characters"):
        add(store, generation, [row("a"), row("b")._replace(member=member)], [])
    with pytest.raises(InputError, match="without null characters"):
        add(store, generation, [], [(member, b"")])
