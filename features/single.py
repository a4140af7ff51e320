"""The operators for one pair (member, cutoff), in plain Python: a service answers with these, without numba.

Each method does what the one of its name in features.operators does, to the bit, on Python's own numbers.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from operator import mul, sub
from typing import TYPE_CHECKING, Any, Final

from features import fading
from features.histories import Histories, Ragged
from features.snapshot import MAX_DAYS
from features.vocabulary import VALUES, label_rows, value_rows

if TYPE_CHECKING:
    from features.tiers import TierState

_NAN: Final = math.nan


class Rows:
    """One member's rows known at a cutoff: days as a list, and further columns when asked for."""

    def __init__(self, rows: Ragged, member: int, cutoff: int) -> None:
        start, stop = rows.offsets[member : member + 2].tolist()
        self._rows = rows
        self._start = start
        day = rows.day[start:stop].tolist()
        self.day = day[: bisect_left(day, cutoff)]
        self._columns: dict[str, list[int]] = {}

    def column(self, name: str) -> list[int]:
        """A stored column of these rows."""
        if name not in self._columns:
            self._columns[name] = self._rows.values[name][self._start : self._start + len(self.day)].tolist()
        return self._columns[name]

    def value(self, name: str) -> list[int]:
        """A value of the vocabulary on these rows."""
        if name not in self._columns:
            stop = self._start + len(self.day)
            if name in self._rows.values:
                return self.column(name)
            part = Ragged(
                self._rows.offsets[:0],
                self._rows.day[self._start : stop],
                {stored: column[self._start : stop] for stored, column in self._rows.values.items()},
            )
            self._columns[name] = VALUES[name].of(part).tolist()
        return self._columns[name]


class Programme(dict[str, list[float]]):
    """The columns of a policy's word on many pairs, each worked out when it is first asked for."""

    def __init__(self, state: TierState) -> None:
        super().__init__()
        self._state = state

    def __missing__(self, pick: str) -> list[float]:
        """The column of a name, kept."""
        found: list[float] = self._state.column(pick).tolist()
        self[pick] = found
        return found


