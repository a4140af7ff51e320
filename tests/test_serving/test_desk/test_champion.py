from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from homes import Shop
from served import fill, opened
from sqlalchemy import update

from features.bounds import StandingBounds
from features.errors import ArtifactError, NoModelError
from serving.database.engine import writing
from serving.database.generations import complete
from serving.database.tables import MODEL
from serving.desk.champion import Champion


def test_a_generation_comes_with_the_model_that_made_it(shop: Shop, tmp_path: Path) -> None:
    engine = opened(tmp_path / "store")
    fill(engine, shop)
    (generation,) = complete(engine)
    loaded = Champion.load(engine, generation)
    assert loaded.layout == shop.layout
    assert loaded.bounds == StandingBounds()
    again = Champion.load(engine, generation, loaded)
    assert again.forecaster is loaded.forecaster
    engine.dispose()


def test_what_does_not_fit_is_not_loaded(shop: Shop, tmp_path: Path) -> None:
    engine = opened(tmp_path / "store")
    fill(engine, shop)
    (generation,) = complete(engine)
    with pytest.raises(ArtifactError, match="as wide as its model says"):
        Champion.load(engine, replace(generation, width=generation.width + 1))
    with pytest.raises(NoModelError, match="one that is gone"):
        Champion.load(engine, replace(generation, id=generation.id + 1))
    with writing(engine) as connection:
        connection.execute(update(MODEL).values(body=b"damaged"))
    with pytest.raises(ArtifactError):
        Champion.load(engine, generation)
    engine.dispose()
