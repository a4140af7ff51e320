"""``horizon_days: auto``: how long a silence has to last until those who are silent hardly ever come back.

A silence begins on each shopping day and ends on the member's next one. Of those that lasted h days, some end within the
next h. The horizon is the least h, in whole weeks, of which at most a stated share does (``came_back_share``), and beyond
which no share rises above that again by more than chance. A silence counts where the log shows both spans whole: one that
began within 2h of its end does not. And no horizon is shorter than the log's rhythm, the span h for which most silences end
between h and 2h: in a week hardly anybody comes back to a shop where people buy twice a year, and that says nothing.

Where members always come back, no horizon holds: the longer a silence lasted, the longer is the next span. ``came_back_of:
all`` is the weaker promise for such logs: of all shopping days, at most the stated share are followed by a silence of h days
that ends within h more.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from features.errors import UnusableLogError
from features.histories import Histories, Ragged
from features.operators import Floats, Integers
from features.snapshot import to_day

Of: TypeAlias = Literal["silent", "all"]

CAME_BACK_SHARE: Final = 0.10
LEAST_SILENCES: Final = 50
"""A share of fewer says nothing: of 50, none may come back where 7 % do."""
_WEEK: Final = 7
_NEVER: Final = 1 << 40
_NORMAL: Final = 1.959964  # of a 95 % interval
_NAME_ONE: Final = "name a horizon, as horizon_days: 28 or --horizon-days 28"


@dataclass(frozen=True, eq=False)
class Silences:
    """The curve: (n_horizons,) each, from one week on.

    ``days`` is h; ``watched`` counts silences that the log shows for 2h; ``reached`` those of them that lasted h days;
    ``ended`` those that ended within h more.
    """

    days: Integers
    watched: Integers
    reached: Integers
    ended: Integers

    def among(self, of: Of) -> Integers:
        """(n_horizons,) what a share is a share of."""
        return self.reached if of == "silent" else self.watched

    def share(self, of: Of = "silent") -> Floats:
        """(n_horizons,) that lasted h days and ended within h more; 0 of none."""
        return self.ended / np.maximum(self.among(of), 1)

    def interval(self, of: Of = "silent") -> tuple[Floats, Floats]:
        """(n_horizons,) ends of the share's 95 % interval (Wilson 1927), as if each silence were another member's."""
        n, p = np.maximum(self.among(of), 1), self.share(of)
        middle, half = p + _NORMAL**2 / (2 * n), _NORMAL * np.sqrt(p * (1 - p) / n + _NORMAL**2 / (4.0 * n * n))
        low, high = ((middle + sign * half) / (1 + _NORMAL**2 / n) for sign in (-1, 1))
        return np.where(self.ended > 0, low, 0.0), np.where(self.ended < n, high, 1.0)

    def judged(self, of: Of = "silent") -> npt.NDArray[np.bool_]:
        """(n_horizons,) whether there are silences enough."""
        return self.among(of) >= LEAST_SILENCES

    def to_rows(self, of: Of = "silent") -> list[dict[str, Any]]:
        """Plain values of each horizon with silences enough: days, silences, share, low, high."""
        names = ("days", "silences", "share", "low", "high")
        columns = (self.days, self.among(of), self.share(of), *self.interval(of))
        rows = zip(*(column[self.judged(of)].tolist() for column in columns), strict=True)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def to_table(self, of: Of = "silent", chosen: int | None = None) -> str:
        """The same as text."""
        lines = [f"  days {'silences' if of == 'silent' else 'shopping days':>13}  came back within as many more"]
        for row in self.to_rows(of):
            share = f"{row['share']:6.1%} [{row['low']:.1%}, {row['high']:.1%}]"
            lines.append(f"{row['days']:>6} {row['silences']:>13,}  {share}{'  <- chosen' if row['days'] == chosen else ''}")
        return "\n".join(lines)

    def least(self, most: float, of: Of = "silent") -> int | None:
        """Position of the least horizon that holds; None where none does."""
        judged = np.flatnonzero(self.judged(of))
        if not len(judged):
            return None
        rhythm = judged[np.argmax(self.share("all")[judged])]
        above = judged[self.interval(of)[0][judged] > most]
        beyond = judged[judged > max(above, default=-1)]
        holds = beyond[(beyond >= rhythm) & (self.share(of)[beyond] <= most)]
        return int(holds[0]) if len(holds) else None


@dataclass(frozen=True, eq=False)
class Horizon:
    """A horizon that was chosen, and what it was chosen by; ``as_of`` bounds what was looked at."""

    days: int
    most: float
    of: Of
    as_of: dt.date
    curve: Silences

    def to_text(self) -> str:
        """The choice in one line."""
        at, days = self.days // _WEEK - 1, self.days
        low, high = (float(end[at]) for end in self.curve.interval(self.of))
        counted = f"{self.curve.among(self.of)[at]:,}"
        ended = f"{self.curve.share(self.of)[at]:.1%} [{low:.1%}, {high:.1%}]"
        of = f"of {counted} silences of {days} days, {ended} ended within {days} more"
        if self.of == "all":
            of = f"of {counted} shopping days, {ended} were followed by {days} days of silence that ended within {days} more"
        return f"horizon {days} days, chosen from rows before {self.as_of}: {of} (at most {self.most:.0%})"

    def to_table(self) -> str:
        """The curve, a line a horizon, with the choice marked."""
        return self.curve.to_table(self.of, self.days)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        chosen = {"horizon_days": self.days, "came_back_share": self.most, "came_back_of": self.of}
        return {**chosen, "as_of": str(self.as_of), "curve": self.curve.to_rows(self.of)}


def silences(visits: Ragged, first_day: int, end_day: int) -> Silences:
    """How silences end, for each horizon from one week to a third of the log's span.

    A silence that begins on day d and ends g days later (never, if it is the last) is watched for h where d + 2h <
    ``end_day``, lasted h where g > h, as a cutoff after h silent days would find it, and ended where g <= 2h too. Each is a
    range of whole weeks, so one pass counts them all.

    Parameters
    ----------
    visits : shopping days of each member, in order
    first_day, end_day : day numbers that bound the log, [first_day, end_day)
    """
    weeks = max((end_day - first_day) // 3 // _WEEK, 0)
    day = visits.day.astype(np.int64)
    gap = np.full(len(day), _NEVER)
    gap[:-1] = np.diff(day)
    gap[visits.offsets[1:][np.diff(visits.offsets) > 0] - 1] = _NEVER
    watched = np.clip((end_day - 1 - day) // (2 * _WEEK), 0, weeks)
    reached = np.minimum((gap - 1) // _WEEK, watched)
    from_week = np.maximum(-(-gap // (2 * _WEEK)), 1)
    back = reached >= from_week

    def up_to(week: Integers) -> Integers:
        """(weeks,) how many reach each week."""
        return np.cumsum(np.bincount(week, minlength=weeks + 1)[::-1])[::-1][1:]

    ended = up_to(reached[back]) - up_to(from_week[back] - 1)
    return Silences(_WEEK * np.arange(1, weeks + 1), up_to(watched), up_to(reached), ended)


def known_silences(histories: Histories, as_of: dt.date) -> Silences:
    """The curve of a log as it was known at ``as_of``: from rows on days before it."""
    end = min(histories.end_day, to_day(as_of))
    return silences(histories.visits.take(histories.visits.day < end), histories.first_day, end)


def choose_horizon(histories: Histories, as_of: dt.date, most: float = CAME_BACK_SHARE, of: Of = "silent") -> Horizon:
    """The horizon of a log as it was known at ``as_of``: from rows on days before it.

    Parameters
    ----------
    most : share that may last as long as the horizon and end within another
    of : of silences as long, or of all shopping days

    Raises
    ------
    UnusableLogError
        there are too few silences, or after too many the member came back

    >>> from features.histories import from_rows
    >>> visit = {"orders": 1, "gross": 0, "returned": 0}
    >>> gaps = [7] * 9 + [14]  # weekly, one time in ten a fortnight; a third of the members leave
    >>> def days(i):
    ...     steps = np.cumsum([0] + [gaps[(i + k) % 10] for k in range(15 if i % 3 == 0 else 45)])
    ...     return [(dt.date(2017, 1, 1) + dt.timedelta(days=int(step)), visit) for step in steps]
    >>> log = from_rows([(i, days(i)) for i in range(300)], has_amounts=False)
    >>> print(choose_horizon(log, dt.date(2017, 10, 1)).to_text())
    horizon 14 days, chosen from rows before 2017-10-01: of 100 silences of 14 days, 0.0% [0.0%, 3.7%] ended within 14 more
    (at most 10%)
    """
    curve = known_silences(histories, as_of)
    span = max(min(histories.end_day, to_day(as_of)) - histories.first_day, 0)
    judged = np.flatnonzero(curve.judged(of))
    if not len(judged):
        found = f"{int(curve.among(of)[0])} of 7 days" if len(curve.days) else "none"
        raise UnusableLogError(
            f"a horizon is chosen from at least {LEAST_SILENCES} silences that the log shows for twice as long",
            f"{found}, in the {span:,} days before {as_of}",
            _NAME_ONE,
        )
    if (at := curve.least(most, of)) is not None:
        return Horizon(int(curve.days[at]), most, of, as_of, curve)
    share, longest = curve.share(of), int(judged[-1])
    shown = dict.fromkeys((int(judged[np.argmin(share[judged])]), longest))
    weaker = curve.least(most, "all") if of == "silent" else None
    other = f"; or set came_back_of: all, which gives {curve.days[weaker]} days" if weaker is not None else ""
    raise UnusableLogError(
        f"a horizon is chosen where at most {most:.0%} come back within as many days again, and later no more than that",
        f"{' and '.join(f'{share[i]:.1%} at {curve.days[i]} days' for i in shown)}, of horizons up to "
        f"{curve.days[longest]} days in the {span:,} days before {as_of}",
        f"{_NAME_ONE}{other}; or set came_back_share higher",
    )
