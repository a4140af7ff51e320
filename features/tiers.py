"""What a policy says of members at a cutoff: the tier, what carries over to cutoff + horizon, what each tier needs.

Where the tier follows from the window before a morning alone (a rolling window of w days or the lifetime, reviewed daily,
with nothing that waits), it is read off sums. For a horizon of h days at a cutoff T and w >= h:

- spend now    = spend on days in [T - w, T)           → the tier at T
- carry        = spend on days in [T + h - w, T)       → already there at T + h, and stays
- need of tier = max(0, reach - carry)                 → still to come in [T, T + h)

Any other policy is played through (features.walk), from T on as if nothing more happened (features.forks). Both agree.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from features.errors import PolicyError
from features.histories import Histories
from features.ledger import Ledger, expiry, ledger
from features.metrics import in_units
from features.money import UNITS
from features.policy import TierPolicy
from features.rulebook import DAYS, IS_SCORE, LIFETIME, WIDTH, WINDOW, Rulebook, rulebook
from features.running import run_hold, run_look
from features.snapshot import to_date, to_day
from features.tier_states import UNDEFINED, TierState
from features.windowed import State, one_state, windowed_state, windowed_tiers

Integers: TypeAlias = npt.NDArray[np.int64]


def tier_of(spend: Integers, policy: TierPolicy) -> Integers:
    """Position of the highest tier reached by an amount of the policy's one metric, the first where none is.

    >>> policy = TierPolicy.from_dict({"programme": "P", "metric": "spend", "window": {"rolling_days": 91},
    ...     "tiers": [{"name": "Member"}, {"name": "Gold", "reach": 100.0}]})
    >>> tier_of(np.array([-5, 999_999, 1_000_000]), policy).tolist()
    [0, 0, 1]
    """
    reached = np.searchsorted(policy.thresholds, spend, side="right") - 1
    return np.maximum(reached, 0).astype(np.int64)


def tier_at(
    histories: Histories, policy: TierPolicy, cutoffs: Sequence[dt.date], *, compiled: bool | None = None
) -> Integers:
    """The tier that each member holds on the mornings of some dates, by rows on days before each.

    Parameters
    ----------
    cutoffs : in any order
    compiled : force the compiled (True) or interpreted (False) walk; None chooses by size

    Returns
    -------
    (n_members, n_cutoffs)
        position in ``policy.tier_names``, -1 where a member had neither joined nor a row before the date. A day of joining
        that is still to come is not known yet: the first row's stands for it

    Raises
    ------
    PolicyError
        the log cannot give what the policy counts

    >>> from features.histories import from_rows
    >>> policy = TierPolicy.from_dict({"programme": "P", "metric": "spend", "window": {"rolling_days": 91},
    ...     "tiers": [{"name": "Member"}, {"name": "Gold", "reach": 100.0}]})
    >>> log = from_rows([("m", [(dt.date(2017, 1, 5), {"orders": 1, "gross": 250_0000, "returned": 0})])], has_amounts=True)
    >>> tier_at(log, policy, [dt.date(2017, 1, 5), dt.date(2017, 1, 6), dt.date(2018, 1, 6)]).tolist()
    [[-1, 1, 0]]
    """
    book = rulebook(policy)
    log = ledger(histories, book.columns)
    days, back = np.unique(np.array([to_day(cutoff) for cutoff in cutoffs], np.int64), return_inverse=True)
    tiers = windowed_tiers(book, log, days) if book.memoryless and compiled is None else _held(book, log, days, compiled)
    return tiers[:, back]


def tier_of_pairs(histories: Histories, member: Integers, cutoff: npt.NDArray[np.integer], policy: TierPolicy) -> Integers:
    """(n_pairs,) tier of each member (position) at each cutoff (day number); the first of who has not joined.

    Raises
    ------
    PolicyError
    """
    days, column = np.unique(cutoff, return_inverse=True)
    return np.maximum(tier_at(histories, policy, [to_date(int(day)) for day in days])[member, column], 0)


def tier_state(
    histories: Histories,
    member: Integers,
    cutoff: Integers,
    horizon_days: int,
    policy: TierPolicy,
    *,
    compiled: bool | None = None,
) -> TierState:
    """The policy's word on pairs (member, cutoff), each by rows on days before its cutoff.

    Parameters
    ----------
    member, cutoff : (n_pairs,) positions in ``histories`` and day numbers
    horizon_days : days ahead that carry and needs are about
    compiled : force the compiled (True) or interpreted (False) walk; None takes the shortest way

    Raises
    ------
    PolicyError
        the log cannot give what the policy counts; or a policy without memory has a window of days that is shorter than the
        horizon: then nothing carries over, and part of the horizon does not count
    """
    book, scale = rulebook(policy), scale_of(policy)
    if book.memoryless:
        _refuse_short(book, horizon_days)
    member, cutoff = np.asarray(member, np.int64), np.asarray(cutoff, np.int64)
    if compiled is None and is_summed(policy):
        if len(member) == 1 and book.columns[0].name == "spend" and histories.has_amounts:
            return TierState(*one_state(book, histories, int(member[0]), int(cutoff[0]), horizon_days), scale)
        log = ledger(histories, book.columns)
        return TierState(*windowed_state(book, log, member, cutoff, horizon_days), scale)
    return TierState(*_walked(histories, book, member, cutoff, horizon_days, compiled), scale)


def gives(histories: Histories, policy: TierPolicy) -> bool:
    """Whether a log has amounts, or the policy needs none.

    A log without amounts has no tiers by money; anything else that a policy misses is refused.
    """
    needed = any(column.name in ("spend", "profit") for column in rulebook(policy).columns)
    return histories.has_amounts or not needed


def scale_of(policy: TierPolicy) -> int:
    """Units of the policy's metric that are one: of its first where there are several."""
    return UNITS if in_units(next(iter(rulebook(policy).versions[-1].named_metrics.values()))) else 1


