"""The operators over many pairs (member, cutoff): a history at a cutoff → one number a pair.

Operators see rows on days before the cutoff and nothing else (features.pairs). features.single holds the same operators for
one pair, in plain Python; both give the same bits.
"""

from __future__ import annotations

import numpy as np

from features import fading, kernels
from features.compiling import compiled
from features.pairs import LEVELS, Floats, Integers, Pairs, at, summed, where
from features.snapshot import MAX_DAYS
from features.vocabulary import VALUES

__all__ = ["Floats", "Integers", "Panel", "ratio"]


class Panel(Pairs):
    """Pairs with the operators: each gives (n_pairs,) values, NaN where its docstring says so."""

    # -- time ---------------------------------------------------------------------------------------------------------

    def recency(self) -> Floats:
        """Days from the last purchase to the cutoff; NaN without a purchase."""
        return self._once("recency", self._recency)

    def _recency(self) -> Floats:
        start, stop = self._known(self.histories.visits)
        return where(stop > start, self.cutoff - at(self.histories.visits.day, stop - 1))

    def tenure(self) -> Floats:
        """Days from the first purchase to the cutoff; NaN without a purchase."""
        start, stop = self._known(self.histories.visits)
        return where(stop > start, self.cutoff - at(self.histories.visits.day, start))

    def last_gap(self) -> Floats:
        """Days between the last two purchase days; NaN with fewer than two."""
        return self._once("last_gap", self._last_gap)

    def _last_gap(self) -> Floats:
        start, stop = self._known(self.histories.visits)
        day = self.histories.visits.day
        return where(stop - start > 1, at(day, stop - 1) - at(day, stop - 2))

    def gap_mean(self) -> Floats:
        """Mean days between purchase days; NaN with fewer than two."""
        return self._once("gap_mean", self._gap_mean)

    def _gap_mean(self) -> Floats:
        start, stop = self._known(self.histories.visits)
        day = self.histories.visits.day
        return ratio(where(stop - start > 1, at(day, stop - 1) - at(day, start)), (stop - start - 1).astype(np.float64))

    def gap_sd(self) -> Floats:
        """Population standard deviation of the days between purchase days; NaN with fewer than two."""
        return self._once("gap_sd", self._gap_sd)

    def _gap_sd(self) -> Floats:
        start, stop = self._known(self.histories.visits)
        day = self.histories.visits.day
        n = stop - start - 1
        span = at(day, stop - 1).astype(np.int64) - at(day, start)
        squares = self._gap_squares()
        spread = n * (at(squares, stop - 1) - at(squares, start)) - span * span
        return np.sqrt(ratio(where(n > 0, spread), (n * n).astype(np.float64)))

    def gap_quantile(self, q: float) -> Floats:
        """Quantile of the days between purchase days, interpolated linearly; NaN with fewer than two."""
        if q in LEVELS:
            quantiles: Floats = self._gaps()[0][LEVELS.index(q)]
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
        sums = self._once(("events", kind), lambda: summed(rows.values["count"]))
        return (sums[high] - sums[low]).astype(np.float64)

    def since_event(self, kind: str) -> Floats:
        """Days from the last event of a kind to the cutoff; NaN without one."""
        rows = self._rows(f"event {kind}")
        start, stop = self._known(rows)
        return where(stop > start, self.cutoff - at(rows.day, stop - 1))

    def last_score(self, kind: str) -> Floats:
        """Mean score on the last day with an event of a kind; NaN without one."""
        rows = self._rows(f"event {kind}")
        start, stop = self._known(rows)
        score = where(stop > start, at(rows.values["score"], stop - 1) / fading.UNITS)
        return ratio(score, at(rows.values["count"], stop - 1).astype(np.float64))

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

    def _on(self, value: str, *, newest: bool) -> Floats:
        if not self._has(value):
            return np.full(len(self), np.nan)
        rows = self._rows(VALUES[value].rows)
        start, stop = self._known(rows)
        return where(stop > start, at(VALUES[value].of(rows), stop - 1 if newest else start) / VALUES[value].scale)


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Elementwise quotient, NaN where the denominator is 0 or NaN.

    >>> ratio(np.array([1.0, 1.0]), np.array([2.0, 0.0])).tolist()
    [0.5, nan]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient: Floats = numerator / denominator
    quotient[denominator == 0] = np.nan
    return quotient
