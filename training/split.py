"""Which past cutoffs a forecast at T may learn from: their label windows are closed by T."""

from __future__ import annotations

import datetime as dt

import numpy as np

from features.errors import UnusableLogError
from features.operators import Integers
from features.snapshot import to_date, to_day

MOST_CUTOFFS = 8
_WEEK = 7


def training_cutoffs(
    first_day: dt.date, as_of: dt.date, *, horizon_days: int, lookback_days: int, most: int = MOST_CUTOFFS
) -> list[dt.date]:
    """Past cutoffs to pool, newest first.

    The newest is ``as_of - horizon``. The others lie whole weeks before it, spread as wide as the log allows but no wider
    than a horizon apart, so that weekdays agree. Each has a look-back inside the log, or half of the days before the newest
    where that is less.

    Raises
    ------
    UnusableLogError
        the log begins less than a horizon and two days before ``as_of``

    >>> [str(c) for c in training_cutoffs(dt.date(2017, 1, 1), dt.date(2017, 6, 1), horizon_days=28, lookback_days=91)]
    ['2017-05-04', '2017-04-27', '2017-04-20', '2017-04-13', '2017-04-06', '2017-03-30', '2017-03-23', '2017-03-16']
    """
    newest = to_day(as_of) - horizon_days
    room = newest - to_day(first_day)
    if room < 2:
        raise UnusableLogError(
            "training needs a closed horizon after at least two days of history",
            f"a log from {first_day}, {horizon_days} days of horizon and the as-of date {as_of}",
            "choose a later date, a shorter horizon or a longer log",
        )
    span = room - min(lookback_days, room // 2)
    spread = min(horizon_days, span // (most - 1) if most > 1 else span)
    step = spread // _WEEK * _WEEK or min(_WEEK, horizon_days)
    count = min(most, span // step + 1)
    return [to_date(newest - step * i) for i in range(count)]


def member_folds(member: Integers, folds: int, seed: int) -> Integers:
    """Fold of each row, the same for all rows of a member, members dealt at random.

    >>> member_folds(np.array([5, 7, 5]), folds=2, seed=1).tolist()
    [0, 1, 0]
    """
    ids, position = np.unique(member, return_inverse=True)
    dealt = np.random.default_rng(seed).permutation(len(ids)) % folds
    return dealt[position].astype(np.int64)