def is_summed(policy: TierPolicy) -> bool:
    """Whether tiers are read off sums over a window of days, or over the lifetime: any day until the window's end counts."""
    book = rulebook(policy)
    additive = not book.specs[IS_SCORE] and book.most_metrics == 1 and not book.expires
    return book.memoryless and additive and book.rules[WINDOW] in (DAYS, LIFETIME)


def undefined_because(policy: TierPolicy, tier: int, language: Literal["en", "zh"] = "en") -> str | None:
    """Why the need of a tier is not defined where the tier is not held anyway; None where it is.

    >>> policy = TierPolicy.from_dict({"programme": "P", "metrics": {"miles": "points_earned", "segments": "orders"},
    ...     "window": "lifetime", "tiers": [{"name": "Blue"}, {"name": "Gold", "reach": {"miles": 50000, "segments": 60}}]})
    >>> undefined_because(policy, 1)
    'not defined, because several metrics count: miles, segments'
    >>> undefined_because(policy, 1, "zh")
    '无法给出：同时看多项指标（miles、segments）'
    """
    book, zh = rulebook(policy), language == "zh"
    metrics, name = book.versions[-1].named_metrics, policy.tiers[tier].name
    if tier == 0:
        return None
    if policy.tiers[tier].invitation:
        return f"无法给出：{name} 须获邀" if zh else f"not defined, because {name} is by invitation"
    if len(metrics) > 1:
        if zh:
            return f"无法给出：同时看多项指标（{'、'.join(metrics)}）"
        return f"not defined, because several metrics count: {', '.join(metrics)}"
    if book.spec(len(book.versions) - 1, 0)[IS_SCORE]:
        return "无法给出：评分不能简单相加" if zh else "not defined, because a score does not add up"
    return None


def _walked(
    histories: Histories, book: Rulebook, member: Integers, cutoff: Integers, horizon: int, compiled: bool | None
) -> State:
    order = np.lexsort((cutoff, member))
    who, which = np.unique(member[order], return_inverse=True)
    own = histories if len(who) == len(histories) else histories.select(who)
    out = _blank(len(member), book.tiers)
    if not book.expires:
        out = _looked(book, ledger(own, book.columns), which, cutoff[order], horizon, False, compiled)
    else:  # see Rulebook.expires: each cutoff has a ledger of its own
        for day in np.unique(cutoff):
            at = np.flatnonzero(cutoff[order] == day)
            log = ledger(own.before(to_date(int(day))), book.columns)
            found = _looked(book, log, which[at], cutoff[order][at], horizon, True, compiled)
            for whole, part in zip(out, found, strict=True):
                whole[at] = part
            if not _outlasts(book, int(day), horizon):
                need = out[4][at]
                out[4][at] = np.where(need > 0, UNDEFINED, need)
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    spend, carry, tier, secured, need, review, keep_by = (part[back] for part in out)
    return spend, carry, tier, secured, need, review, keep_by


def _held(book: Rulebook, log: Ledger, days: Integers, compiled: bool | None) -> Integers:
    tiers = run_hold(book, log, days, compiled)
    if len(days) and (log.joined_as_known(days[0]) != log.joined).any():
        early = run_hold(book, replace(log, joined=log.first), days, compiled)
        tiers = np.where(log.joined[:, None] < days[None, :], tiers, early)
    return tiers


def _looked(
    book: Rulebook, log: Ledger, member: Integers, cutoff: Integers, horizon: int, foreseen: bool, compiled: bool | None
) -> State:
    found = run_look(book, log, member, cutoff, horizon, foreseen, compiled)
    at = np.flatnonzero(log.joined_as_known(cutoff, member) != log.joined[member])
    if len(at):
        early = replace(log, joined=log.first)
        for whole, part in zip(
            found, run_look(book, early, member[at], cutoff[at], horizon, foreseen, compiled), strict=True
        ):
            whole[at] = part
    return found


def _blank(pairs: int, tiers: int) -> State:
    one = [np.zeros(pairs, np.int64) for _ in range(6)]
    return one[0], one[1], one[2], one[3], np.zeros((pairs, tiers), np.int64), one[4], one[5]


def _outlasts(book: Rulebook, day: int, horizon: int) -> bool:
    """Whether points earned on a day still count a horizon later."""
    ends = [expiry(day, column.points) for column in book.columns if column.points and column.points.expiries]
    return min(ends) >= day + horizon


def _refuse_short(book: Rulebook, horizon: int) -> None:
    days = book.rules[WIDTH]
    if book.rules[WINDOW] == DAYS and horizon > days:
        raise PolicyError(
            "window.rolling_days",
            "the tier window is at least as long as the forecast's horizon",
            f"{days} days against a horizon of {horizon}",
            "shorten the horizon",
        )
