"""The buying rhythm in words: how often a member buys, and how long ago the last purchase was.

What the forecast makes of the rhythm is a chance that stands beside the forecast's own; told aloud, the two would seem to
contradict each other. What the chance is made of does not.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from serving.forecast.wording import Language, number, worded_days

_RHYTHM_FROM: Final = 3.0
"""Gaps between shopping days; fewer are no rhythm."""


class Pace(NamedTuple):
    """``shopping_days`` so far, mean ``gap_days`` between them (NaN after one), and ``silence_days`` since the last."""

    shopping_days: float
    gap_days: float
    silence_days: float


def paced(pace: Pace, *, raises: bool, language: Language) -> str:
    """A pace as a clause.

    The silence since the last purchase is said where it speaks for the reason: beyond the usual gap it raises the risk,
    within it lowers it.

    Parameters
    ----------
    raises : whether the rhythm raises the risk of leaving

    >>> paced(Pace(30.0, 11.6, 45.0), raises=True, language="en")
    'buys every 12 days on average, last 45 days ago'
    >>> paced(Pace(30.0, 1.0, 1.0), raises=False, language="en")
    'buys every day on average, last 1 day ago'
    >>> paced(Pace(9.0, 30.0, 6.0), raises=True, language="en")
    'buys every 30 days on average'
    >>> paced(Pace(2.0, 7.0, 20.0), raises=True, language="en")
    'only 2 shopping days so far, the last 20 days ago'
    """
    silence = worded_days(pace.silence_days, language)
    if math.isnan(pace.gap_days) or pace.shopping_days <= _RHYTHM_FROM:
        days = pace.shopping_days
        if language == "zh":
            return f"至今只有 {number(days)} 个购物日，最近一次在 {silence}前"
        return f"only {number(days)} shopping day{'' if days == 1 else 's'} so far, the last {silence} ago"
    gap = round(pace.gap_days, 1 if pace.gap_days < 9.95 else None)
    speaks = raises == (pace.silence_days > pace.gap_days)
    if language == "zh":
        return f"平均每 {number(gap)} 天购买一次" + (f"，最近一次在 {silence}前" if speaks else "")
    every = "buys every day on average" if gap == 1 else f"buys every {number(gap)} days on average"
    return f"{every}, last {silence} ago" if speaks else every
