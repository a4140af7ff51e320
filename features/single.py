"""The operators for one pair (member, cutoff), in plain Python: a service answers with these, without numba.

Each method does what the one of its name in features.operators does, to the bit, on Python's own numbers.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from operator import mul, sub
from typing import Any

from features import fading
from features.pair import NAN, Pair
from features.snapshot import MAX_DAYS
from features.vocabulary import VALUES


class Single(Pair):
    """One pair, with the operators."""

    # -- time ---------------------------------------------------------------------------------------------------------

    def recency(self) -> float:
        """Days from the last purchase to the cutoff; NaN without a purchase."""
        day = self._visits.day
        return float(self.cutoff - day[-1]) if day else NAN

    def tenure(self) -> float:
        """Days from the first purchase to the cutoff; NaN without a purchase."""
        day = self._visits.day
        return float(self.cutoff - day[0]) if day else NAN

    def last_gap(self) -> float:
        """Days between the last two purchase days; NaN with fewer than two."""
        day = self._visits.day
        return float(day[-1] - day[-2]) if len(day) > 1 else NAN

    def gap_mean(self) -> float:
        """Mean days between purchase days; NaN with fewer than two."""
        day = self._visits.day
        return (day[-1] - day[0]) / (len(day) - 1) if len(day) > 1 else NAN

    def gap_sd(self) -> float:
        """Population standard deviation of the days between purchase days; NaN with fewer than two."""
        day, gaps = self._visits.day, self._gaps()
        n = len(gaps)
        if n == 0:
            return NAN
        span = day[-1] - day[0]
        return math.sqrt(float(n * sum(map(mul, gaps, gaps)) - span * span) / float(n * n))

    def gap_quantile(self, q: float) -> float:
        """Quantile of the days between purchase days, interpolated linearly; NaN with fewer than two."""
        gaps = self._in_order()
        if not gaps:
            return NAN
        position = (len(gaps) - 1) * q
        low = int(position)
        high = min(low + 1, len(gaps) - 1)
        return gaps[low] + (gaps[high] - gaps[low]) * (position - low)

    def longer_silences(self) -> float:
        """Past gaps at least as long as the silence at the cutoff, a count."""
        return float(self._silences()[0])

    def comeback_share(self) -> float:
        """Of those gaps, the share that ended within the horizon of being this long; NaN where there is none."""
        longer, returned = self._silences()
        return returned / longer if longer else NAN

    # -- sums ---------------------------------------------------------------------------------------------------------

    def total(self, value: str, days: int = MAX_DAYS, until: int = 0) -> float:
        """Sum over days in [cutoff - days, cutoff - until); NaN where the log has no such column."""
        spec = VALUES[value]
        if spec.needs is not None and spec.needs not in self.histories.columns:
            return NAN
        rows = self._rows(spec.rows)
        low = 0 if days >= MAX_DAYS else bisect_left(rows.day, self.cutoff - days)
        high = len(rows.day) if until == 0 else bisect_left(rows.day, self.cutoff - until)
        if value in ("visits", "returns"):
            return float(max(high - low, 0))
        return sum(rows.value(value)[low:high]) / spec.scale

    def rate(self, value: str, half_life: int) -> float:
        """Faded sum as a monthly rate, a day that is ``half_life`` days old weighing half; NaN as in ``total``."""
        key = (value, half_life)
        if key not in self._rates:
            self._rates[key] = self._rate(value, half_life)
        return self._rates[key]

    def _rate(self, value: str, half_life: int) -> float:
        spec = VALUES[value]
        if spec.needs is not None and spec.needs not in self.histories.columns:
            return NAN
        rows = self._rows(spec.rows)
        weight = fading.listed_weights(half_life)
        total = 0.0
        if rows.day and self.cutoff - rows.day[-1] < len(weight):
            gaps = self._gaps() if rows is self._visits else list(map(sub, rows.day[1:], rows.day))
            longest = max(gaps, default=0)
            if longest >= len(weight):
                weight = [*weight, *([0.0] * (longest + 1 - len(weight)))]
            if value == "visits":
                total = 1.0
                for gap in gaps:
                    total = total * weight[gap] + 1.0
            else:
                values = rows.value(value)
                total = float(values[0])
                for gap, new in zip(gaps, values[1:], strict=True):
                    total = total * weight[gap] + new
            total = weight[self.cutoff - rows.day[-1]] * total
        return total * (fading.monthly(half_life) / spec.scale)

    def last(self, value: str) -> float:
        """The value on the newest day that has one; NaN without one."""
        return self._on(value, -1)

    def first(self, value: str) -> float:
        """The value on the oldest day that has one; NaN without one."""
        return self._on(value, 0)

    # -- mixtures -----------------------------------------------------------------------------------------------------

    def distinct(self, label: str, days: int = MAX_DAYS) -> float:
        """How many labels the purchases in [cutoff - days, cutoff) carry; NaN where the log has no such column."""
        counts = self._counts(label, days)
        return NAN if counts is None else float(len(counts))

    def entropy(self, label: str, days: int = MAX_DAYS) -> float:
        """Entropy in nats of the days on which each label was bought; NaN without one."""
        counts = self._counts(label, days)
        if not counts:
            return NAN
        rows = sum(counts.values())
        table = fading.n_log_n(rows)
        inside = 0.0
        for times in counts.values():
            inside += float(table[times])
        return (float(table[rows]) - inside) / rows

    def top_share(self, label: str, days: int = MAX_DAYS) -> float:
        """Share of the commonest label in those days; NaN without one."""
        counts = self._counts(label, days)
        return max(counts.values()) / sum(counts.values()) if counts else NAN

    # -- events -------------------------------------------------------------------------------------------------------

    def events(self, kind: str, days: int = MAX_DAYS) -> float:
        """Events of a kind in [cutoff - days, cutoff); NaN without an event log."""
        if not self.histories.events:
            return NAN
        rows = self._rows(f"event {kind}")
        low = 0 if days >= MAX_DAYS else bisect_left(rows.day, self.cutoff - days)
        return float(sum(rows.column("count")[low:]))

    def since_event(self, kind: str) -> float:
        """Days from the last event of a kind to the cutoff; NaN without one."""
        rows = self._rows(f"event {kind}")
        return float(self.cutoff - rows.day[-1]) if rows.day else NAN

    def last_score(self, kind: str) -> float:
        """Mean score on the last day with an event of a kind; NaN without one."""
        rows = self._rows(f"event {kind}")
        if not rows.day or not rows.column("count")[-1]:
            return NAN
        return rows.column("score")[-1] / fading.UNITS / rows.column("count")[-1]

    # -- programme ----------------------------------------------------------------------------------------------------

    def tier(self) -> float:
        """Position of the tier held, from 0; NaN without a policy."""
        return self._programme("tier")

    def tier_metric(self) -> float:
        """What qualifies at the cutoff, in the metric's own unit; NaN where it is not defined."""
        return self._programme("spend")

    def tier_carry(self) -> float:
        """What of it still counts at cutoff + horizon; NaN where it is not defined."""
        return self._programme("carry")

    def need_to_keep(self) -> float:
        """What is still needed in the horizon to hold the tier; NaN where it is not defined."""
        return self._programme("keep")

    def need_to_rise(self) -> float:
        """What is needed in the horizon for the tier above, 0 at the top; NaN where it is not defined."""
        return self._programme("rise")

    def days_to_review(self) -> float:
        """Days from the cutoff to the next review; NaN where it is not defined."""
        return self._programme("days_to_review")

    # -- how ----------------------------------------------------------------------------------------------------------

    def ratio(self, numerator: float, denominator: float) -> float:
        """Quotient, NaN where the denominator is 0 or NaN."""
        return numerator / denominator if denominator != 0 else NAN

    def _programme(self, pick: str) -> float:
        return NAN if self.programme is None else self.programme[pick][self.position]


def names(pairs: Any) -> dict[str, Any]:
    """The operators of a panel or a single pair, by name, and the horizon: what an expression may use."""
    from features.expressions import HORIZON, OPERATORS

    return {**{name: getattr(pairs, name) for name in OPERATORS}, HORIZON: pairs.horizon_days}
