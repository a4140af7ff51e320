"""What a programme looked like when a model was trained: the distributions that later scoring runs are compared with.

Counts by bin at the training date and at dates up to a year before it, so that it is known, too, how far they lie apart by
themselves: by season, and as members and log grow older. Nothing in it is about a single member.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from features.errors import ArtifactError
from features.operators import Floats, Integers
from training.checks.population import binned

FORMAT: Final = 1
SEASON_STEP: Final = 28
"""Days between two looks ahead."""
REFERENCE_FILE: Final = "reference.json"
"""Its name among the files of the run that trained the model."""

Kind: TypeAlias = Literal["feature", "forecast", "log"]
"""What the model sees, what it says, and what the log shows without it."""


@dataclass(frozen=True, eq=False)
class Quantity:
    """One thing that is compared.

    Parameters
    ----------
    edges : (n_edges,) rising, between bins; a bin holds its lower edge
    counts : (n_dates, n_edges + 2) of values in each bin at each date, of missing ones first
    labels : what bins are called, where values are kinds and not numbers
    ahead : (n_ahead, n_edges + 2) what the model would say of the last date's members 0, 28, 56 ... days later, knowing
        nothing more: its own season. Empty where it is not forecast
    filling : it looks further back than the log reached at the first date, so that it fills up by itself
    """

    name: str
    kind: Kind
    edges: Floats
    counts: Integers
    labels: tuple[str, ...] = ()
    ahead: Integers = field(default_factory=lambda: np.empty((0, 0), np.int64))
    filling: bool = False

    @property
    def known(self) -> bool:
        """Whether anybody had a value of it: otherwise the model has learned nothing from it."""
        return bool(self.counts[:, 1:].any())

    def then(self, days: int) -> Integers:
        """(n_edges + 2,) what a run so many days after the training is compared with: its members, as of that season."""
        rows = self.ahead if len(self.ahead) else self.counts[-1:]
        found: Integers = rows[min(round(days / SEASON_STEP), len(rows) - 1)]
        return found

    def count(self, values: Floats) -> Integers:
        """(n_edges + 2,) of values in each bin."""
        return binned(values, self.edges)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        plain = {"name": self.name, "kind": self.kind, "labels": list(self.labels), "filling": self.filling}
        return {**plain, "edges": self.edges.tolist(), "counts": self.counts.tolist(), "ahead": self.ahead.tolist()}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Quantity:
        """Back from ``to_dict``."""
        edges = np.array(plain["edges"], np.float64)
        counts, ahead = (np.array(plain[name], np.int64).reshape(-1, len(edges) + 2) for name in ("counts", "ahead"))
        return cls(plain["name"], plain["kind"], edges, counts, tuple(plain["labels"]), ahead, bool(plain["filling"]))


@dataclass(frozen=True, eq=False)
class Reference:
    """Of one model.

    Parameters
    ----------
    dates : oldest first; the last is the date that the model was trained for
    levels : plain figures by name, (n_dates,) each, such as how many members were forecast
    refused : rows of the training's log by reason, and ``rows``, all of them; None where that is not known
    figures : what the model's like was worth on horizons held out, by name (training.provenance): value and interval
    """

    version: str
    horizon_days: int
    dates: tuple[dt.date, ...]
    quantities: tuple[Quantity, ...]
    levels: Mapping[str, tuple[float, ...]]
    refused: Mapping[str, int] | None = None
    figures: Mapping[str, tuple[float, float | None, float | None]] = field(default_factory=dict)

    @property
    def as_of(self) -> dt.date:
        """The date that the model was trained for."""
        return self.dates[-1]

    @property
    def bins(self) -> str:
        """Sixteen hex digits of the bins: counts by equal bins can be compared."""
        bins = [(quantity.name, quantity.edges.tolist(), quantity.labels) for quantity in self.quantities]
        return hashlib.sha256(json.dumps(bins).encode()).hexdigest()[:16]

    def to_json(self) -> str:
        """Plain text, to be stored."""
        plain = {
            "format": FORMAT,
            "version": self.version,
            "horizon_days": self.horizon_days,
            "dates": [date.isoformat() for date in self.dates],
            "levels": {name: list(values) for name, values in self.levels.items()},
            "refused": None if self.refused is None else dict(self.refused),
            "figures": {name: list(figure) for name, figure in self.figures.items()},
            "quantities": [quantity.to_dict() for quantity in self.quantities],
        }
        return json.dumps(plain, allow_nan=False)

    @classmethod
    def from_json(cls, text: str, place: str) -> Reference:
        """Back from ``to_json``.

        Raises
        ------
        ArtifactError
            it is damaged, or of another release's format; ``place`` says where it lies
        """
        fix = "remove it and make it again with 'tiercast watch --make-reference'"
        try:
            plain = json.loads(text)
            if plain["format"] != FORMAT:
                raise ArtifactError(f"a reference has format {FORMAT}", f"{plain['format']} in {place}", fix)
            return cls(
                plain["version"],
                plain["horizon_days"],
                tuple(map(dt.date.fromisoformat, plain["dates"])),
                tuple(map(Quantity.from_dict, plain["quantities"])),
                {name: tuple(values) for name, values in plain["levels"].items()},
                plain["refused"],
                {name: (figure[0], figure[1], figure[2]) for name, figure in plain["figures"].items()},
            )
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise ArtifactError("a reference is whole", f"{place}: {type(error).__name__}", fix) from error
