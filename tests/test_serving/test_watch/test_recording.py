from __future__ import annotations

import math

import numpy as np
import pytest
from homes import Shop, opened_store
from sqlalchemy import Engine
from stores import fill, opened, row, sqlite_url
from watched import TRAINED, Scoring, World

from features.snapshot import to_day
from serving.database.erasure import erase
from serving.database.generations import complete
from serving.desk.erasing import erase_everywhere
from serving.privacy.pseudonyms import erasure_secret, mark
from serving.settings import Home
from serving.watch import recording
from serving.watch.kept import read_runs
from serving.watch.recording import record_run, stored
from serving.watch.told import read_told
from training.sightings import AMOUNT, DAYS, MEMBERS, P_CHURN, sighting


def test_a_run_is_counted_as_the_reference_is_made(place: Home, world: World, scored: Scoring) -> None:
    run = scored(28, refused={"rows": 10})
    assert read_runs(place.path) == [run]
    assert (run.version, run.compared, run.refused, run.outcome) == (world.version, True, {"rows": 10}, None)
    assert run.bins == world.reference.bins
    seen = sighting(world.fitted.forecaster, world.histories, run.as_of)
    columns = seen.columns()
    assert set(run.counts) == {quantity.name for quantity in world.reference.quantities}
    for quantity in world.reference.quantities:
        assert list(run.counts[quantity.name]) == quantity.count(columns[quantity.name][1]).tolist(), quantity.name
    assert run.levels == seen.levels
    assert run.members == len(columns[P_CHURN][1])
    assert run.means[P_CHURN] == pytest.approx(columns[P_CHURN][1].mean())


def test_what_is_kept_of_members_is_what_was_said_of_them_and_no_id(place: Home, world: World, scored: Scoring) -> None:
    run = scored(28)
    told = read_told(place.path, run.version, run.as_of)
    assert told is not None
    forecasts = world.fitted.forecaster.forecast(world.histories.before(run.as_of), run.as_of)
    secret = erasure_secret(place.path)
    row = {mark(secret, member): k for k, member in enumerate(forecasts.members.tolist())}
    at = [row[found] for found in told.marks.tolist()]
    assert sorted(at) == list(range(len(forecasts.members)))
    assert np.array_equal(told.p_churn, forecasts.p_churn[at])
    assert forecasts.p_tier is not None
    assert np.array_equal(told.p_tier, forecasts.p_tier[at])
    left = b"".join(path.read_bytes() for path in (place.path / "watch").rglob("*") if path.is_file())
    assert not [member for member in forecasts.members.tolist() if member.encode() in left]


def test_the_store_is_read_in_parts_on_each_database(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = ["", "7", "70", "B", "a", "é"]
    generation = fill(store, [row(key, body=np.full(3, float(k)).tobytes()) for k, key in enumerate(keys)])
    fill(store, [row("other", body=np.zeros(3).tobytes())])
    for size, parts in ((1, 6), (4, 2), (20, 1)):
        monkeypatch.setattr(recording, "CHUNK", size)
        found = list(stored(store, generation))
        assert len(found) == parts
        assert [key for part in found for key in part.keys] == keys
        assert np.concatenate([part.rows for part in found]).tolist() == [[float(k)] * 3 for k in range(len(keys))]


def test_whoever_is_erased_leaves_the_runs_too(place: Home, world: World, scored: Scoring) -> None:
    run = scored(28)
    member = str(world.fitted.forecaster.forecast(world.histories.before(run.as_of), run.as_of).members[0])
    secret = erasure_secret(place.path)
    store = opened(sqlite_url(place.path))
    done = erase_everywhere(store, place.path, [member], secret)
    assert [(wiped.path.name, wiped.rows) for wiped in done.tables if "watch" in wiped.path.parts] == [
        (f"{run.as_of}.parquet", 1)
    ]
    told = read_told(place.path, run.version, run.as_of)
    assert told is not None
    assert len(told) == run.members - 1
    assert mark(secret, member) not in told.marks.tolist()
    store.dispose()


def test_whoever_is_erased_while_a_run_is_recorded_is_not_kept(
    place: Home, world: World, scored: Scoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored(0)
    store = opened(sqlite_url(place.path))
    generation, secret, read = complete(store)[0], erasure_secret(place.path), recording.stored
    gone: list[str] = []

    def meanwhile(engine: Engine, of: object) -> object:
        for part in read(engine, generation):
            yield part
            gone.append(part.keys[0])
            erase(store, part.keys[0], mark(secret, part.keys[0]))

    monkeypatch.setattr(recording, "stored", meanwhile)
    run = record_run(place, world.fitted.bundle, generation, store)
    told = read_told(place.path, run.version, run.as_of)
    store.dispose()
    assert told is not None
    assert len(gone) == 1
    assert mark(secret, gone[0]) not in told.marks.tolist()
    assert len(told) == run.members - 1


def test_a_log_that_was_read_in_parts_is_seen_through_the_store(
    place: Home, world: World, scored: Scoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = scored(28)
    store = opened(sqlite_url(place.path))
    generation = complete(store)[0]
    monkeypatch.setattr(recording, "_HISTORIES", 50)
    again = record_run(place, world.fitted.bundle, generation, store)
    assert again == run
    monkeypatch.setattr(recording, "_MOST_HISTORIES", 60)
    some = record_run(place, world.fitted.bundle, generation, store)
    store.dispose()
    assert some.levels[MEMBERS] == run.members
    assert some.levels[DAYS] == pytest.approx(run.levels[DAYS], rel=0.4)
    few, all_ = (sum(each.counts[AMOUNT]) for each in (some, run))
    assert 0 < few < all_
    assert some.counts[P_CHURN] == run.counts[P_CHURN]


def test_without_a_reference_a_run_is_kept_and_not_compared(shop: Shop) -> None:
    with opened_store(shop.home.store) as store:
        run = record_run(shop.home, shop.bundle, shop.scored.generation, store, histories=shop.histories)
    assert (run.compared, run.counts, run.members) == (False, {}, shop.scored.members)
    assert read_runs(shop.home.path) == [run]


def test_a_run_without_members_is_a_run(place: Home, world: World, scored: Scoring) -> None:
    visits, then = world.histories.visits, to_day(TRAINED) - 100
    gone = [k for k in range(len(world.histories)) if visits.day[visits.offsets[k + 1] - 1] < then]
    run = scored(28, world.histories.select(np.array(gone)))
    assert (run.members, run.levels["members"]) == (0, 0.0)
    assert math.isnan(run.means[P_CHURN])
    told = read_told(place.path, run.version, run.as_of)
    assert told is not None
    assert len(told) == 0
    assert read_runs(place.path)[0].as_of == run.as_of


def test_a_damaged_reference_or_past_run_is_no_obstacle(place: Home, world: World, scored: Scoring) -> None:
    run = scored(28)
    (place.path / "watch" / world.version / "reference.json").write_bytes(b"\xff")
    (place.path / "watch" / world.version / "2020-01-01.parquet").write_bytes(b"PAR1")
    said: list[str] = []
    again = scored(28, say=said.append)
    assert (again.compared, again.counts, again.bins, again.members) == (False, {}, "", run.members)
    assert read_runs(place.path) == [again]
    assert len(said) == 1
    assert said[0].startswith("this run is not compared with its model's training: ")
    assert "reference.json" in said[0]
