"""How much likelier members are to leave at one time of the year than at another, and how much more they spend.

The level of a cutoff is what has to be added to the purchase process's forecast to be right on average: in log-odds for
churn, in log money for spend. It moves with the calendar more than with anything that is known of a member. A model is
trained with each past cutoff's own level; at a cutoff T it takes the usual level and, where the log is long enough, what
stood above it a year before:

    level(T) = usual + w · (level(T - 364) - mean level),   w = 1 - sampling noise / variance over the last year

All levels of that difference come from histories cut to one length, what the log held a year before T: a process that has
seen little of its members is wrong in a way of its own, which is no season. Where a year before T the log had not yet
lasted for a look-back and half a year, usual is all there is, and the newest level has half the say in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.histories import Histories
from features.money import UNITS
from features.operators import Floats
from features.snapshot import known_before
from training.process import Purchases, fitted

YEAR: Final = 364
"""Whole weeks, so that weekdays agree."""
_HALF_YEAR: Final = 180
_STEP: Final = 14
_MIN_MEMBERS: Final = 20
_PRIOR: Final = 4.0
"""Variance of a level in log-odds before anything is seen: keeps it finite where all have left, or none."""
_NEWEST: Final = 0.5
"""Part of the newest level's distance from the mean that is believed to last."""


@dataclass(frozen=True, eq=False)
class Levels:
    """(n_cutoffs,) level and sampling variance by cutoff, day numbers in order."""

    cutoff: npt.NDArray[np.int64]
    level: Floats
    noise: Floats

    @property
    def signal(self) -> float:
        """Share of the levels' variance that is not sampling noise, in [0, 1]."""
        variance = float(self.level.var()) if len(self.level) > 1 else 0.0
        return max(0.0, 1.0 - float(self.noise.mean()) / variance) if variance > 0 else 0.0

    @property
    def drawn_in(self) -> Floats:
        """(n_cutoffs,) levels with the noise taken out: drawn towards their mean."""
        mean = self.level.mean()
        return np.asarray(mean + self.signal * (self.level - mean))


@dataclass(frozen=True)
class Season:
    """The level to expect at a cutoff.

    ``days`` are cutoffs of the year before, as day numbers, ``above`` what their levels stood above the mean, drawn in; both
    empty where the log is too short to tell. ``why`` says so in words.
    """

    usual: float
    days: tuple[int, ...] = ()
    above: tuple[float, ...] = ()
    why: str = ""

    def above_usual(self, cutoff: int) -> float:
        """What the season adds at a cutoff, a day number; 0 where the log cannot tell.

        >>> Season(0.5, (0, 14), (0.0, 0.28)).above_usual(7 + YEAR)
        0.14
        """
        return float(np.interp(cutoff - YEAR, self.days, self.above)) if self.days else 0.0

    def level(self, cutoff: int) -> float:
        """The level to expect at a cutoff, a day number."""
        return self.usual + self.above_usual(cutoff)

    def to_dict(self) -> dict[str, Any]:
        """Plain values; floats survive JSON exactly."""
        return {"usual": self.usual, "days": list(self.days), "above": list(self.above), "why": self.why}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Season:
        """Back from ``to_dict``."""
        return cls(plain["usual"], tuple(plain["days"]), tuple(plain["above"]), plain["why"])


@dataclass(frozen=True, eq=False)
class YearBefore:
    """Levels of churn and of spend at cutoffs of the last year, by histories of one length.

    None where the log is too short, which ``why`` says.
    """

    churn: Levels | None
    spend: Levels | None
    why: str


