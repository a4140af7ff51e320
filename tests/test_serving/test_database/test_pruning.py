"""What stays of a store that has seen many batches."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Engine, func, select, update
from stores import AS_OF, BUNDLE, DAY, fill, row

from features.errors import NoModelError, StoreError
from serving.database import pruning
from serving.database.engine import reading, writing
from serving.database.forecasts import look_up
from serving.database.generations import add, begin, complete, model
from serving.database.lines import Known, PostedLine, lines_of, post
from serving.database.pruning import prune
from serving.database.tables import FORECAST, GENERATION, HISTORY
from training.artifact import Bundle

OTHER = Bundle({"trained_as_of": "2026-02-01"}, {})


def counted(store: Engine) -> list[tuple[int, int]]:
    """Rows by generation, of forecasts and histories alike."""
    with reading(store) as connection:
        forecasts, histories = (
            [(row[0], row[1]) for row in connection.execute(select(table.c.generation, func.count()).group_by("generation"))]
            for table in (FORECAST, HISTORY)
        )
    assert sorted(forecasts) == sorted(histories)
    return sorted(forecasts)


def posted(store: Engine) -> list[PostedLine]:
    found = lines_of(store, ["a", "b"])
    return sorted(line for lines in found.values() for line in lines)


def test_the_two_newest_that_differ_stay(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "CHUNK", 3)
    rows = [row(f"{i}") for i in range(8)]
    fill(store, rows, bundle=OTHER)
    fill(store, rows, as_of=AS_OF)
    fill(store, rows, as_of=AS_OF + dt.timedelta(1))
    previous = fill(store, rows, as_of=AS_OF + dt.timedelta(1))
    newest = fill(store, rows[:6], as_of=AS_OF + dt.timedelta(2))
    prune(store)
    assert complete(store) == [newest, previous]
    assert counted(store) == [(previous.id, 8), (newest.id, 6)]
    assert model(store, BUNDLE.version)
    with pytest.raises(NoModelError):
        model(store, OTHER.version)
    prune(store)
    assert counted(store) == [(previous.id, 8), (newest.id, 6)]


def test_what_is_being_filled_stays_until_its_batch_has_been_gone_for_a_day(store: Engine) -> None:
    generation = begin(store, OTHER, AS_OF, "text", 3, "{}")
    add(store, generation, [row("a")], [("a", b"")])
    prune(store)
    add(store, generation, [row("b")], [("b", b"")])
    with writing(store) as connection:
        a_day_ago = (dt.datetime.now(dt.UTC) - dt.timedelta(days=1, seconds=5)).isoformat(timespec="seconds")
        connection.execute(update(GENERATION).values(filled_at=a_day_ago))
    prune(store)
    assert counted(store) == []
    with pytest.raises(StoreError, match="one that is not open"):
        add(store, generation, [row("c")], [])
    with pytest.raises(NoModelError):
        model(store, OTHER.version)


def test_lines_that_every_batch_has_read_go(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def alike(known: list[Known]) -> list[object]:
        return [row(one.member) for one in known]

    monkeypatch.setattr(pruning, "CHUNK", 3)
    first = fill(store, [row("a"), row("b")])
    lines = [PostedLine(member, f"{day}-{i}", day, "{}") for member in "ab" for day in (DAY, DAY + 4) for i in range(4)]
    post(store, first, lines, alike)  # type: ignore[arg-type]
    fill(store, [row("a"), row("b")], as_of=AS_OF + dt.timedelta(2))
    prune(store)
    assert posted(store) == sorted(lines)  # the first may still be asked
    third = fill(store, [row("a"), row("b")], as_of=AS_OF + dt.timedelta(4))
    prune(store)
    assert posted(store) == sorted(line for line in lines if line.day == DAY + 4)
    assert look_up(store, third.id, ["a"])["a"].stale
