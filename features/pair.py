"""One pair (member, cutoff), and what of its rows operators share, each worked out once: plain Python, without numba.

A pair knows its rows on days before the cutoff and nothing else: ``Rows`` ends there. features.pairs holds many of them.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from operator import sub
from typing import TYPE_CHECKING, Final

from features.histories import Histories, Ragged
from features.snapshot import MAX_DAYS
from features.vocabulary import VALUES, label_rows, value_rows

if TYPE_CHECKING:
    from features.tier_states import TierState

NAN: Final = math.nan


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


class Pair:
    """One pair; ``position`` is its place in ``programme``."""

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

    def _rows(self, name: str) -> Rows:
        """Rows by their name in the vocabulary."""
        if name not in self._kept:
            self._kept[name] = Rows(value_rows(self.histories, name), self.member, self.cutoff)
        return self._kept[name]

    def _on(self, value: str, index: int) -> float:
        """A value on the row at an index; NaN where there is none."""
        spec = VALUES[value]
        if spec.needs is not None and spec.needs not in self.histories.columns:
            return NAN
        rows = self._rows(spec.rows)
        return rows.value(value)[index] / spec.scale if rows.day else NAN

    def _gaps(self) -> list[int]:
        """Days between purchase days, oldest first."""
        if self._gap_list is None:
            day = self._visits.day
            self._gap_list = list(map(sub, day[1:], day))
        return self._gap_list

    def _in_order(self) -> list[int]:
        """The gaps, shortest first."""
        if self._sorted_gaps is None:
            self._sorted_gaps = sorted(self._gaps())
        return self._sorted_gaps

    def _silences(self) -> tuple[int, int]:
        """Gaps at least as long as the silence at the cutoff, and those of them that ended within the horizon."""
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
