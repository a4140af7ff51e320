"""A scoring run counted by the bins of its model's reference, part by part: what the watch compares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from features.operators import Floats
from serving.forecast.record import AT, Layout
from training.reference import Quantity, Reference
from training.sightings import P_CHURN, SPEND, forecast_columns

Counts = Mapping[str, Sequence[int]]
"""By quantity, in each of its bins."""


class Tally:
    """Counts of a run, part by part.

    Parameters
    ----------
    features : of the model, in order
    """

    def __init__(self, layout: Layout, features: Sequence[str], reference: Reference | None) -> None:
        self._layout, self._features = layout, features
        self._quantities: Mapping[str, Quantity] = {} if reference is None else {q.name: q for q in reference.quantities}
        self._counts: dict[str, Any] = {}
        self._sums = {P_CHURN: 0.0, SPEND: 0.0}
        self.members = 0

    def add(self, rows: Floats) -> None:
        """Count some members, by their rows (n, layout.width)."""
        layout = self._layout
        x = rows[:, layout.values][:, : len(self._features)]
        spend, tier = rows[:, AT["expected_spend"]], rows[:, AT["tier"]]
        columns = dict(zip(self._features, x.T, strict=True)) | forecast_columns(
            rows[:, AT["p_churn"]], spend, np.nan_to_num(tier, nan=-1.0).astype(np.int64), rows[:, layout.p_tier]
        )
        self._count(columns)
        self._sums[P_CHURN] += float(rows[:, AT["p_churn"]].sum())
        self._sums[SPEND] += float(spend.sum())
        self.members += len(rows)

    def counts(self, log: Mapping[str, Floats]) -> dict[str, tuple[int, ...]]:
        """By quantity, with what the log shows."""
        self._count(log)
        return {name: tuple(map(int, counts)) for name, counts in self._counts.items()}

    def means(self) -> dict[str, float]:
        """Mean of p_churn and expected_spend; NaN where there is none."""
        return {name: total / self.members if self.members else float("nan") for name, total in self._sums.items()}

    def _count(self, columns: Mapping[str, Floats]) -> None:
        for name, values in columns.items():
            if name in self._quantities:
                self._counts[name] = self._counts.get(name, 0) + self._quantities[name].count(values)


def added(parts: Sequence[Counts]) -> dict[str, tuple[int, ...]]:
    """Counts of several parts together.

    >>> added([{"x": (1, 2)}, {"x": (3, 4), "y": (5,)}])
    {'x': (4, 6), 'y': (5,)}
    """
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: tuple(map(sum, zip(*(part[name] for part in parts if name in part), strict=True))) for name in names}
