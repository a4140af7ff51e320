from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from homes import Shop
from served import fill, opened
from sqlalchemy import Engine, delete, update

from features.errors import ArtifactError, StoreError
from features.operators import Floats
from features.snapshot import to_day
from serving.database.engine import writing
from serving.database.tables import FORECAST, HISTORY
from serving.desk.canary import Trial, possible, spread, tried
from serving.forecast.record import AT, Layout


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return opened(tmp_path)


def of(shop: Shop, engine: Engine, generation: Any, **options: Any) -> Trial:
    return tried(engine, generation, shop.forecaster, shop.layout, **options)


def test_a_batch_is_its_models(shop: Shop, engine: Engine) -> None:
    generation = fill(engine, shop)
    trial = of(shop, engine, generation)
    assert trial == Trial(generation.members, 0, 0, 0)
    assert trial.passed
    assert of(shop, engine, generation, most=7).tried <= 7


def test_each_number_counts(shop: Shop, engine: Engine) -> None:
    def change(rows: Floats) -> None:
        rows[3, -1] = np.nextafter(rows[3, -1], np.inf)
        rows[5, AT["p_churn"]] += 1e-15
        rows[7, AT["tier"]] = np.nan

    trial = of(shop, engine, fill(engine, shop, change=change))
    assert (trial.absent, trial.differing, trial.impossible) == (0, 3, 0)
    assert not trial.passed
    assert "3 with another one" in str(trial)


def test_another_pattern_of_what_is_not_available_is_alike(shop: Shop, engine: Engine) -> None:
    def change(rows: Floats) -> None:
        assert np.isnan(rows).any()
        rows[np.isnan(rows)] = -np.nan

    assert of(shop, engine, fill(engine, shop, change=change)).passed


def test_members_with_lines_posted_since_are_not_compared(shop: Shop, engine: Engine) -> None:
    def change(rows: Floats) -> None:
        rows[:2, 0] += 1.0

    generation = fill(engine, shop, change=change)
    keys = [str(member) for member in shop.forecaster.forecast(shop.histories, shop.as_of).members[:2]]
    day = to_day(shop.as_of)
    for key, changes in zip(keys, ({"stale": True}, {"as_of": day + 3}), strict=True):
        with writing(engine) as connection:
            connection.execute(update(FORECAST).where(FORECAST.c.member == key).values(changes))
    assert of(shop, engine, generation).passed


def test_histories_that_are_missing_or_damaged(shop: Shop, engine: Engine) -> None:
    generation = fill(engine, shop)
    (first, second, *_) = spread(engine, generation, 200)
    with writing(engine) as connection:
        connection.execute(delete(HISTORY).where(HISTORY.c.member == first))
    assert of(shop, engine, generation) == Trial(generation.members, 1, 0, 0)
    with writing(engine) as connection:
        connection.execute(update(HISTORY).where(HISTORY.c.member == second).values(body=b"damaged"))
    with pytest.raises(ArtifactError):
        of(shop, engine, generation)


def test_a_generation_without_its_rows_fails_and_an_empty_one_does_not(shop: Shop, engine: Engine) -> None:
    generation = fill(engine, shop)
    with writing(engine) as connection:
        connection.execute(delete(FORECAST))
    assert of(shop, engine, generation) == Trial(0, generation.members, 0, 0)
    assert not of(shop, engine, generation).passed
    assert of(shop, engine, dataclasses.replace(generation, members=0)).passed


def test_members_are_spread_from_the_coldest_to_the_hottest(shop: Shop, engine: Engine) -> None:
    generation = fill(engine, shop)
    everyone = spread(engine, generation, 200)
    assert len(everyone) == len(set(everyone)) == generation.members
    some = spread(engine, generation, 10)
    assert some == spread(engine, generation, 10)
    assert len(set(some)) == len(some) <= 10
    assert (some[0], everyone.index(some[-1]) >= generation.members - 3) == (everyone[0], True)
    assert some == sorted(some, key=everyone.index)


@pytest.mark.parametrize(
    ("change", "fine"),
    [
        (lambda rows, layout: None, True),
        (lambda rows, layout: rows.__setitem__((0, AT["p_churn"]), np.nan), False),
        (lambda rows, layout: rows.__setitem__((0, AT["p_churn"]), 1.0 + 1e-9), False),
        (lambda rows, layout: rows.__setitem__((0, AT["p_churn"]), -1e-9), False),
        (lambda rows, layout: rows.__setitem__((0, AT["log_odds"]), np.inf), False),
        (lambda rows, layout: rows.__setitem__((0, layout.p_tier), [0.5, 0.6]), False),
        (lambda rows, layout: rows.__setitem__((0, layout.p_tier), [1.5, -0.5]), False),
        (lambda rows, layout: rows.__setitem__((0, layout.p_tier), [0.5, np.nan]), False),
        (lambda rows, layout: rows.__setitem__((0, layout.p_tier), np.nan), True),
    ],
)
def test_what_is_possible(shop: Shop, change: Callable[[Floats, Layout], Any], fine: bool) -> None:
    rows = np.zeros((2, shop.layout.width))
    rows[:, shop.layout.p_tier] = [0.25, 0.75]
    change(rows, shop.layout)
    assert possible(rows, shop.layout).tolist() == [fine, True]


def test_a_database_that_is_away_is_no_verdict(shop: Shop, engine: Engine, tmp_path: Path) -> None:
    generation = fill(engine, shop)
    engine.dispose()
    for path in tmp_path.iterdir():
        path.unlink()
    with pytest.raises(StoreError):
        of(shop, engine, generation)
