"""What a tier policy says of many members, for people to read: the tier held, and who is just under a threshold.

The one place where descriptions of the base meet the policy; one member's story is told by features.chronicle and
features.needs.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from features.between import Floats, Integers, known_at
from features.bounds import StandingBounds
from features.contradictions import number
from features.histories import Histories
from features.policy import TierPolicy
from features.rules import ONLY, Tier
from features.snapshot import to_day
from features.tier_states import TierState
from features.tiers import tier_at, tier_state

NOT_A_MEMBER: Final = -1


@dataclass(frozen=True, eq=False)
class NearMisses:
    """(n_members,) what those just under a threshold lack, in the policy's metric; 0 for everyone else.

    ``keep`` is about the tier held, ``rise`` about the one above it. ``keep_by`` is the last day, as a day number, before
    the tier held is lost, -1 where it is not lost before the later date: what comes after brings it back. ``whole`` says
    that the metric is counted, as orders are, and has no hundredths.
    """

    keep: Floats
    rise: Floats
    keep_by: Integers
    whole: bool = False


def tiers_held(histories: Histories, policy: TierPolicy, as_of: dt.date) -> Integers:
    """(n_members,) positions of the tiers held at a date, ``NOT_A_MEMBER`` before there was anything to know.

    Raises
    ------
    PolicyError
        the log cannot give what the policy counts
    """
    return tier_at(histories, policy, [as_of])[:, 0]


def near_misses(histories: Histories, policy: TierPolicy, as_of: dt.date, by: dt.date, bounds: StandingBounds) -> NearMisses:
    """Who is just under a threshold at a later date: lacks at most ``near_share`` of it, or ``near_amount``.

    Of a policy on several metrics, and of a tier by invitation, there is no one threshold: there the amount alone counts.

    Parameters
    ----------
    as_of : rows before it are seen
    by : the later date

    Raises
    ------
    PolicyError
        the log cannot give what the policy counts, or the date lies more than a tier window ahead
    """
    everyone = np.arange(len(histories))
    cutoff = np.full(len(histories), to_day(as_of), np.int64)
    found = near_of(tier_state(histories, everyone, cutoff, (by - as_of).days, policy), policy, bounds)
    known = known_at(histories, to_day(as_of))
    return replace(found, keep=np.where(known, found.keep, 0.0), rise=np.where(known, found.rise, 0.0))


def near_of(state: TierState, policy: TierPolicy, bounds: StandingBounds) -> NearMisses:
    """(n_pairs,) the same of members whose state is known already (features.tiers.tier_state)."""
    reach, keep = (np.array(own) for own in zip(*map(_thresholds, policy.tiers), strict=True))
    top = len(policy.tiers) - 1
    above, needs = np.minimum(state.tier + 1, top), state.needs

    def near(tier: Integers, threshold: Floats) -> Floats:
        need = np.take_along_axis(needs, tier[:, None], axis=1)[:, 0]
        most = np.maximum(threshold * bounds.near_share, bounds.near_amount)
        return np.where(need <= most[tier], need, 0.0)

    rise = np.where(state.tier < top, near(above, reach), 0.0)
    return NearMisses(near(state.tier, keep), rise, state.keep_by, whole=state.scale == 1)


def pace(policy: TierPolicy | None) -> float | None:
    """Spend a day that reaches the policy's second tier; None without a policy on spend over rolling days, or such a tier.

    >>> pace(TierPolicy.from_dict({"programme": "P", "metric": "spend", "window": {"rolling_days": 50},
    ...     "tiers": [{"name": "Member"}, {"name": "Gold", "reach": 100.0}]}))
    2.0
    """
    if policy is None or policy.metric != "spend" or len(policy.tiers) < 2 or policy.tiers[1].invitation:
        return None
    days = policy.window.rolling_days
    return None if days is None else number(policy.tiers[1].reach, ONLY) / days


def _thresholds(tier: Tier) -> tuple[float, float]:
    """What reaches a tier and what keeps it; 0 where that is no one number."""
    keep = tier.reach if tier.keep is None else tier.keep
    if tier.invitation or isinstance(tier.reach, dict) or isinstance(keep, dict):
        return 0.0, 0.0
    return tier.reach, keep
