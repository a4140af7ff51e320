"""A level that moves with the calendar, in a log too short to know it."""

from __future__ import annotations

import datetime as dt
from typing import Final

import numpy as np

from features.feature_table import eligible
from features.histories import Histories
from features.operators import Floats, Integers
from features.snapshot import known_before, to_date, to_day
from training.checks.check import Check, Finding
from training.checks.evidence import Evidence
from training.checks.noise import spread_beyond_noise

YEAR_DAYS: Final = 364
SPREAD: Final = 0.2
_MOST_MEMBERS: Final = 50_000
_MOST_CUTOFFS: Final = 60
_LEAST_CUTOFFS: Final = 4
_LEAST_MEMBERS: Final = 20


class SeasonUncovered(Check):
    """The rate of leaving at cutoffs along the log: its curve, and whether last year's is known."""

    code = "TC-SEASON"
    title = "The level of leaving moves and the log does not cover a year"
    finds = (
        "The rate of leaving, taken at a cutoff every half horizon along the log, moves more than chance gives once "
        f"in a hundred and by a standard deviation of more than {SPREAD} in log-odds beyond it, while the cutoff to be "
        "forecast lies less than 52 weeks and a look-back after the log's start: what this time of the year does is "
        "not known. A trend looks the same in a log so short."
    )
    remedy = (
        "Give a log of at least 52 weeks and a look-back before the cutoff. Without one, read the ranking, and expect "
        "the level of all probabilities together to be off by as much as the curve in the table moves."
    )

    def run(self, evidence: Evidence) -> Finding:
        """The level's curve against its noise."""
        if evidence.histories is None or not len(evidence.histories):
            return self.not_applicable("There is no log to take the level from.")
        days, left, size = level_curve(
            evidence.histories, evidence.as_of, horizon_days=evidence.horizon_days, lookback_days=evidence.lookback_days
        )
        enough = size >= _LEAST_MEMBERS
        days, left, size = days[enough], left[enough], size[enough]
        if len(days) < _LEAST_CUTOFFS:
            return self.not_applicable(
                f"{len(days)} past cutoffs have {_LEAST_MEMBERS} members and a closed horizon: it takes {_LEAST_CUTOFFS}."
            )
        rate = (left + 0.5) / (size + 1.0)
        error = 1.0 / np.sqrt(size * rate * (1.0 - rate))
        spread = spread_beyond_noise(np.log(rate / (1.0 - rate)), error)
        table = [
            {"cutoff": to_date(day).isoformat(), "members": int(n), "left": int(k), "rate": float(k / n)}
            for day, k, n in zip(days.tolist(), left, size, strict=True)
        ]
        past = to_day(evidence.as_of) - evidence.histories.first_day
        needed = YEAR_DAYS + evidence.lookback_days
        low, high = (left / size).min(), (left / size).max()
        figures = {
            "lowest": float(low),
            "highest": float(high),
            "spread": spread.beyond,
            "days before the cutoff": float(past),
            "days needed": float(needed),
        }
        curve = f"Over {len(days)} past cutoffs {low:.1%} to {high:.1%} left"
        if spread.beyond <= SPREAD or not spread.real:
            return self.say("ok", f"{curve}: no more than chance and small changes explain.", figures, table)
        if past >= needed:
            return self.say(
                "ok", f"{curve}, and {past} days of log, of {needed} needed, tell of this time last year.", figures, table
            )
        text = f"{curve}, {spread.beyond:.2f} in log-odds beyond noise; the log has {past} of {needed} days before it."
        return self.say("warning", text, figures, table)


def level_curve(
    histories: Histories, as_of: dt.date, *, horizon_days: int, lookback_days: int
) -> tuple[Integers, Floats, Floats]:
    """The level of leaving along a log: cutoffs as day numbers, members that left, members there were, (n_cutoffs,) each.

    Cutoffs lie half a horizon apart, wider in a long log, back from the newest whose horizon is over, each with a look-back
    inside the log, or half of the days before the newest where that is less. Of more than 50,000 members some are drawn.
    """
    newest = min(to_day(as_of), histories.end_day) - horizon_days
    room = newest - histories.first_day
    if room < 2:
        return np.empty(0, np.int64), np.empty(0), np.empty(0)
    oldest = histories.first_day + min(lookback_days, room // 2)
    step = max(1, horizon_days // 2, (newest - oldest) // _MOST_CUTOFFS)
    days = np.arange(newest, oldest - 1, -step)[::-1]
    if len(histories) > _MOST_MEMBERS:
        drawn = np.random.default_rng(0).choice(len(histories), _MOST_MEMBERS, replace=False)
        histories = histories.select(np.sort(drawn))
    left, size = np.zeros(len(days)), np.zeros(len(days))
    visits = histories.visits
    for i, day in enumerate(days.tolist()):
        there = eligible(histories, day, lookback_days)
        _, seen = known_before(visits.day, visits.offsets, day)
        _, then = known_before(visits.day, visits.offsets, day + horizon_days)
        left[i], size[i] = (then == seen)[there].sum(), len(there)
    return days, left, size
