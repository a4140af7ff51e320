from __future__ import annotations

import datetime as dt
import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from homes import Shop
from served import another, fill, opened
from sqlalchemy import Engine, delete, update

from features.errors import NoModelError, TrackingError
from serving.database.engine import open_engine, writing
from serving.database.forecasts import look_up
from serving.database.generations import Generation
from serving.database.tables import FORECAST, GENERATION, HISTORY, MODEL
from serving.desk import following as following_module
from serving.desk.following import Desk, Status


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return opened(tmp_path / "store")


class Registry:
    """Says who is champion; an error is raised."""

    def __init__(self) -> None:
        self.said: str | Exception | None = None
        self.asked = 0

    def __call__(self, tracking_uri: str) -> str | None:
        self.asked += 1
        if isinstance(self.said, Exception):
            raise self.said
        return self.said


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    made = Registry()
    monkeypatch.setattr(following_module, "champion_version", made)
    return made


AWAY = TrackingError("MLflow's registry answers", "no answer", "wait")


def looked(desk: Desk) -> tuple[str, dt.date, bool]:
    """What is served after one look, and whether another is waited for."""
    desk.look()
    served = desk.current().generation
    return served.model_version, served.as_of, desk.status.waiting


def test_nothing_is_served_before_the_first_batch(shop: Shop, tmp_path: Path, registry: Registry) -> None:
    desk = Desk(open_engine(f"sqlite:///{tmp_path}/none.sqlite"), "")
    desk.look()
    assert not desk.ready()
    with pytest.raises(NoModelError, match="no complete one"):
        desk.current()
    engine = opened(tmp_path / "later")
    desk = Desk(engine, "")
    desk.look()
    assert not desk.ready()
    fill(engine, shop)
    assert looked(desk) == (shop.bundle.version, shop.as_of, False)
    assert desk.ready()
    assert desk.status == Status()


def test_tables_that_come_later_are_seen(shop: Shop, tmp_path: Path, registry: Registry) -> None:
    desk = Desk(open_engine(f"sqlite:///{tmp_path}/store.sqlite"), "")
    desk.look()
    assert desk.status.store_up
    fill(opened(tmp_path), shop)
    assert looked(desk)[1] == shop.as_of


def test_the_newest_of_any_model_without_a_registry(shop: Shop, engine: Engine, registry: Registry) -> None:
    desk, later, other = Desk(engine, ""), shop.as_of + dt.timedelta(days=1), another(shop.bundle)
    fill(engine, shop)
    first = looked(desk)
    fill(engine, shop, later)
    assert looked(desk) == (first[0], later, False)
    assert desk.current().forecaster is desk.current().forecaster
    fill(engine, shop, later, bundle=other)
    assert looked(desk) == (other.version, later, False)
    assert (desk.status.swaps, desk.status.refused) == (2, 0)


def test_a_model_at_work_is_not_loaded_twice(shop: Shop, engine: Engine, registry: Registry) -> None:
    desk = Desk(engine, "")
    fill(engine, shop)
    desk.look()
    first = desk.current()
    fill(engine, shop, shop.as_of + dt.timedelta(days=1))
    desk.look()
    assert desk.current() is not first
    assert desk.current().forecaster is first.forecaster


def test_the_registrys_champion_is_served_and_not_the_newest(shop: Shop, engine: Engine, registry: Registry) -> None:
    ours, challenger = shop.bundle, another(shop.bundle)
    fill(engine, shop)
    fill(engine, shop, bundle=challenger)
    desk = Desk(engine, "")
    registry.said = ours.version
    assert looked(desk) == (ours.version, shop.as_of, False)
    registry.said = challenger.version
    assert looked(desk) == (challenger.version, shop.as_of, False)


def test_a_champion_without_a_generation_is_waited_for(shop: Shop, engine: Engine, registry: Registry) -> None:
    ours, later = shop.bundle.version, shop.as_of + dt.timedelta(days=1)
    fill(engine, shop)
    registry.said = ours
    desk = Desk(engine, "")
    assert looked(desk) == (ours, shop.as_of, False)
    registry.said = "2031-01-01-00000000"
    assert looked(desk) == (ours, shop.as_of, True)
    assert desk.status.wanted == registry.said
    # Batches of the old model go on meanwhile.
    fill(engine, shop, later)
    assert looked(desk) == (ours, later, True)
    registry.said = ours
    assert looked(desk) == (ours, later, False)


def test_a_named_model_is_served_whatever_the_registry_says(shop: Shop, engine: Engine, registry: Registry) -> None:
    ours, other = shop.bundle, another(shop.bundle)
    fill(engine, shop)
    fill(engine, shop, bundle=other)
    registry.said = other.version
    desk = Desk(engine, "", model=ours.version)
    assert looked(desk) == (ours.version, shop.as_of, False)
    assert registry.asked == 0


