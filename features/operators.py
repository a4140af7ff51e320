"""The operators over many pairs (member, cutoff): a history at a cutoff → one number a pair.

Operators see rows on days before the cutoff and nothing else: ``_stop`` ends each range of rows there. features.single holds
the same operators for one pair, in plain Python; both give the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from features import fading, kernels
from features.compiling import compiled, has_numba
from features.histories import Histories, Ragged
from features.snapshot import MAX_DAYS
from features.vocabulary import VALUES, label_rows, value_rows

if TYPE_CHECKING:
    from features.tiers import TierState

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]
T = TypeVar("T")

_COMPILE_FROM_PAIRS: Final = 2_000
"""Sums over fewer do without numba, whose loading a service would wait for."""

_LEVELS: Final = (0.25, 0.5, 0.75, 0.9, 1.0)
"""Quantiles of gaps that are worked out together; others cost a pass of their own."""


@dataclass(frozen=True, eq=False)
class Panel:
    """Pairs (member, cutoff) over histories, with the operators.

    ``member`` and ``cutoff`` are (n_pairs,): position in ``histories`` and day number. ``state`` is the tier policy's word
    on the pairs, None without one. Each operator gives (n_pairs,) values, NaN where its docstring says so.
    """

    histories: Histories
    member: Integers
    cutoff: npt.NDArray[np.int32]
    horizon_days: int
    state: TierState | None = None
    _memo: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.member)

    def part(self, bounds: Sequence[tuple[int, int]], first: int, stop: int) -> Panel:
        """The pairs in some ranges, all of members [first, stop), over the histories of these alone."""
        member = np.concatenate([self.member[lo:hi] for lo, hi in bounds]) - first
        cutoff = np.concatenate([self.cutoff[lo:hi] for lo, hi in bounds])
        state = None if self.state is None else self.state.part(bounds)
        return Panel(self.histories.range(first, stop), member, cutoff, self.horizon_days, state)

    # -- time ---------------------------------------------------------------------------------------------------------

    def recency(self) -> Floats:
        """Days from the last purchase to the cutoff; NaN without a purchase."""
        return self._once("recency", self._recency)

    def _recency(self) -> Floats:
        start, stop = self._known(self.histories.visits)
        return _where(stop > start, self.cutoff - _at(self.histories.visits.day, stop - 1))

    def tenure(self) -> Floats:
        """Days from the first purchase to the cutoff; NaN without a purchase."""
        start, stop = self._known(self.histories.visits)
        return _where(stop > start, self.cutoff - _at(self.histories.visits.day, start))

    def last_gap(self) -> Floats:
        """Days between the last two purchase days; NaN with fewer than two."""
        return self._once("last_gap", self._last_gap)

    def _last_gap(self) -> Floats:
        start, stop = self._known(self.histories.visits)
        day = self.histories.visits.day
        return _where(stop - start > 1, _at(day, stop - 1) - _at(day, stop - 2))

    def gap_mean(self) -> Floats:
        """Mean days between purchase days; NaN with fewer than two."""
        return self._once("gap_mean", self._gap_mean)

    def _gap_mean(self) -> Floats:
        start, stop = self._known(self.histories.visits)
        day = self.histories.visits.day
        return ratio(_where(stop - start > 1, _at(day, stop - 1) - _at(day, start)), (stop - start - 1).astype(np.float64))

    def gap_sd(self) -> Floats:
        """Population standard deviation of the days between purchase days; NaN with fewer than two."""
        return self._once("gap_sd", self._gap_sd)

    def _gap_sd(self) -> Floats:
        start, stop = self._known(self.histories.visits)
        day = self.histories.visits.day
        n = stop - start - 1
        span = _at(day, stop - 1).astype(np.int64) - _at(day, start)
        squares = self._gap_squares()
        spread = n * (_at(squares, stop - 1) - _at(squares, start)) - span * span
        return np.sqrt(ratio(_where(n > 0, spread), (n * n).astype(np.float64)))

    def gap_quantile(self, q: float) -> Floats:
        """Quantile of the days between purchase days, interpolated linearly; NaN with fewer than two."""
        if q in _LEVELS:
            quantiles: Floats = self._gaps()[0][_LEVELS.index(q)]
            return quantiles
        others = self._once(("gap_quantile", q), lambda: self._gap_order(np.array([q]))[0])
        return np.asarray(others[0])

    def longer_silences(self) -> Floats:
        """Past gaps at least as long as the silence at the cutoff, a count."""
        return self._gaps()[1]

    def comeback_share(self) -> Floats:
        """Of those gaps, the share that ended within the horizon of being this long; NaN where there is none."""
        _, longer, returned = self._gaps()
        return ratio(returned, longer)

    # -- sums ---------------------------------------------------------------------------------------------------------

    def total(self, value: str, days: int = MAX_DAYS, until: int = 0) -> Floats:
        """Sum over days in [cutoff - days, cutoff - until); NaN where the log has no such column."""
        return self._once(("total", value, days, until), lambda: self._total(value, days, until))

    def _total(self, value: str, days: int, until: int) -> Floats:
        if not self._has(value):
            return np.full(len(self), np.nan)
        if value in ("visits", "returns"):
            return self.units(value, days, until).astype(np.float64)
        rows = self._rows(VALUES[value].rows)
        low, high = self._window(rows, days, until)
        out = np.empty(len(self))
        compiled(kernels.difference)(self._sums(value, rows), low, high, VALUES[value].scale, out)
        return out

    def units(self, value: str, days: int = MAX_DAYS, until: int = 0) -> Integers:
        """The same sum as whole numbers: counts, or fixed-point units."""
        rows = self._rows(VALUES[value].rows)
        low, high = self._window(rows, days, until)
        if value in ("visits", "returns"):
            return high - low
        sums = self._sums(value, rows)
        return sums[high] - sums[low]

    def rate(self, value: str, half_life: int) -> Floats:
        """Faded sum as a monthly rate, a day that is ``half_life`` days old weighing half; NaN as in ``total``.

        What is the same on every day gives 30 times that.
        """
        return self._once(("rate", value, half_life), lambda: self._rate(value, half_life))

    def _rate(self, value: str, half_life: int) -> Floats:
        if not self._has(value):
            return np.full(len(self), np.nan)
        rows = self._rows(VALUES[value].rows)
        start, stop = self._known(rows)
        factor = fading.monthly(half_life) / VALUES[value].scale
        out = np.empty(len(self))
        after, weight = self._faded(value, rows, half_life), fading.weights(half_life)
        compiled(kernels.faded_until)(start, stop, self.cutoff, rows.day, after, weight, factor, out)
        return out

    def last(self, value: str) -> Floats:
        """The value on the newest day that has one; NaN without one."""
        return self._on(value, newest=True)

    def first(self, value: str) -> Floats:
        """The value on the oldest day that has one; NaN without one."""
        return self._on(value, newest=False)

    # -- mixtures -----------------------------------------------------------------------------------------------------

    def distinct(self, label: str, days: int = MAX_DAYS) -> Floats:
        """How many labels the purchases in [cutoff - days, cutoff) carry; NaN where the log has no such column."""
        return self._mixture(label, days)[0]

    def entropy(self, label: str, days: int = MAX_DAYS) -> Floats:
        """Entropy in nats of the days on which each label was bought; NaN without one."""
        return self._mixture(label, days)[1]

    def top_share(self, label: str, days: int = MAX_DAYS) -> Floats:
        """Share of the commonest label in those days; NaN without one."""
        return self._mixture(label, days)[2]

    # -- events -------------------------------------------------------------------------------------------------------

    def events(self, kind: str, days: int = MAX_DAYS) -> Floats:
        """Events of a kind in [cutoff - days, cutoff); NaN without an event log."""
        if not self.histories.events:
            return np.full(len(self), np.nan)
        rows = self._rows(f"event {kind}")
        low, high = self._window(rows, days, 0)
        sums = self._once(("events", kind), lambda: _summed(rows.values["count"]))
        return (sums[high] - sums[low]).astype(np.float64)

    def since_event(self, kind: str) -> Floats:
        """Days from the last event of a kind to the cutoff; NaN without one."""
        rows = self._rows(f"event {kind}")
        start, stop = self._known(rows)
        return _where(stop > start, self.cutoff - _at(rows.day, stop - 1))

    def last_score(self, kind: str) -> Floats:
        """Mean score on the last day with an event of a kind; NaN without one."""
        rows = self._rows(f"event {kind}")
        start, stop = self._known(rows)
        score = _where(stop > start, _at(rows.values["score"], stop - 1) / fading.UNITS)
        return ratio(score, _at(rows.values["count"], stop - 1).astype(np.float64))

    # -- programme ----------------------------------------------------------------------------------------------------

    def tier(self) -> Floats:
        """Position of the tier held, from 0; NaN without a policy."""
        return self._programme("tier")

    def tier_metric(self) -> Floats:
        """What qualifies at the cutoff, in the metric's own unit; NaN where it is not defined."""
        return self._programme("spend")

    def tier_carry(self) -> Floats:
        """What of it still counts at cutoff + horizon; NaN where it is not defined."""
        return self._programme("carry")

    def need_to_keep(self) -> Floats:
        """What is still needed in the horizon to hold the tier; NaN where it is not defined."""
        return self._programme("keep")

    def need_to_rise(self) -> Floats:
        """What is needed in the horizon for the tier above, 0 at the top; NaN where it is not defined."""
        return self._programme("rise")

    def days_to_review(self) -> Floats:
        """Days from the cutoff to the next review; NaN where it is not defined."""
        return self._programme("days_to_review")

    # -- how ----------------------------------------------------------------------------------------------------------

    def ratio(self, numerator: Floats, denominator: Floats) -> Floats:
        """Elementwise quotient, NaN where the denominator is 0 or NaN."""
        return ratio(np.broadcast_to(numerator, len(self)), np.broadcast_to(denominator, len(self)))

    def _programme(self, pick: str) -> Floats:
        if self.state is None:
            return np.full(len(self), np.nan)
        return self.state.column(pick)

    def _has(self, value: str) -> bool:
        spec = VALUES[value]
        return spec.needs is None or spec.needs in self.histories.columns

    def _on(self, value: str, *, newest: bool) -> Floats:
        if not self._has(value):
            return np.full(len(self), np.nan)
        rows = self._rows(VALUES[value].rows)
        start, stop = self._known(rows)
        return _where(stop > start, _at(VALUES[value].of(rows), stop - 1 if newest else start) / VALUES[value].scale)

    def _mixture(self, label: str, days: int) -> tuple[Floats, Floats, Floats]:
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
        return self._once("gaps", lambda: self._gap_order(np.array(_LEVELS)))

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
        def compute() -> Integers:
            gap = np.diff(self.histories.visits.day, prepend=0).astype(np.int64)
            return np.cumsum(gap * gap)

        return self._once("squares", compute)

    def _sums(self, value: str, rows: Ragged) -> Integers:
        return self._once(("sums", value), lambda: _summed(VALUES[value].of(rows)))

    def _faded(self, value: str, rows: Ragged, half_life: int) -> Floats:
        def compute() -> Floats:
            out = np.empty(len(rows.day))
            compiled(kernels.faded)(rows.offsets, rows.day, VALUES[value].of(rows), fading.weights(half_life), out)
            return out

        return self._once(("faded", value, half_life), compute)

    def _rows(self, name: str) -> Ragged:
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

    def _once(self, key: Any, compute: Callable[[], T]) -> T:
        if key not in self._memo:
            self._memo[key] = compute()
        result: T = self._memo[key]
        return result


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Elementwise quotient, NaN where the denominator is 0 or NaN.

    >>> ratio(np.array([1.0, 1.0]), np.array([2.0, 0.0])).tolist()
    [0.5, nan]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient: Floats = numerator / denominator
    quotient[denominator == 0] = np.nan
    return quotient


def _summed(column: Integers) -> Integers:
    sums = np.zeros(len(column) + 1, np.int64)
    np.cumsum(column, out=sums[1:])
    return sums


def _at(column: npt.NDArray[Any], index: Integers) -> npt.NDArray[Any]:
    """Values at positions, any value where a position is outside."""
    return column.take(index, mode="clip") if len(column) else np.zeros(len(index), column.dtype)


def _where(known: npt.NDArray[np.bool_], value: npt.NDArray[Any]) -> Floats:
    return np.where(known, value.astype(np.float64), np.nan)
