"""Databases filled as a batch fills them, with the forecasts of a small shop."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

from homes import Shop
from sqlalchemy import Engine

from features.operators import Floats
from features.packing import pack_all, shared
from serving.batch.forecast_rows import forecast_rows
from serving.batch.known import as_known
from serving.database.engine import open_engine
from serving.database.generations import Generation, add, begin, publish
from serving.database.schema import ensure
from serving.forecast.members import id_kind, member_key
from serving.forecast.record import Layout
from serving.forecast.scoring import score
from training.artifact import Bundle


def another(bundle: Bundle, name: str = "another") -> Bundle:
    """A model of the same forecasts and of another version."""
    return Bundle({**bundle.plain, "learning": {"name": name}}, bundle.texts)


def opened(folder: Path) -> Engine:
    """An empty database."""
    folder.mkdir(parents=True, exist_ok=True)
    engine = open_engine(f"sqlite:///{folder / 'store.sqlite'}")
    ensure(engine)
    return engine


def fill(
    engine: Engine,
    shop: Shop,
    as_of: dt.date | None = None,
    *,
    bundle: Bundle | None = None,
    change: Callable[[Floats], Any] = lambda rows: None,
) -> Generation:
    """A published generation of the shop's members; ``change`` works on its rows before they are written."""
    bundle, as_of = bundle or shop.bundle, as_of or shop.as_of
    layout, known = Layout.of(shop.forecaster, bundle.version), as_known(shop.histories.only(shop.forecaster.columns), as_of)
    scores = score(shop.forecaster, layout, known, as_of)
    change(scores.rows)
    generation = begin(engine, bundle, as_of, id_kind(known.members), layout.width, shared(known))
    histories = zip(map(member_key, known.members.tolist()), pack_all(known), strict=True)
    add(engine, generation, forecast_rows(scores), list(histories))
    return publish(engine, generation, len(scores))