def season(trained: Levels, before: Levels | None, why: str, drift: float = 0.0) -> Season:
    """The rule above, from the levels of the training cutoffs and those of the last year.

    ``drift`` is what the model's own level at the newest training cutoff is beside the process's.
    """
    level = trained.drawn_in + drift
    mean = float(level.mean())
    if before is None:
        # No year to look back on: what is known of the calendar is where the newest cutoff stood.
        return Season(mean + _NEWEST * (float(level[-1]) - mean), why=why)
    within = trained.cutoff >= before.cutoff[0]
    at = trained.cutoff[within] if within.any() else before.cutoff
    above = before.signal * (before.level - np.interp(at, before.cutoff, before.level).mean())
    return Season(mean, tuple(before.cutoff.tolist()), tuple(above.tolist()), why)


def churn_level(log_odds: Floats, left: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """What to add to log-odds to be right on average, and its sampling variance.

    >>> level, noise = churn_level(np.zeros(400), np.arange(400) < 300)
    >>> round(level, 2), round(noise, 4)
    (1.09, 0.0133)
    """
    level = 0.0
    slope = 1.0 / _PRIOR
    for _ in range(60):
        p = 1.0 / (1.0 + np.exp(-(log_odds + level)))
        slope = float((p * (1.0 - p)).sum()) + 1.0 / _PRIOR
        step = float(np.clip(((left - p).sum() - level / _PRIOR) / slope, -1.0, 1.0))
        level += step
        if abs(step) < 1e-10:
            break
    return level, 1.0 / slope


def spend_level(log_ratio: Floats) -> tuple[float, float]:
    """Mean log of spend over what the process expected, and its sampling variance.

    >>> spend_level(np.array([1.0, 2.0]))
    (1.5, 0.125)
    """
    if not len(log_ratio):
        return 0.0, _PRIOR
    variance = float(log_ratio.var()) if len(log_ratio) > 1 else _PRIOR
    return float(log_ratio.mean()), variance / len(log_ratio)


def year_before(histories: Histories, as_of: int, newest: int, *, horizon_days: int, lookback_days: int) -> YearBefore:
    """Levels at cutoffs from a year before ``as_of`` to ``newest``, the last whose horizon is closed; day numbers."""
    length = as_of - YEAR - histories.first_day
    least = max(lookback_days, _HALF_YEAR)
    if length < least:
        lasted = f"a year before, the log had lasted {max(length, 0)} days"
        why = f"{lasted}, and {least} are needed to tell a season from a beginning"
        return YearBefore(None, None, why)
    cutoffs, churn, spend = [], [], []
    for cutoff in range(as_of - YEAR, newest + 1, _STEP):
        found = _levels(histories, cutoff, cutoff - length, horizon_days, lookback_days)
        if found is not None:
            cutoffs.append(cutoff)
            churn.append(found[0])
            spend.append(found[1])
    if not cutoffs or cutoffs[0] != as_of - YEAR:
        return YearBefore(None, None, f"a year before, fewer than {_MIN_MEMBERS} members were active")
    days = np.array(cutoffs, np.int64)
    why = "the level of a year before is taken"
    return YearBefore(
        Levels(days, *np.array(churn).T), Levels(days, *np.array(spend).T) if histories.has_amounts else None, why
    )


def _levels(
    histories: Histories, cutoff: int, since: int, horizon: int, lookback: int
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    members, of = Purchases.everyone(histories, cutoff, since)
    active = of.age - of.recency <= lookback
    if active.sum() < _MIN_MEMBERS:
        return None
    process = fitted(of)
    of, members = of.select(active), members[active]
    visits = histories.visits
    start, stop = (known_before(visits.day, visits.offsets, day)[1][members] for day in (cutoff, cutoff + horizon))
    left = stop == start
    log_none, log_some = process.log_chances(of, horizon)
    churn = churn_level(log_none - log_some, left)
    if of.mean_spend is None:
        return churn, (0.0, 0.0)
    total = np.concatenate(([0], np.cumsum(visits.values["gross"])))
    spend = (total[stop] - total[start]) / UNITS
    some = spend > 0
    return churn, spend_level(np.log(spend[some] / process.expected_spend(of.select(some), horizon)))
