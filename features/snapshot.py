"""Cutoffs and half-open windows: what 'before' means.

A cutoff is a day T, at its first instant. What is known at T are rows with timestamp < T, that is, on days before T.
Windows are [T - w, T) behind a cutoff and [T, T + h) ahead of it. Days are counted from 1970-01-01.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError, CutoffError

EPOCH: Final = dt.date(1970, 1, 1).toordinal()
MAX_DAYS: Final = 36_500
"""Longest horizon, look-back or window: a century, so that a slip of the hand is noticed."""


def to_day(date: dt.date) -> int:
    """Days from 1970-01-01 to a date.

    >>> to_day(dt.date(1970, 1, 2))
    1
    """
    if isinstance(date, dt.datetime):
        raise CutoffError("a cutoff is a whole day", f"the time {date}", "pass a datetime.date")
    return date.toordinal() - EPOCH


def to_date(day: int) -> dt.date:
    """The date of a day number.

    >>> to_date(17476).isoformat()
    '2017-11-06'
    """
    return dt.date.fromordinal(int(day) + EPOCH)


def parse_date(text: str, name: str = "cutoff") -> dt.date:
    """A date from ISO text.

    Raises
    ------
    CutoffError
        the text is no date, or has a time of day: cutoffs are whole days

    >>> parse_date("2017-11-06")
    datetime.date(2017, 11, 6)
    """
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise CutoffError(f"a {name} is a date", repr(text), "write it as 2017-11-06") from None


def check_days(days: int, name: str) -> int:
    """A span in days, refused where it is not from 1 to ``MAX_DAYS``.

    >>> check_days(28, "horizon_days")
    28
    """
    if not 1 <= days <= MAX_DAYS:
        raise ConfigError(f"{name} is from 1 to {MAX_DAYS} days", str(days), "pass a span such as 28 or 91")
    return days


def known_before(
    day: npt.NDArray[np.int32], offsets: npt.NDArray[np.int64], cutoff: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """For each member, the range of its days before a cutoff.

    Parameters
    ----------
    day : (n_days,) ascending within each member
    offsets : (n_members + 1,) where each member's days begin
    cutoff : day number, excluded

    Returns
    -------
    start, stop : (n_members,) half-open ranges into ``day``

    >>> start, stop = known_before(np.array([1, 5, 9, 2], np.int32), np.array([0, 3, 4]), cutoff=5)
    >>> start.tolist(), stop.tolist()
    ([0, 3], [1, 4])
    """
    before = np.concatenate(([0], np.cumsum(day < cutoff)))
    start = offsets[:-1]
    return start, start + before[offsets[1:]] - before[start]


def cutoff_days(cutoffs: Iterable[dt.date]) -> npt.NDArray[np.int32]:
    """Dates as sorted day numbers without repetition.

    >>> cutoff_days([dt.date(1970, 1, 3), dt.date(1970, 1, 2)]).tolist()
    [1, 2]
    """
    return np.unique(np.array([to_day(cutoff) for cutoff in cutoffs], dtype=np.int32))
