from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

import pytest
from homes import Shop

from features.errors import ArtifactError, NoModelError
from serving.desk import Desk
from serving.predictor import Ask, Predictor
from serving.settings import Home


@pytest.fixture
def place(shop: Shop, tmp_path: Path) -> Home:
    """A home with the shop's model and no store yet."""
    home = Home(tmp_path / "home")
    home.path.mkdir()
    home.models.symlink_to(shop.home.models)
    return home


def put(shop: Shop, home: Home, as_of: dt.date) -> None:
    shop.score(home.path / "out", as_of, store=home.store)


def test_nothing_is_opened_before_the_first_question(place: Home) -> None:
    desk = Desk(place)
    assert not desk.ready()
    with pytest.raises(NoModelError, match="none yet"):
        desk.predictor()


def test_one_predictor_until_the_store_is_replaced(shop: Shop, place: Home) -> None:
    desk = Desk(place)
    put(shop, place, shop.as_of)
    assert desk.ready()
    first = desk.predictor()
    assert desk.predictor() is first
    earlier = shop.as_of - dt.timedelta(days=30)
    put(shop, place, earlier)
    second = desk.predictor()
    assert second is not first
    assert (first.store.as_of, second.store.as_of) == (shop.as_of, earlier)
    member = shop.log.customer_id.iloc[-1]
    assert first.look_up([member], Ask())[0][0]["as_of"] == shop.as_of.isoformat()
    assert second.look_up([member], Ask())[0][0]["as_of"] == earlier.isoformat()


def test_a_damaged_store_is_said_and_a_good_one_mends_it(shop: Shop, place: Home) -> None:
    desk = Desk(place)
    place.store.write_bytes(b"no store" * 100)
    for _ in range(2):
        with pytest.raises(ArtifactError):
            desk.predictor()
    assert not desk.ready()
    put(shop, place, shop.as_of)
    assert desk.ready()


def test_a_store_whose_model_is_gone(shop: Shop, place: Home) -> None:
    put(shop, place, shop.as_of)
    place.models.unlink()
    with pytest.raises(NoModelError):
        Desk(place).predictor()


def test_threads_open_it_once(shop: Shop, place: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    put(shop, place, shop.as_of)
    opened: list[Predictor] = []
    original = Predictor.open.__func__  # type: ignore[attr-defined]

    def counted(cls: type[Predictor], home: Home) -> Predictor:
        opened.append(original(cls, home))
        return opened[-1]

    monkeypatch.setattr(Predictor, "open", classmethod(counted))
    desk = Desk(place)
    start = threading.Barrier(8)
    seen: list[Predictor] = []

    def ask() -> None:
        start.wait(30)
        seen.append(desk.predictor())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(opened) == 1
    assert len(seen) == 8
    assert set(map(id, seen)) == {id(opened[0])}
