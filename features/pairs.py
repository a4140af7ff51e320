"""Pairs (member, cutoff) over histories, and the passes over their rows that operators share, each made once.

A pair knows its rows on days before the cutoff and nothing else: ``_known`` ends each range of rows there. features.pair
holds the same for one pair, in plain Python.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from features import fading, kernels
from features.compiling import compiled, has_numba
from features.histories import Histories, Ragged
from features.snapshot import MAX_DAYS
from features.vocabulary import VALUES, label_rows, value_rows

if TYPE_CHECKING:
    from features.tier_states import TierState

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]
T = TypeVar("T")

_COMPILE_FROM_PAIRS: Final = 2_000
"""Sums over fewer do without numba, whose loading a service would wait for."""

LEVELS: Final = (0.25, 0.5, 0.75, 0.9, 1.0)
"""Quantiles of gaps that are worked out together; others cost a pass of their own."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs (member, cutoff) over histories.

    ``member`` and ``cutoff`` are (n_pairs,): position in ``histories`` and day number. ``state`` is the tier policy's word
    on the pairs, None without one.
    """

    histories: Histories
    member: Integers
    cutoff: npt.NDArray[np.int32]
    horizon_days: int
    state: TierState | None = None
    _memo: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.member)

    def part(self, bounds: Sequence[tuple[int, int]], first: int, stop: int) -> Self:
        """The pairs in some ranges, all of members [first, stop), over the histories of these alone."""
        member = np.concatenate([self.member[lo:hi] for lo, hi in bounds]) - first
        cutoff = np.concatenate([self.cutoff[lo:hi] for lo, hi in bounds])
        state = None if self.state is None else self.state.part(bounds)
        return type(self)(self.histories.range(first, stop), member, cutoff, self.horizon_days, state)

    # -- rows that a pair knows ---------------------------------------------------------------------------------------

    def _has(self, value: str) -> bool:
        """Whether the log has what a value is made of."""
        spec = VALUES[value]
        return spec.needs is None or spec.needs in self.histories.columns

    def _rows(self, name: str) -> Ragged:
        """Rows by their name in the vocabulary."""
        return self._once(("rows", name), lambda: value_rows(self.histories, name))

    def _known(self, rows: Ragged) -> tuple[Integers, Integers]:
        """Half-open ranges of each pair's rows before the cutoff."""
        return self._once(
            ("known", id(rows.day)),
            lambda: (
                rows.offsets[self.member],
                self._first_from(rows, rows.offsets[self.member], rows.offsets[self.member + 1], self.cutoff),
            ),
        )

    def _window(self, rows: Ragged, days: int, until: int) -> tuple[Integers, Integers]:
        """Half-open ranges of each pair's rows on days in [cutoff - days, cutoff - until)."""
        start, stop = self._known(rows)
        high = stop if until == 0 else self._from(rows, until)
        low = start if days >= MAX_DAYS else self._from(rows, days)
        return (low if days >= until else np.minimum(low, high)), high

    def _from(self, rows: Ragged, days: int) -> Integers:
        start, stop = self._known(rows)
        return self._once(
            ("from", id(rows.day), days), lambda: self._first_from(rows, start, stop, self.cutoff - np.int32(days))
        )

    def _first_from(self, rows: Ragged, start: Integers, stop: Integers, target: npt.NDArray[np.int32]) -> Integers:
        """Of each pair's rows [start, stop), the first on its target day or later."""
        if len(self) >= _COMPILE_FROM_PAIRS and has_numba():
            out = np.empty(len(self), np.int64)
            compiled(kernels.first_from)(self._sweep(), rows.day, start, stop, target, out)
            return out
        ranges = zip(start, stop, target, strict=True)
        return start + np.array([np.searchsorted(rows.day[a:b], t) for a, b, t in ranges], np.int64)

    def _sweep(self) -> Integers:
        """Positions of the pairs by member and rising cutoff."""
        return self._once("sweep", lambda: np.lexsort((self.cutoff, self.member)))

    # -- passes over them ---------------------------------------------------------------------------------------------

    def _mixture(self, label: str, days: int) -> tuple[Floats, Floats, Floats]:
        """Labels in [cutoff - days, cutoff): how many, their entropy, the share of the commonest."""

        def compute() -> tuple[Floats, Floats, Floats]:
            out = tuple(np.full(len(self), np.nan) for _ in range(3))
            rows = self._once(("labels", label), lambda: label_rows(self.histories, label))
            if rows is not None:
                low, high = self._window(rows, days, 0)
                codes = int(rows.values["code"].max(initial=-1)) + 1
                most = int((high - low).max(initial=0))
                room = np.zeros(codes, np.int64), np.empty(codes, np.int64)
                compiled(kernels.mixture)(low, high, rows.values["code"], *room, fading.n_log_n(most), *out)
            return out[0], out[1], out[2]

        return self._once(("mixture", label, days), compute)

    def _gaps(self) -> tuple[Floats, Floats, Floats]:
        """Quantiles of gaps at LEVELS, gaps as long as the silence, and those that ended within the horizon."""
        return self._once("gaps", lambda: self._gap_order(np.array(LEVELS)))

    def _gap_order(self, levels: Floats) -> tuple[Floats, Floats, Floats]:
        start, stop = self._known(self.histories.visits)
        room = np.empty(int((stop - start).max(initial=0)), np.int64)
        out = np.empty((len(levels), len(self))), np.empty(len(self)), np.empty(len(self))
        compiled(kernels.gap_order)(
            self._sweep(),
            self.member,
            start,
            stop,
            self.cutoff,
            self.histories.visits.day,
            self.horizon_days,
            levels,
            room,
            *out,
        )
        return out

    def _gap_squares(self) -> Integers:
        """Running sums of squared days between one row and the next, over all members."""

        def compute() -> Integers:
            gap = np.diff(self.histories.visits.day, prepend=0).astype(np.int64)
            return np.cumsum(gap * gap)

        return self._once("squares", compute)

    def _sums(self, value: str, rows: Ragged) -> Integers:
        """Running sums of a value over all members' rows."""
        return self._once(("sums", value), lambda: summed(VALUES[value].of(rows)))

    def _faded(self, value: str, rows: Ragged, half_life: int) -> Floats:
        """A value's faded sum on the day of each row, it included."""

        def compute() -> Floats:
            out = np.empty(len(rows.day))
            compiled(kernels.faded)(rows.offsets, rows.day, VALUES[value].of(rows), fading.weights(half_life), out)
            return out

        return self._once(("faded", value, half_life), compute)

    def _once(self, key: Any, compute: Callable[[], T]) -> T:
        if key not in self._memo:
            self._memo[key] = compute()
        result: T = self._memo[key]
        return result


def summed(column: Integers) -> Integers:
    """(n + 1,) running sums of a column, from 0: rows [a, b) hold sums[b] - sums[a]."""
    sums = np.zeros(len(column) + 1, np.int64)
    np.cumsum(column, out=sums[1:])
    return sums


def at(column: npt.NDArray[Any], index: Integers) -> npt.NDArray[Any]:
    """Values at positions, any value where a position is outside."""
    return column.take(index, mode="clip") if len(column) else np.zeros(len(index), column.dtype)


def where(known: npt.NDArray[np.bool_], value: npt.NDArray[Any]) -> Floats:
    """Values where they are known, NaN elsewhere."""
    return np.where(known, value.astype(np.float64), np.nan)
