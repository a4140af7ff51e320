"""A generation tried before it is served: what its model says of some members again, and what the batch said of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine, select

from features.operators import Floats
from features.packing import unpack
from features.snapshot import to_day
from serving.batch.generation_log import bounds_of
from serving.database.engine import reading
from serving.database.forecasts import histories, look_up
from serving.database.generations import Generation
from serving.database.tables import FORECAST
from serving.forecast.record import AT, Layout
from serving.forecast.scoring import score
from training.forecaster import Forecaster

MEMBERS: Final = 200
_CLOSE: Final = 1e-9


@dataclass(frozen=True)
class Trial:
    """How many of the members tried are unlike what was stored of them, in numbers alone.

    ``absent`` have no history, or no forecast by it; ``differing`` have another one; ``impossible`` one that is no
    probability. Members of whom lines were posted since the batch are tried, and not compared.
    """

    tried: int
    absent: int
    differing: int
    impossible: int

    @property
    def passed(self) -> bool:
        """Whether the generation can be served."""
        return not (self.absent or self.differing or self.impossible)

    def __str__(self) -> str:
        return (
            f"of {self.tried} members tried {self.absent} without a forecast, {self.differing} with another one, "
            f"{self.impossible} with an impossible one"
        )


def tried(engine: Engine, generation: Generation, forecaster: Forecaster, layout: Layout, most: int = MEMBERS) -> Trial:
    """Forecast members from their stored histories and compare each number with the batch's, to the bit.

    Parameters
    ----------
    most : members to try

    Raises
    ------
    StoreError
    ArtifactError
        histories that cannot be read
    """
    keys = spread(engine, generation, most)
    if not keys:
        return Trial(0, generation.members, 0, 0)
    stored = look_up(engine, generation.id, keys)
    packed = histories(engine, generation.id, keys)
    known = [key for key in keys if key in stored and key in packed]
    scores = score(
        forecaster,
        layout,
        unpack([(key, packed[key]) for key in known], generation.log),
        generation.as_of,
        bounds_of(generation.log),
    )
    rows = dict(zip(scores.members.tolist(), scores.rows, strict=True))
    batch = to_day(generation.as_of)
    fresh = [key for key in rows if not stored[key].stale and stored[key].as_of == batch]
    differing = sum(not _same(rows[key], np.frombuffer(stored[key].body, "<f8")) for key in fresh)
    impossible = int((~possible(scores.rows, layout)).sum())
    return Trial(len(keys), len(keys) - len(rows), differing, impossible)


def spread(engine: Engine, generation: Generation, most: int) -> list[str]:
    """At most so many members of a generation, from the coldest to the hottest; the same ones whenever it is asked."""
    own = FORECAST.c.generation == generation.id
    by_temperature = FORECAST.c.temperature, FORECAST.c.member
    found: dict[str, None] = {}
    with reading(engine) as connection:
        if generation.members <= most:
            return list(connection.execute(select(FORECAST.c.member).where(own).order_by(*by_temperature)).scalars())
        # Each is found by its place in an index, which takes as long for ten million members as for a thousand.
        by_warmth = select(FORECAST.c.temperature).where(own).limit(1)
        coldest = connection.execute(by_warmth.order_by(FORECAST.c.temperature)).scalar()
        hottest = connection.execute(by_warmth.order_by(FORECAST.c.temperature.desc())).scalar()
        if coldest is None or hottest is None:
            return []
        for least in np.linspace(coldest, hottest, most).tolist():
            next_one = select(FORECAST.c.member).where(own, FORECAST.c.temperature >= least).order_by(*by_temperature)
            found |= dict.fromkeys(connection.execute(next_one.limit(1)).scalars())
    return list(found)


def possible(rows: Floats, layout: Layout) -> npt.NDArray[np.bool_]:
    """(n,) whether a row's probabilities are some: of leaving in [0, 1], of tiers adding up to 1 where there are any.

    Parameters
    ----------
    rows : (n, width), as serving.forecast.record has them
    """
    p_churn, p_tier = rows[:, AT["p_churn"]], rows[:, layout.p_tier]
    fine = np.isfinite(rows[:, AT["log_odds"]]) & (p_churn >= 0.0) & (p_churn <= 1.0)
    if p_tier.shape[1]:
        in_range = ((p_tier >= 0.0) & (p_tier <= 1.0)).all(axis=1) & (np.abs(p_tier.sum(axis=1) - 1.0) <= _CLOSE)
        fine &= in_range | np.isnan(p_tier).all(axis=1)
    return np.asarray(fine)


def _same(first: Floats, second: Floats) -> bool:
    """Equal to the bit; what is not available is alike whichever of its bit patterns stands for it."""
    if first.shape != second.shape:
        return False
    alike = (first.view(np.int64) == second.view(np.int64)) | (np.isnan(first) & np.isnan(second))
    return bool(alike.all())
