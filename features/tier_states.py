"""What a policy says of pairs (member, cutoff), as arrays: see features.tiers for how it comes about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from features.money import UNITS

Integers: TypeAlias = npt.NDArray[np.int64]
UNDEFINED: Final = -1
"""A need that is not defined."""


def _none() -> Integers:
    return np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class TierState:
    """One row a pair (member, cutoff), each (n_pairs,); amounts in units of the metric, of which ``scale`` are one.

    ``spend``: the metric in the window that ends at the cutoff T (of several metrics, the first). ``carry``: what known rows
    will make it at T + h. ``tier`` and ``secured``: positions in the policy's tiers, held at T, and held at T + h if nothing
    more happens. ``need`` (n_pairs, n_tiers): the least amount that, booked on day T, gives the tier or a higher one at
    T + h, 0 where nothing is needed, -1 where it is not defined (see ``undefined_because``). ``days_to_review``: from T to
    the next review morning by the rules of that day. ``keep_by``: the last day, as a day number, on which a booking can act
    before the tier held at T is lost within the horizon, -1 where it is not. Who is no member yet is taken to join at T; a
    day of joining from T on is not known at T, and the first row's stands for it.
    """

    spend: Integers
    carry: Integers
    tier: Integers
    secured: Integers
    need: Integers
    days_to_review: Integers = field(default_factory=_none)
    keep_by: Integers = field(default_factory=_none)
    scale: int = UNITS

    def part(self, bounds: Sequence[tuple[int, int]]) -> TierState:
        """The pairs in some ranges."""
        arrays = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "scale"}
        kept: dict[str, Any] = {
            name: np.concatenate([array[lo:hi] for lo, hi in bounds]) for name, array in arrays.items() if len(array)
        }
        return replace(self, **kept)

    def column(self, pick: str) -> npt.NDArray[np.float64]:
        """(n_pairs,) one number a pair for a feature: what the operator of its name says (features.operators)."""
        if pick in ("tier", "days_to_review"):
            return np.asarray(getattr(self, pick), np.float64)
        if pick in ("spend", "carry"):
            return self.natural(getattr(self, pick))
        top = self.need.shape[1] - 1
        at = self.tier if pick == "keep" else np.minimum(self.tier + 1, top)
        need = np.take_along_axis(self.needs, at[:, None], axis=1)[:, 0]
        return need if pick == "keep" else np.where(self.tier == top, 0.0, need)

    def natural(self, values: Integers) -> npt.NDArray[np.float64]:
        """Amounts in currency, points, orders ..., elementwise.

        >>> TierState(*[np.zeros(0, np.int64)] * 5).natural(np.array([123400, -5000])).tolist()
        [12.34, -0.5]
        """
        return values / float(self.scale)

    @property
    def needs(self) -> npt.NDArray[np.float64]:
        """(n_pairs, n_tiers) needs in currency, points, orders ...; NaN where not defined."""
        return np.where(self.need == UNDEFINED, np.nan, self.natural(self.need))
