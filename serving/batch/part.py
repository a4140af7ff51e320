"""Some members of a batch, scored: their rows of the table, their forecasts and histories as the store keeps them."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from features.bounds import StandingBounds
from features.histories import Histories
from features.packing import pack_all
from serving.batch.forecast_rows import forecast_rows
from serving.batch.forecast_table import to_table
from serving.database.forecasts import ForecastRow
from serving.forecast.members import member_key
from serving.forecast.record import Layout
from serving.forecast.scoring import score
from serving.forecast.wording import Language
from training.artifact import Bundle, to_forecaster
from training.forecaster import Forecaster

if TYPE_CHECKING:
    import pyarrow as pa

TIERLESS: Final = "none"
"""Who has no tier is counted under it."""

Mark = Callable[[str], bytes]
"""The keyed hash of a member key, by which the store remembers who was erased (serving.privacy.pseudonyms)."""


@dataclass
class Clock:
    """Seconds by stage, by the clock and of the processor, added up over all that worked at once."""

    seconds: dict[str, float] = field(default_factory=dict)
    processor: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def at(self, stage: str) -> Iterator[None]:
        """Time what the block does.

        >>> clock = Clock()
        >>> with clock.at("forecast"):
        ...     pass
        >>> list(clock.seconds)
        ['forecast']
        """
        began, worked = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self._add(stage, time.perf_counter() - began, time.process_time() - worked)

    def add(self, other: Clock) -> None:
        """What another has measured."""
        for stage in other.seconds:
            self._add(stage, other.seconds[stage], other.processor[stage])

    def _add(self, stage: str, seconds: float, processor: float) -> None:
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
        self.processor[stage] = self.processor.get(stage, 0.0) + processor


@dataclass(frozen=True, eq=False)
class Part:
    """What a batch says of some members, in order.

    ``table`` and ``rows`` have one row a member with a forecast, ``histories`` a key and bytes for every member;
    ``tiers`` counts forecasts by the tier held.
    """

    table: pa.Table
    rows: list[ForecastRow]
    histories: list[tuple[str, bytes]]
    tiers: Counter[str]

    def without(self, keys: frozenset[str]) -> Part:
        """The same without some members, who were erased after it was made."""
        if not any(key in keys for key, _ in self.histories):
            return self
        stays = [row.member not in keys for row in self.rows]
        rows = [row for row, keep in zip(self.rows, stays, strict=True) if keep]
        histories = [pair for pair in self.histories if pair[0] not in keys]
        table = self.table.take(np.flatnonzero(stays))
        return Part(table, rows, histories, tiers_of(table))


@dataclass(frozen=True)
class Maker:
    """Scores parts of a batch: the same for one that is made here and one that another process makes.

    ``mark`` tells whom an erasure means that comes while the batch is at work; None where nobody can be erased.
    """

    forecaster: Forecaster
    layout: Layout
    as_of: dt.date
    bounds: StandingBounds
    language: Language
    mark: Mark | None = None

    @classmethod
    def of(
        cls, bundle: Bundle, as_of: dt.date, bounds: StandingBounds, language: Language, mark: Mark | None = None
    ) -> Maker:
        """A maker for a model, a date and what words are told in."""
        forecaster = to_forecaster(bundle)
        return cls(forecaster, Layout.of(forecaster, bundle.version), as_of, bounds, language, mark)

    def make(self, histories: Histories, clock: Clock) -> Part:
        """Forecast everyone with a purchase in the look-back, and pack everyone's history.

        Raises
        ------
        ColumnError, ConfigError, CutoffError
            see ``Forecaster.forecast``
        """
        with clock.at("forecast"):
            scores = score(self.forecaster, self.layout, histories, self.as_of, self.bounds)
        with clock.at("reasons and table"):
            table = to_table(scores, self.layout, self.language)
        with clock.at("histories"):
            rows = forecast_rows(scores)
            bodies = list(zip(map(member_key, histories.members.tolist()), pack_all(histories), strict=True))
        return Part(table, rows, bodies, tiers_of(table))


def tiers_of(table: pa.Table) -> Counter[str]:
    """How many forecasts there are of members of each tier."""
    if "tier" not in table.column_names:
        return Counter({TIERLESS: table.num_rows} if table.num_rows else {})
    counts = table["tier"].value_counts().to_pylist()
    return Counter({TIERLESS if found["values"] is None else found["values"]: found["counts"] for found in counts})