def test_a_registry_that_is_away_at_the_start(shop: Shop, engine: Engine, registry: Registry) -> None:
    ours, other = shop.bundle, another(shop.bundle)
    registry.said = AWAY
    fill(engine, shop)
    assert looked(Desk(engine, "")) == (ours.version, shop.as_of, False)  # there is but one
    fill(engine, shop, bundle=other)
    desk = Desk(engine, "")
    desk.look()
    assert (desk.champion, desk.status.registry_up, desk.status.registry_away) == (None, False, 1)
    registry.said = ours.version
    assert looked(desk) == (ours.version, shop.as_of, False)
    registry.said = AWAY
    later = shop.as_of + dt.timedelta(days=1)
    fill(engine, shop, later)
    assert looked(desk) == (ours.version, later, False)  # its last word holds
    assert (desk.status.registry_up, desk.status.registry_away) == (False, 2)
    registry.said = NoModelError("a registered model has the alias 'champion'", "none that has", "train one")
    assert looked(desk) == (ours.version, later, False)
    assert (desk.status.registry_up, desk.status.registry_away) == (True, 2)


def test_a_registry_that_vanishes_does_not_let_the_newest_in(shop: Shop, engine: Engine, registry: Registry) -> None:
    ours = shop.bundle
    fill(engine, shop)
    fill(engine, shop, bundle=another(ours))
    registry.said = ours.version
    desk = Desk(engine, "")
    assert looked(desk) == (ours.version, shop.as_of, False)
    registry.said = None
    assert looked(desk) == (ours.version, shop.as_of, False)
    assert (desk.status.registry_up, desk.status.registry_away) == (False, 1)


def damage(engine: Engine, *, version: str) -> None:
    with writing(engine) as connection:
        connection.execute(update(MODEL).where(MODEL.c.version == version).values(body=b"damaged"))


