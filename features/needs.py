"""What a member needs for each tier by a date, and until when: for people to read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from features.histories import Histories
from features.ledger import ledger
from features.policy import TierPolicy
from features.rulebook import rulebook
from features.running import Trial
from features.snapshot import check_days, to_date, to_day
from features.tier_states import UNDEFINED
from features.tiers import Integers, is_summed, tier_state, undefined_because

_NO_AMOUNT: Final = {
    "en": "not defined, because no amount booked now gives it by then",
    "zh": "无法给出：现在计入再多，届时也达不到",
}


@dataclass(frozen=True)
class Outlook:
    """What a tier takes by a date.

    ``need``: the least amount, in currency, points, orders ..., that gives the tier or a higher one if booked at once; 0
    where nothing is needed, None where it is not defined, which ``why`` explains. ``last_day``: the last day on which that
    amount still does, None where nothing is needed or nothing helps.
    """

    tier: str
    need: float | None
    last_day: dt.date | None
    why: str | None


def outlook(
    histories: Histories,
    policy: TierPolicy,
    member: int,
    as_of: dt.date,
    by: dt.date,
    *,
    language: Literal["en", "zh"] = "en",
) -> list[Outlook]:
    """For each tier, lowest first: what a member needs to hold it or a higher one on the morning of ``by``.

    Parameters
    ----------
    member : position in ``histories``
    as_of : rows on days before it are seen; the first day on which something can be booked
    by : a later date
    language : of ``why``

    Raises
    ------
    ConfigError
        ``by`` does not lie after ``as_of``
    PolicyError

    >>> from features.histories import from_rows
    >>> policy = TierPolicy.from_dict({"programme": "P", "metric": "spend", "window": {"calendar": "year"},
    ...     "review": "period_end", "tiers": [{"name": "Member"}, {"name": "Gold", "reach": 100.0}]})
    >>> log = from_rows([("m", [(dt.date(2017, 1, 5), {"orders": 1, "gross": 30_0000, "returned": 0})])], has_amounts=True)
    >>> outlook(log, policy, 0, dt.date(2017, 12, 1), dt.date(2018, 1, 1))[1]
    Outlook(tier='Gold', need=70.0, last_day=datetime.date(2017, 12, 31), why=None)
    """
    days = check_days(to_day(by) - to_day(as_of), "by")
    known = histories.select(np.array([member], np.int64)).before(as_of)
    cutoff = to_day(as_of)
    state = tier_state(known, np.zeros(1, np.int64), np.array([cutoff]), days, policy, compiled=False)
    trial = Trial(rulebook(policy), ledger(known, rulebook(policy).columns), cutoff)
    found = []
    for k, (name, need) in enumerate(zip(policy.tier_names, state.need[0].tolist(), strict=True)):
        if need == UNDEFINED:
            why = undefined_because(policy, k, language) or _NO_AMOUNT[language]
            found.append(Outlook(name, None, None, why))
            continue
        last = to_date(_last_day(trial, k, need, cutoff, cutoff + days)) if need > 0 else None
        found.append(Outlook(name, need / state.scale, last, None))
    return found


def last_days(
    histories: Histories, policy: TierPolicy, member: Integers, tier: Integers, need: Integers, cutoff: int, days: int
) -> Integers:
    """(n_pairs,) day numbers: the last day on which each need, booked at once, still gives its tier: ``Outlook.last_day``.

    Parameters
    ----------
    member, tier : (n_pairs,) positions in ``histories`` and in the policy's tiers
    need : (n_pairs,) above 0, in units of the metric, as ``TierState.need`` has it for a horizon of ``days``
    cutoff : day number
    """
    last = np.full(len(member), cutoff + days - 1, np.int64)
    if is_summed(policy) or not len(member):
        return last
    book = rulebook(policy)
    trials: dict[int, Trial] = {}
    for i, (who, k, amount) in enumerate(zip(member.tolist(), tier.tolist(), need.tolist(), strict=True)):
        if who not in trials:
            known = histories.select(np.array([who], np.int64)).before(to_date(cutoff))
            trials[who] = Trial(book, ledger(known, book.columns), cutoff)
        last[i] = _last_day(trials[who], k, amount, cutoff, cutoff + days)
    return last


def _last_day(trial: Trial, tier: int, need: int, cutoff: int, end: int) -> int:
    return next((day for day in range(end - 1, cutoff, -1) if trial.tier(day, need, end) >= tier), cutoff)
