"""The vocabulary in which features are declared: a member's history at a cutoff → one number.

A ``Panel`` holds pairs (member, cutoff) and answers each operator with one value a pair. Operators see rows on days before
the cutoff and nothing else: ``_bounds`` ends each range of rows there.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Literal, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from features import kernels, money
from features.histories import Histories, Ragged
from features.snapshot import MAX_DAYS, known_before

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]
T = TypeVar("T")
D = TypeVar("D", np.float64, np.int64)
Value: TypeAlias = Literal["visits", "orders", "gross", "returned"]

# Below this many rows in all, loading numba costs more than it saves.
_COMPILE_FROM_ROWS: Final = 200_000
_HALF_LIVES_KEPT: Final = 20


@dataclass(frozen=True, eq=False)
class Panel:
    """Pairs (member, cutoff) over histories, with the operators.

    ``member`` and ``cutoff`` are (n_pairs,): position in ``histories`` and day number. ``compiled`` forces the compiled or
    the interpreted form; None chooses by the amount of work.
    """

    histories: Histories
    member: Integers
    cutoff: npt.NDArray[np.int32]
    horizon_days: int
    compiled: bool | None = None
    _memo: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.member)

    # -- time ---------------------------------------------------------------------------------------------------------

    def recency(self) -> Floats:
        """Days from the last purchase to the cutoff; NaN without a purchase."""
        start, stop = self._bounds("visits")
        day = self.histories.visits.day
        return _where(stop > start, self.cutoff - _at(day, stop - 1))

    def tenure(self) -> Floats:
        """Days from the first purchase to the cutoff; NaN without a purchase."""
        start, stop = self._bounds("visits")
        return _where(stop > start, self.cutoff - _at(self.histories.visits.day, start))

    def last_gap(self) -> Floats:
        """Days between the last two purchase days; NaN with fewer than two."""
        start, stop = self._bounds("visits")
        day = self.histories.visits.day
        return _where(stop - start > 1, _at(day, stop - 1) - _at(day, stop - 2))

    def gap_mean(self) -> Floats:
        """Mean days between purchase days; NaN with fewer than two."""
        return self._gap_moments()[0]

    def gap_sd(self) -> Floats:
        """Population standard deviation of the days between purchase days; NaN with fewer than two."""
        return self._gap_moments()[1]

    def gap_quantile(self, q: float) -> Floats:
        """Quantile of the days between purchase days, interpolated linearly; NaN with fewer than two."""

        def compute() -> Floats:
            start, stop = self._bounds("visits")
            return self._run(kernels.gap_quantile, "visits", (start, stop, self.histories.visits.day, q), np.float64)[0]

        return self._once(("gap_quantile", q), compute)

    def longer_silences(self) -> Floats:
        """Past gaps at least as long as the silence at the cutoff, a count."""
        return self._comebacks()[0]

    def comeback_share(self) -> Floats:
        """Share of those gaps that ended within the horizon of being this long; NaN where there is none."""
        longer, returned = self._comebacks()
        return ratio(returned, longer)

    # -- amounts ------------------------------------------------------------------------------------------------------

    def window_sum(self, value: Value, width_days: int = MAX_DAYS) -> Floats:
        """Sum over days in [cutoff - width, cutoff); money in currency, NaN where the log has no amounts."""
        return self._currency(value, self.window_units(value, width_days))

    def window_units(self, value: Value, width_days: int) -> Integers:
        """The same sum as whole numbers: counts, or fixed-point units of money."""

        def compute() -> Integers:
            rows, column = self._rows(value)
            start, stop = self._bounds(value)
            arguments = (start, stop, self.cutoff, rows.day, column, width_days)
            return self._run(kernels.window_sum, value, arguments, np.int64)[0]

        return self._once(("window_units", value, width_days), compute)

    def decayed_sum(self, value: Value, half_life_days: int) -> Floats:
        """Sum in which a day that is ``half_life_days`` old weighs half; money as in ``window_sum``."""

        def compute() -> Floats:
            rows, column = self._rows(value)
            start, stop = self._bounds(value)
            weight = _decay(half_life_days)
            arguments = (start, stop, self.cutoff, rows.day, column, weight)
            return self._run(kernels.decayed_sum, value, arguments, np.float64)[0]

        return self._currency(value, self._once(("decayed_sum", value, half_life_days), compute))

    def rate(self, value: Value, half_life_days: int) -> Floats:
        """Faded sum as a monthly rate: what is the same on every day gives 30 times that."""
        every_day = 1.0 / (2.0 ** (1.0 / half_life_days) - 1.0)
        monthly: Floats = self.decayed_sum(value, half_life_days) * (30.0 / every_day)
        return monthly

    def last(self, value: Value) -> Floats:
        """The value on the last purchase day; NaN without one."""
        _, column = self._rows(value)
        start, stop = self._bounds(value)
        return self._currency(value, _where(stop > start, _at(column, stop - 1)))

    # -- how ----------------------------------------------------------------------------------------------------------

    def _gap_moments(self) -> list[Floats]:
        def compute() -> list[Floats]:
            start, stop = self._bounds("visits")
            return self._run(kernels.gap_moments, "visits", (start, stop, self.histories.visits.day), np.float64, np.float64)

        return self._once("gap_moments", compute)

    def _comebacks(self) -> list[Floats]:
        def compute() -> list[Floats]:
            start, stop = self._bounds("visits")
            arguments = (start, stop, self.cutoff, self.histories.visits.day, self.horizon_days)
            return self._run(kernels.comebacks, "visits", arguments, np.float64, np.float64)

        return self._once("comebacks", compute)

    def _rows(self, value: Value) -> tuple[Ragged, Integers]:
        rows = self.histories.returns if value == "returned" else self.histories.visits
        return rows, np.ones(len(rows.day), np.int64) if value == "visits" else rows.values[value]

    def _bounds(self, value: Value) -> tuple[Integers, Integers]:
        """Half-open ranges of each pair's known rows."""

        def compute() -> tuple[Integers, Integers]:
            rows, _ = self._rows(value)
            start = rows.offsets[self.member]
            stop = np.empty(len(self), np.int64)
            for cutoff in np.unique(self.cutoff):
                at = self.cutoff == cutoff
                stop[at] = known_before(rows.day, rows.offsets, int(cutoff))[1][self.member[at]]
            return start, stop

        return self._once(("bounds", value == "returned"), compute)

    def _currency(self, value: Value, units: Integers | Floats) -> Floats:
        if value in ("visits", "orders"):
            return units.astype(np.float64)
        if not self.histories.has_amounts:
            return np.full(len(self), np.nan)
        return units / float(money.UNITS)

    def _once(self, key: Any, compute: Callable[[], T]) -> T:
        if key not in self._memo:
            self._memo[key] = compute()
        result: T = self._memo[key]
        return result

    def _run(
        self, kernel: Callable[..., None], value: Value, arguments: tuple[Any, ...], *dtypes: type[D]
    ) -> list[npt.NDArray[D]]:
        """One array a dtype, filled by the kernel."""
        out = [np.empty(len(self), dtype) for dtype in dtypes]
        if self._compiles(value):
            _compiled(kernel)(*arguments, *out)
        else:
            kernel(*(part.tolist() if isinstance(part, np.ndarray) else part for part in arguments), *out)
        return out

    def _compiles(self, value: Value) -> bool:
        if self.compiled is not None:
            return self.compiled
        start, stop = self._bounds(value)
        return int((stop - start).sum()) >= _COMPILE_FROM_ROWS and importlib.util.find_spec("numba") is not None


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Elementwise quotient, NaN where the denominator is 0 or NaN.

    >>> ratio(np.array([1.0, 1.0]), np.array([2.0, 0.0])).tolist()
    [0.5, nan]
    """
    quotient: Floats = np.divide(numerator, denominator, out=np.full(len(numerator), np.nan), where=denominator != 0)
    return quotient


def _at(column: npt.NDArray[Any], index: Integers) -> npt.NDArray[Any]:
    """Values at positions, any value where a position is outside."""
    return column[np.clip(index, 0, len(column) - 1)] if len(column) else np.zeros(len(index), column.dtype)


def _where(known: npt.NDArray[np.bool_], value: npt.NDArray[Any]) -> Floats:
    return np.where(known, value.astype(np.float64), np.nan)


@cache
def _decay(half_life_days: int) -> Floats:
    return np.asarray(0.5 ** (np.arange(_HALF_LIVES_KEPT * half_life_days + 1) / half_life_days), np.float64)


@cache
def _compiled(kernel: Callable[..., None]) -> Callable[..., None]:
    from numba import njit

    try:
        compiled: Callable[..., None] = njit(cache=True, nogil=True)(kernel)
    except RuntimeError:  # no folder that could hold the cache: compile anew in each process
        compiled = njit(nogil=True)(kernel)
    return compiled