def test_a_damaged_model_is_refused_once_and_the_old_one_stays(
    shop: Shop, engine: Engine, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    ours, other = shop.bundle, another(shop.bundle)
    fill(engine, shop)
    desk = Desk(engine, "")
    desk.look()
    fill(engine, shop, bundle=other)
    damage(engine, version=other.version)
    registry.said = other.version
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert looked(desk) == (ours.version, shop.as_of, True)
    assert desk.status.refused == 1
    assert len([record for record in caplog.records if "is not taken up" in record.message]) == 1
    better = another(ours, "better")
    fill(engine, shop, bundle=better)
    registry.said = better.version
    assert looked(desk) == (better.version, shop.as_of, False)


def test_forecasts_that_differ_from_the_batch_are_refused(shop: Shop, engine: Engine, registry: Registry) -> None:
    def change(rows: Any) -> None:
        rows[0, -1] = np.nextafter(rows[0, -1], 1.0)

    ours, later = shop.bundle.version, shop.as_of + dt.timedelta(days=1)
    fill(engine, shop)
    desk = Desk(engine, "")
    desk.look()
    fill(engine, shop, later, change=change)
    assert looked(desk) == (ours, shop.as_of, False)
    assert desk.status.refused == 1
    desk = Desk(engine, "")  # a start finds the older one, too
    assert looked(desk) == (ours, shop.as_of, False)


@pytest.mark.parametrize(
    "spoil",
    [
        update(GENERATION).values(width=3),
        update(GENERATION).values(log="{}"),
        update(GENERATION).values(log="[1]"),
        update(GENERATION).values(filled_at="yesterday"),
        update(HISTORY).values(body=b"damaged"),
        update(FORECAST).values(body=b"1234567"),
        update(MODEL).values(body=b"damaged"),
        update(MODEL).values(about="damaged"),
        delete(HISTORY),
        delete(FORECAST),
    ],
)
def test_whatever_is_damaged_is_said_at_the_first_start(shop: Shop, engine: Engine, registry: Registry, spoil: Any) -> None:
    fill(engine, shop)
    with writing(engine) as connection:
        connection.execute(spoil)
    desk = Desk(engine, "")
    desk.look()
    assert desk.status.refused == 1
    with pytest.raises(NoModelError, match="none that could be taken up"):
        desk.current()


def test_a_database_that_goes_and_comes_back(shop: Shop, tmp_path: Path, registry: Registry) -> None:
    place, aside = tmp_path / "store", tmp_path / "aside"
    engine = opened(place)
    fill(engine, shop)
    desk = Desk(engine, "")
    desk.look()
    served = desk.current()
    assert desk.ready()
    engine.dispose()
    shutil.move(place, aside)
    for seen in (1, 2):
        desk.look()
        assert desk.current() is served
        assert (desk.status.store_up, desk.status.store_away) == (False, seen)
    assert not desk.ready()
    engine.dispose()
    shutil.move(aside, place)
    desk.look()
    assert desk.current() is served
    assert (desk.status.store_up, desk.status.store_away, desk.status.swaps) == (True, 2, 0)
    assert desk.ready()


def test_a_file_put_in_the_stores_place_is_what_is_served(shop: Shop, tmp_path: Path, registry: Registry) -> None:
    first, second = opened(tmp_path / "store"), opened(tmp_path / "other")
    earlier = shop.as_of - dt.timedelta(days=7)
    assert fill(first, shop).id == fill(second, shop, as_of=earlier).id
    second.dispose()
    desk = Desk(first, "")
    assert looked(desk)[1] == shop.as_of
    (file,) = (tmp_path / "store").glob("*.sqlite")
    for one in file.parent.glob(f"{file.name}-*"):
        one.unlink()
    (tmp_path / "other" / file.name).replace(file)
    assert looked(desk)[1] == earlier
    assert desk.ready()


def test_a_generation_that_is_gone_is_served_no_more(shop: Shop, engine: Engine, registry: Registry) -> None:
    generation = fill(engine, shop)
    desk = Desk(engine, "")
    desk.look()
    with writing(engine) as connection:
        for table in (FORECAST, HISTORY, GENERATION):
            connection.execute(delete(table))
    desk.look()
    with pytest.raises(NoModelError):
        desk.current()
    assert not desk.ready()
    assert fill(engine, shop).id >= generation.id
    assert looked(desk)[1] == shop.as_of


def test_ready_means_that_a_member_is_forecast(shop: Shop, engine: Engine, registry: Registry) -> None:
    fill(engine, shop)
    desk = Desk(engine, "")
    desk.look()
    assert desk.ready()
    with writing(engine) as connection:
        connection.execute(delete(HISTORY))
    assert not desk.ready()


@pytest.fixture
def following(engine: Engine, registry: Registry) -> Iterator[Callable[[], Desk]]:
    made: list[Desk] = []

    def start() -> Desk:
        made.append(Desk(engine, "", every_s=0.001))
        made[-1].start()
        made[-1].start()
        return made[-1]

    yield start
    for desk in made:
        desk.stop()


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30.0
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_the_thread_outlives_what_nobody_foresaw(
    shop: Shop, engine: Engine, registry: Registry, following: Callable[[], Desk], caplog: pytest.LogCaptureFixture
) -> None:
    registry.said = RuntimeError("M-0815")
    desk = following()
    wait_for(lambda: registry.asked > 2)
    assert "RuntimeError at test_following.py" in caplog.text
    assert "M-0815" not in caplog.text
    fill(engine, shop)
    registry.said = None
    wait_for(lambda: desk.champion is not None)


def test_each_answer_is_of_one_model_while_the_alias_moves(
    shop: Shop, engine: Engine, registry: Registry, following: Callable[[], Desk]
) -> None:
    later = shop.as_of + dt.timedelta(days=2)
    bundles = [shop.bundle, another(shop.bundle)]
    generations = [
        fill(engine, shop, as_of, bundle=bundle) for as_of, bundle in zip((shop.as_of, later), bundles, strict=True)
    ]
    member = str(shop.forecaster.forecast(shop.histories, later).members[0])
    bodies = {one.id: look_up(engine, one.id, [member])[member].body for one in generations}
    assert len(set(bodies.values())) == 2
    registry.said = bundles[0].version
    desk = following()
    wait_for(lambda: desk.champion is not None)
    ended, seen, wrong = threading.Event(), [set[int]() for _ in range(8)], []

    def ask(own: set[int]) -> None:
        while not ended.wait(0.005):
            now = desk.current()
            generation: Generation = now.generation
            stored = look_up(engine, generation.id, [member])[member]
            row = np.frombuffer(stored.body)
            answer = now.layout.answer(member, generation.as_of, row, reasons=0, language="en")
            own.add(generation.id)
            expected = next(one for one in generations if one.id == generation.id)
            if (
                stored.body != bodies[generation.id]
                or answer["model_version"] != expected.model_version
                or now.forecaster.settings.trained_as_of != shop.forecaster.settings.trained_as_of
                or generation.as_of != expected.as_of
            ):
                wrong.append(generation.id)

    threads = [threading.Thread(target=ask, args=(own,)) for own in seen]
    for thread in threads:
        thread.start()
    for i in range(1, 21):
        registry.said = bundles[i % 2].version
        wait_for(lambda: desk.current().generation.model_version == registry.said)
        wait_for(lambda: desk.status.swaps == i)  # counted just after  # noqa: B023
        wait_for(lambda: generations[i % 2].id in set().union(*seen))  # noqa: B023
    ended.set()
    for thread in threads:
        thread.join(30)
    assert not wrong
    assert desk.status.swaps == 20
    assert set().union(*seen) == {one.id for one in generations}


def test_current_never_waits_for_a_look(
    shop: Shop, engine: Engine, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(engine, shop)
    desk = Desk(engine, "")
    desk.look()
    entered, leave = threading.Event(), threading.Event()

    def slow(_: str) -> str | None:
        entered.set()
        leave.wait(30)
        return None

    monkeypatch.setattr(following_module, "champion_version", slow)
    thread = threading.Thread(target=desk.look)
    thread.start()
    assert entered.wait(30)
    assert desk.current().generation.as_of == shop.as_of
    leave.set()
    thread.join(30)
