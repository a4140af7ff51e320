"""The customer ladder and the frequency class: fixed rules, each with its words.

==============  =======================================================================================
stage           a member at a cutoff who
==============  =======================================================================================
prospect        has not bought yet
first purchase  has bought on one day, or has only returned something: what was bought before the log begins
repeat          has bought on more days than one
loyal           has also bought in at least ``loyal_periods`` of the last ``periods`` periods
advocate        is loyal, and in these periods made ``referrals`` referrals or more, or gave a mean survey score of
                ``satisfaction`` or more; not available without an event log
==============  =======================================================================================

The frequency class is high from ``high_from`` orders a period, medium from ``medium_from``, low below; a prospect has none.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from features.between import Integers, sum_between
from features.bounds import StandingBounds
from features.feature import Phrase
from features.histories import Histories
from features.loyalty import Loyalty
from features.snapshot import MAX_DAYS

Codes: TypeAlias = npt.NDArray[np.int8]

STAGES: Final = (
    Phrase("prospect", "潜在"),
    Phrase("first purchase", "首次"),
    Phrase("repeat", "重复"),
    Phrase("loyal", "忠诚"),
    Phrase("advocate", "倡导者"),
)
"""Words for the stages, lowest first."""
PROSPECT, FIRST, REPEAT, LOYAL, ADVOCATE = range(5)
CLASSES: Final = (Phrase("low", "低"), Phrase("medium", "中"), Phrase("high", "高"))
"""Words for the frequency classes, lowest first."""
LOW, MEDIUM, HIGH = range(3)
NO_CLASS: Final = -1


def stages(histories: Histories, day: int, loyalty: Loyalty, bounds: StandingBounds) -> Codes:
    """(n_members,) positions in ``STAGES`` at a cutoff, given as a day number."""
    days = sum_between(histories.visits, None, day - MAX_DAYS, day)
    returned = sum_between(histories.returns, None, day - MAX_DAYS, day) > 0
    stage = np.minimum(np.maximum(days, returned), REPEAT)
    stage[(stage == REPEAT) & (loyalty.periods >= bounds.loyal)] = LOYAL
    speaks = (loyalty.referrals >= bounds.referrals) | (loyalty.satisfaction >= bounds.satisfaction)
    stage[(stage == LOYAL) & speaks] = ADVOCATE
    return stage.astype(np.int8)


def frequency_classes(stage: Codes, orders: Integers, bounds: StandingBounds) -> Codes:
    """(n_members,) positions in ``CLASSES``, ``NO_CLASS`` for prospects.

    Parameters
    ----------
    orders : (n_members,) in the window

    >>> frequency_classes(np.array([0, 1, 2, 3], np.int8), np.array([0, 1, 4, 12]), StandingBounds()).tolist()
    [-1, 0, 1, 2]
    """
    from_orders = np.array([bounds.medium_from, bounds.high_from]) * bounds.periods
    found = np.searchsorted(from_orders, orders, side="right")
    return np.where(stage == PROSPECT, NO_CLASS, found).astype(np.int8)