class Single:
    """One pair, with the operators; ``position`` is its place in ``programme``."""

    def __init__(
        self,
        histories: Histories,
        member: int,
        cutoff: int,
        horizon_days: int,
        programme: Programme | None = None,
        position: int = 0,
    ) -> None:
        self.histories = histories
        self.member = member
        self.cutoff = cutoff
        self.horizon_days = horizon_days
        self.programme = programme
        self.position = position
        self._kept: dict[str, Rows] = {}
        self._visits = self._rows("visits")
        self._rates: dict[tuple[str, int], float] = {}
        self._gap_list: list[int] | None = None
        self._sorted_gaps: list[int] | None = None

    # -- time ---------------------------------------------------------------------------------------------------------

    def recency(self) -> float:
        """Days from the last purchase to the cutoff; NaN without a purchase."""
        day = self._visits.day
        return float(self.cutoff - day[-1]) if day else _NAN

    def tenure(self) -> float:
        """Days from the first purchase to the cutoff; NaN without a purchase."""
        day = self._visits.day
        return float(self.cutoff - day[0]) if day else _NAN

    def last_gap(self) -> float:
        """Days between the last two purchase days; NaN with fewer than two."""
        day = self._visits.day
        return float(day[-1] - day[-2]) if len(day) > 1 else _NAN

    def gap_mean(self) -> float:
        """Mean days between purchase days; NaN with fewer than two."""
        day = self._visits.day
        return (day[-1] - day[0]) / (len(day) - 1) if len(day) > 1 else _NAN

    def gap_sd(self) -> float:
        """Population standard deviation of the days between purchase days; NaN with fewer than two."""
        day, gaps = self._visits.day, self._gaps()
        n = len(gaps)
        if n == 0:
            return _NAN
        span = day[-1] - day[0]
        return math.sqrt(float(n * sum(map(mul, gaps, gaps)) - span * span) / float(n * n))

    def gap_quantile(self, q: float) -> float:
        """Quantile of the days between purchase days, interpolated linearly; NaN with fewer than two."""
        gaps = self._in_order()
        if not gaps:
            return _NAN
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
        return returned / longer if longer else _NAN

    # -- sums ---------------------------------------------------------------------------------------------------------

    def total(self, value: str, days: int = MAX_DAYS, until: int = 0) -> float:
        """Sum over days in [cutoff - days, cutoff - until); NaN where the log has no such column."""
        spec = VALUES[value]
        if spec.needs is not None and spec.needs not in self.histories.columns:
            return _NAN
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
            return _NAN
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
        return _NAN if counts is None else float(len(counts))

    def entropy(self, label: str, days: int = MAX_DAYS) -> float:
        """Entropy in nats of the days on which each label was bought; NaN without one."""
        counts = self._counts(label, days)
        if not counts:
            return _NAN
        rows = sum(counts.values())
        table = fading.n_log_n(rows)
        inside = 0.0
        for times in counts.values():
            inside += float(table[times])
        return (float(table[rows]) - inside) / rows

    def top_share(self, label: str, days: int = MAX_DAYS) -> float:
        """Share of the commonest label in those days; NaN without one."""
        counts = self._counts(label, days)
        return max(counts.values()) / sum(counts.values()) if counts else _NAN

    # -- events -------------------------------------------------------------------------------------------------------

    def events(self, kind: str, days: int = MAX_DAYS) -> float:
        """Events of a kind in [cutoff - days, cutoff); NaN without an event log."""
        if not self.histories.events:
            return _NAN
        rows = self._rows(f"event {kind}")
        low = 0 if days >= MAX_DAYS else bisect_left(rows.day, self.cutoff - days)
        return float(sum(rows.column("count")[low:]))

    def since_event(self, kind: str) -> float:
        """Days from the last event of a kind to the cutoff; NaN without one."""
        rows = self._rows(f"event {kind}")
        return float(self.cutoff - rows.day[-1]) if rows.day else _NAN

    def last_score(self, kind: str) -> float:
        """Mean score on the last day with an event of a kind; NaN without one."""
        rows = self._rows(f"event {kind}")
        if not rows.day or not rows.column("count")[-1]:
            return _NAN
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
        return numerator / denominator if denominator != 0 else _NAN

    def _programme(self, pick: str) -> float:
        return _NAN if self.programme is None else self.programme[pick][self.position]

    def _rows(self, name: str) -> Rows:
        if name not in self._kept:
            self._kept[name] = Rows(value_rows(self.histories, name), self.member, self.cutoff)
        return self._kept[name]

    def _on(self, value: str, index: int) -> float:
        spec = VALUES[value]
        if spec.needs is not None and spec.needs not in self.histories.columns:
            return _NAN
        rows = self._rows(spec.rows)
        return rows.value(value)[index] / spec.scale if rows.day else _NAN

    def _gaps(self) -> list[int]:
        if self._gap_list is None:
            day = self._visits.day
            self._gap_list = list(map(sub, day[1:], day))
        return self._gap_list

    def _in_order(self) -> list[int]:
        if self._sorted_gaps is None:
            self._sorted_gaps = sorted(self._gaps())
        return self._sorted_gaps

    def _silences(self) -> tuple[int, int]:
        gaps = self._in_order()
        if not gaps:
            return 0, 0
        silence = self.cutoff - self._visits.day[-1]
        least = bisect_left(gaps, silence)
        return len(gaps) - least, bisect_left(gaps, silence + self.horizon_days) - least

    def _counts(self, label: str, days: int) -> dict[int, int] | None:
        """Days by label, in the order in which they first come; None where the log has no such column."""
        name = f"label {label}"
        if name not in self._kept:
            rows = label_rows(self.histories, label)
            if rows is None:
                return None
            self._kept[name] = Rows(rows, self.member, self.cutoff)
        kept = self._kept[name]
        low = 0 if days >= MAX_DAYS else bisect_left(kept.day, self.cutoff - days)
        counts: dict[int, int] = {}
        for code in kept.column("code")[low:]:
            counts[code] = counts.get(code, 0) + 1
        return counts


def names(single: Any) -> dict[str, Any]:
    """The operators of a panel or a single pair, by name, and the horizon: what an expression may use."""
    from features.expressions import HORIZON, OPERATORS

    return {**{name: getattr(single, name) for name in OPERATORS}, HORIZON: single.horizon_days}
