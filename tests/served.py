"""Databases filled as a batch fills them, with the forecasts of a small shop."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from homes import Shop
from sqlalchemy import Engine

from features.operators import Floats
from features.packing import pack_all, shared
from features.snapshot import to_day
from serving.database.engine import open_engine
from serving.database.forecasts import ForecastRow
from serving.database.generations import Generation, add, begin, publish
from serving.database.schema import ensure
from serving.members import id_kind, member_key
from serving.record import Layout
from serving.scoring import score
from training.artifact import Bundle, load


def bundle_of(shop: Shop) -> Bundle:
    return load(shop.home.models / shop.layout.model_version)


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
    begun: Bundle | None = None,
) -> Generation:
    """A published generation of the shop's members; ``change`` works on its rows before they are written."""
    bundle, as_of = bundle or bundle_of(shop), as_of or shop.as_of
    layout = Layout.of(shop.forecaster, bundle.version)
    scores = score(shop.forecaster, layout, shop.histories, as_of)
    change(scores.rows)
    keys = [member_key(member) for member in scores.members.tolist()]
    forecasts = [
        ForecastRow(
            key,
            to_day(as_of),
            False,
            None if np.isnan(scores.value_at_risk[i]) else float(scores.value_at_risk[i]),
            float(scores.temperature[i]),
            None if scores.tier[i] < 0 else int(scores.tier[i]),
            int(scores.stage[i]),
            int(scores.near[i]),
            scores.rows[i].tobytes(),
        )
        for i, key in enumerate(keys)
    ]
    generation = begin(engine, bundle, as_of, id_kind(shop.histories.members), layout.width, shared(shop.histories))
    packed = zip(map(member_key, shop.histories.members.tolist()), pack_all(shop.histories), strict=True)
    add(engine, generation, forecasts, list(packed))
    return publish(engine, generation, len(forecasts))
