"""Which cutoffs a backtest takes where nobody names any: the newest horizons that are over."""

from __future__ import annotations

import datetime as dt
from typing import Final

import numpy as np

from features.errors import UnusableLogError, counted
from features.feature_table import eligible
from features.histories import Histories
from features.snapshot import check_days, to_date, to_day
from training.dataset import MIN_MEMBERS
from training.split import training_cutoffs

MOST: Final = 3


def newest_cutoffs(histories: Histories, *, horizon_days: int, lookback_days: int, most: int = MOST) -> list[dt.date]:
    """Cutoffs a horizon apart, oldest first, the newest a horizon before the log's end.

    The newest needs enough to train on at all; an older one also a whole look-back before the newest cutoff that it would
    learn from, so that a short log is not judged by its weakest days.

    Raises
    ------
    UnusableLogError
        not even the newest closed horizon leaves enough before it to learn from
    ConfigError
        a span is out of its range

    >>> from features.histories import from_rows
    >>> visit = {"orders": 1, "gross": 0, "returned": 0}
    >>> days = [dt.date(2017, 1, 1) + dt.timedelta(days=7 * week) for week in range(30)]
    >>> log = from_rows([(member, [(day, visit) for day in days]) for member in range(20)], has_amounts=False)
    >>> [str(cutoff) for cutoff in newest_cutoffs(log, horizon_days=28, lookback_days=91)]
    ['2017-05-01', '2017-05-29', '2017-06-26']
    """
    check_days(horizon_days, "horizon_days")
    check_days(lookback_days, "lookback_days")
    first, end = histories.span
    horizon = dt.timedelta(days=horizon_days)
    found: list[dt.date] = []
    for back in range(1, most + 1):
        cutoff = end - back * horizon
        if back > 1 and to_day(cutoff) - horizon_days - lookback_days < histories.first_day:
            break
        if not _teaches(histories, cutoff, horizon_days, lookback_days):
            break
        found.insert(0, cutoff)
    if not found:
        raise UnusableLogError(
            f"a backtest needs a closed horizon to score and one before it to learn from, of at least {MIN_MEMBERS} members",
            f"{counted(len(histories), 'member')} from {first} to {end}, and a horizon of {horizon_days} days",
            "use a longer log or a shorter horizon, or name a --cutoff",
        )
    return found


def _teaches(histories: Histories, cutoff: dt.date, horizon_days: int, lookback_days: int) -> bool:
    """Whether a forecast at a cutoff has members to learn from, and to forecast."""
    spans = {"horizon_days": horizon_days, "lookback_days": lookback_days}
    try:
        past = training_cutoffs(to_date(histories.first_day), _closed(histories, to_day(cutoff)), **spans)
    except UnusableLogError:
        return False
    active = [eligible(histories, to_day(day), lookback_days) for day in past]
    enough = len(np.unique(np.concatenate(active))) >= MIN_MEMBERS
    return enough and len(eligible(histories, to_day(cutoff), lookback_days)) > 0


def _closed(histories: Histories, day: int) -> dt.date:
    """The day after the last row known at a cutoff: on days after that, nothing is known to have been silence."""
    rows = (histories.visits.day, histories.returns.day)
    return to_date(
        1 + max((int(days[days < day].max()) for days in rows if (days < day).any()), default=histories.first_day)
    )
