"""What can be served: a generation of forecasts with the model that made it, out of the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from sqlalchemy import Engine, select

from features.bounds import StandingBounds
from features.errors import ArtifactError, InputError, NoModelError
from serving.batch.generation_log import bounds_of
from serving.database.engine import reading
from serving.database.forecasts import counted_from
from serving.database.generations import Generation, model
from serving.database.tables import GENERATION, MODEL
from serving.forecast.record import Layout
from serving.forecast.temperature import BANDS, BandName
from training.artifact import to_forecaster
from training.forecaster import Forecaster
from training.provenance import Provenance

_FIX: Final = "run 'tiercast score' again"


@dataclass(frozen=True, eq=False)
class Champion:
    """A generation, the model that made it, and where that came from; ``bounds`` are those of the batch.

    ``temperatures`` are the members by band, lowest first, as they were when the generation was taken up.
    """

    generation: Generation
    forecaster: Forecaster
    layout: Layout
    filled_at: dt.datetime
    provenance: Provenance = field(default_factory=Provenance)
    temperatures: Mapping[BandName, int] = field(default_factory=dict)

    @cached_property
    def bounds(self) -> StandingBounds:
        """What the batch told standings by."""
        return bounds_of(self.generation.log)

    @classmethod
    def load(cls, engine: Engine, generation: Generation, at_work: Champion | None = None) -> Champion:
        """A generation with its model out of the database; that of ``at_work`` is not loaded twice.

        Raises
        ------
        ArtifactError
            the model is damaged, of another release, or not that of the generation
        NoModelError, StoreError
        """
        version = generation.model_version
        known = select(GENERATION.c.filled_at, MODEL.c.about).join(MODEL).where(GENERATION.c.id == generation.id)
        with reading(engine) as connection:
            row = connection.execute(known).first()
        if row is None:
            raise NoModelError("a generation is served with its model", "one that is gone", _FIX)
        if at_work is not None and at_work.generation.model_version == version:
            forecaster, layout = at_work.forecaster, at_work.layout
        else:
            try:
                forecaster = to_forecaster(model(engine, version))
            except InputError as error:  # of another release: nothing that a caller of the service could mend
                raise ArtifactError("a model fits this release", error.got, "train it again with this release") from error
            layout = Layout.of(forecaster, version)
        if generation.width != layout.width:
            raise ArtifactError("a generation's rows are as wide as its model says", "others", _FIX)
        counts = counted_from(engine, generation.id, [band.low for band in BANDS])
        temperatures = {band.name: count for band, count in zip(BANDS, counts, strict=True)}
        filled_at, provenance = dt.datetime.fromisoformat(row.filled_at), Provenance.from_json(row.about)
        return cls(generation, forecaster, layout, filled_at, provenance, temperatures)
