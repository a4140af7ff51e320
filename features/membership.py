"""What a tier policy says of members, for people to read: the tier held, how it came about, what keeps it and what lifts it.

The one place where descriptions meet the policy. For a rolling window of spend: the tier at a date T comes from days in
[T - w, T), so a purchase counts from the day after it, and for w days.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from features.between import Integers, known_at
from features.bounds import StandingBounds
from features.histories import Histories, Ragged
from features.money import UNITS, to_units
from features.operators import Panel
from features.policy import TierPolicy
from features.snapshot import to_date, to_day
from features.tiers import TierState, tier_of, tier_state

NOT_A_MEMBER: Final = -1


@dataclass(frozen=True)
class TierEvent:
    """A change of tier: ``date`` is the first morning on which ``tier`` is held."""

    date: dt.date
    tier: str
    kind: Literal["joined", "rose", "fell"]
    reason: str


@dataclass(frozen=True)
class Outlook:
    """What a tier takes by a date, in the policy's metric.

    ``need`` is 0 where nothing more has to come, and None where ``why`` says that it is not defined; ``last_day`` is the
    last day on which it counts, None where nothing is needed.
    """

    tier: str
    need: float | None
    last_day: dt.date | None
    why: str | None


@dataclass(frozen=True, eq=False)
class NearMisses:
    """(n_members,) what those just under a threshold lack, in fixed-point units; 0 for everyone else.

    ``keep`` is about the tier held, ``rise`` about the one above it.
    """

    keep: Integers
    rise: Integers


def tiers_held(histories: Histories, policy: TierPolicy, as_of: dt.date) -> Integers:
    """(n_members,) positions of the tiers held at a date, ``NOT_A_MEMBER`` before there was anything to know."""
    known = known_at(histories, to_day(as_of))
    return np.where(known, _state(histories, policy, as_of, 1).tier, NOT_A_MEMBER)


def tier_history(
    histories: Histories, policy: TierPolicy, member: int, until: dt.date, *, language: Literal["en", "zh"] = "en"
) -> list[TierEvent]:
    """One member's changes of tier up to the morning of a date, oldest first.

    Beyond the histories' end it says what happens if nothing more comes.

    Parameters
    ----------
    member : position in the histories
    """
    changes, start = _changes(histories, policy, member), _start(histories, member)
    if start is None or start >= to_day(until):
        return []
    joined = f"{to_date(start)} 入会" if language == "zh" else f"joined on {to_date(start)}"
    events = [TierEvent(to_date(start + 1), policy.tier_names[0], "joined", joined)]
    spend = tier = 0
    for day in sorted(changes):
        if day > to_day(until):
            break
        spend += changes[day]
        now = int(tier_of(np.array([spend]), policy)[0])
        if now != tier:
            reason = _reason(policy, spend, tier, now, day, language)
            events.append(TierEvent(to_date(day), policy.tier_names[now], "rose" if now > tier else "fell", reason))
            tier = now
    return events


def outlook(histories: Histories, policy: TierPolicy, member: int, as_of: dt.date, by: dt.date) -> list[Outlook]:
    """What each tier takes to be held on a later date, lowest tier first.

    Parameters
    ----------
    member : position in the histories
    as_of : rows before it are seen
    by : the later date
    """
    days = (by - as_of).days
    if days > policy.window.rolling_days:
        return [Outlook(name, None, None, "the date lies more than a tier window ahead") for name in policy.tier_names]
    known = histories.select(np.array([member])).before(as_of)
    needs = _state(known, policy, as_of, days).need[0].tolist()
    last_day = by - dt.timedelta(days=1)
    return [
        Outlook(name, need / UNITS, last_day if need else None, None)
        for name, need in zip(policy.tier_names, needs, strict=True)
    ]


def near_misses(histories: Histories, policy: TierPolicy, as_of: dt.date, by: dt.date, bounds: StandingBounds) -> NearMisses:
    """Who is just under a threshold at a later date: lacks at most ``near_share`` of it, or ``near_amount``.

    Parameters
    ----------
    as_of : rows before it are seen
    by : the later date, at most a tier window after
    """
    state = _state(histories, policy, as_of, (by - as_of).days)
    known = known_at(histories, to_day(as_of))
    most = np.maximum(policy.thresholds * bounds.near_share, to_units(bounds.near_amount))
    held, top = state.tier, len(policy.tiers) - 1
    above = np.minimum(held + 1, top)

    def near(tier: Integers) -> Integers:
        need = np.take_along_axis(state.need, tier[:, None], axis=1)[:, 0]
        return np.where(known & (need <= most[tier]), need, 0).astype(np.int64)

    return NearMisses(near(held), np.where(held < top, near(above), 0))


def pace(policy: TierPolicy | None) -> float | None:
    """Spend a day that reaches the policy's second tier; None without such a policy, or without a second tier.

    >>> pace(TierPolicy.from_dict({"programme": "P", "metric": "spend", "window": {"rolling_days": 50},
    ...     "tiers": [{"name": "Member"}, {"name": "Gold", "reach": 100.0}]}))
    2.0
    """
    if policy is None or policy.metric != "spend" or len(policy.tiers) < 2:
        return None
    return policy.tiers[1].reach / policy.window.rolling_days


def _state(histories: Histories, policy: TierPolicy, as_of: dt.date, horizon_days: int) -> TierState:
    everyone = np.arange(len(histories))
    cutoff = np.full(len(histories), to_day(as_of), np.int32)
    return tier_state(Panel(histories, everyone, cutoff, horizon_days), policy)


def _reason(policy: TierPolicy, spend: int, before: int, after: int, day: int, language: str) -> str:
    first, last = to_date(day - policy.window.rolling_days), to_date(day - 1)
    tier = policy.tiers[max(before, after)]
    had, need = f"{spend / UNITS:,.2f}", f"{tier.reach:,.2f}"
    if language == "zh":
        return f"{first} 至 {last} {had}，" + (f"需 {need}" if after > before else f"保级 {tier.name} 需 {need}")
    return f"{had} from {first} to {last}, {need} needed" + ("" if after > before else f" to keep {tier.name}")


def _start(histories: Histories, member: int) -> int | None:
    """The day on which a member is first known of: the day of joining, or of the first row if it is earlier."""
    first = [int(rows.day[rows.offsets[member]]) for rows in (histories.visits, histories.returns) if _has(rows, member)]
    if histories.joined is not None and histories.joined[member] >= 0:
        first.append(int(histories.joined[member]))
    return min(first, default=None)


def _has(rows: Ragged, member: int) -> bool:
    return bool(rows.offsets[member + 1] > rows.offsets[member])


def _changes(histories: Histories, policy: TierPolicy, member: int) -> dict[int, int]:
    """Day → by how much the qualifying spend changes on it, in fixed-point units."""
    sides = [(histories.visits, "gross", 1)]
    if policy.returns == "net":
        sides.append((histories.returns, "returned", -1))
    changes: dict[int, int] = {}
    for rows, value, sign in sides:
        own = slice(int(rows.offsets[member]), int(rows.offsets[member + 1]))
        for day, units in zip(rows.day[own].tolist(), rows.values[value][own].tolist(), strict=True):
            for counted, change in ((day + 1, sign * units), (day + 1 + policy.window.rolling_days, -sign * units)):
                changes[counted] = changes.get(counted, 0) + change
    return changes
