"""Loyalty: how surely a member comes back, refers others, and is satisfied, over the window [T - w, T) before a cutoff.

- repurchase rate = share of purchase days that were followed by another within a period. Only days more than a period
  before the cutoff count: of later ones the answer is not known yet.
- referral rate = referrals a period
- satisfaction = mean survey score

The last two need an event log.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.between import Floats, Integers, sum_between
from features.bounds import StandingBounds
from features.events import REFERRAL, SURVEY
from features.histories import Histories
from features.money import to_currency
from features.operators import ratio
from features.vocabulary import value_rows


@dataclass(frozen=True, eq=False)
class Loyalty:
    """(n_members,) each; NaN where it is not available.

    ``periods`` is how many periods of the window had a purchase, ``referrals`` how many were made in it (0 without an event
    log).
    """

    periods: Integers
    repurchase_rate: Floats
    referrals: Integers
    referral_rate: Floats
    satisfaction: Floats


def loyalties(histories: Histories, day: int, bounds: StandingBounds) -> Loyalty:
    """Loyalty of all members at a cutoff.

    Parameters
    ----------
    day : cutoff as a day number, excluded
    """
    visits, period, first = histories.visits, bounds.period_days, day - bounds.window_days
    with_purchase = np.zeros(len(histories), np.int64)
    for back in range(bounds.periods):
        end = day - period * back
        with_purchase += sum_between(visits, None, end - period, end) > 0
    followed = np.zeros(len(visits.day), bool)
    followed[:-1] = np.diff(visits.day) <= period
    followed[visits.offsets[1:][np.diff(visits.offsets) > 0] - 1] = False  # what follows is another member's
    settled = day - period
    repurchase = ratio(
        sum_between(visits, followed, first, settled).astype(np.float64),
        sum_between(visits, None, first, settled).astype(np.float64),
    )
    if not histories.events:
        nothing = np.full(len(histories), np.nan)
        return Loyalty(with_purchase, repurchase, np.zeros(len(histories), np.int64), nothing, nothing)
    referrals = sum_between(value_rows(histories, f"event {REFERRAL}"), "count", first, day)
    survey = value_rows(histories, f"event {SURVEY}")
    score = to_currency(sum_between(survey, "score", first, day))
    satisfaction = ratio(score, sum_between(survey, "count", first, day).astype(np.float64))
    return Loyalty(with_purchase, repurchase, referrals, referrals / bounds.periods, satisfaction)
