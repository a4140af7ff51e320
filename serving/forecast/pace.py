"""The buying rhythm in words: how often a member buys, and how long ago the last purchase was.

What the forecast makes of the rhythm is a chance that stands beside the forecast's own; told aloud, the two would seem to
contradict each other. What the chance is made of does not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from serving.forecast.wording import Language, number, worded_days

RHYTHM_FROM: Final = 3.0
"""Gaps between shopping days; fewer are no rhythm."""
TENTHS_BELOW: Final = 9.95
"""Gaps from here on are told in whole days."""


class Pace(NamedTuple):
    """``shopping_days`` so far, mean ``gap_days`` between them (NaN after one), and ``silence_days`` since the last."""

    shopping_days: float
    gap_days: float
    silence_days: float


class Heard(NamedTuple):
    """What is told of a pace, to the digit, so that many members share it: ``days`` where they are too few for a rhythm,
    else the ``gap``; and the ``silence`` where it is spoken of.
    """

    days: float | None
    gap: float | None
    silence: float | None


def heard(pace: Sequence[float], raises: bool) -> Heard:
    """What is told of a pace.

    The silence since the last purchase is told where it speaks for the reason: beyond the usual gap it raises the risk,
    within it lowers it.

    Parameters
    ----------
    pace : as ``Pace``
    raises : whether the rhythm raises the risk of leaving

    >>> heard(Pace(30.0, 11.6, 45.0), True)
    Heard(days=None, gap=12, silence=45.0)
    """
    shopping_days, gap_days, silence_days = pace
    if shopping_days <= RHYTHM_FROM or math.isnan(gap_days):
        return Heard(shopping_days, None, silence_days)
    gap = round(gap_days, 1) if gap_days < TENTHS_BELOW else round(gap_days)
    return Heard(None, gap, silence_days if raises == (silence_days > gap_days) else None)


def paced(told: Heard, language: Language) -> str:
    """A pace as a clause.

    >>> paced(heard(Pace(30.0, 11.6, 45.0), True), "en")
    'buys every 12 days on average, last 45 days ago'
    >>> paced(heard(Pace(30.0, 1.0, 1.0), False), "en")
    'buys every day on average, last 1 day ago'
    >>> paced(heard(Pace(9.0, 30.0, 6.0), True), "en")
    'buys every 30 days on average'
    >>> paced(heard(Pace(2.0, 7.0, 20.0), True), "en")
    'only 2 shopping days so far, the last 20 days ago'
    """
    days, gap, _ = told
    silence = "" if told.silence is None else worded_days(told.silence, language)
    if gap is None:
        assert days is not None
        if language == "zh":
            return f"至今只有 {number(days)} 个购物日，最近一次在 {silence}前"
        return f"only {number(days)} shopping day{'' if days == 1 else 's'} so far, the last {silence} ago"
    if language == "zh":
        return f"平均每 {number(gap)} 天购买一次" + (f"，最近一次在 {silence}前" if silence else "")
    every = "buys every day on average" if gap == 1 else f"buys every {number(gap)} days on average"
    return f"{every}, last {silence} ago" if silence else every
