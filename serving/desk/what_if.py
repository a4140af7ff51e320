"""What becomes of one member if something comes that has not: the tier by the policy's rules, and the forecast.

Each what-if is looked at on the morning after its last imagined day, once as if nothing had come until then and once with
what is imagined, both through the one path: histories, the policy, the forecaster.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from features.chronicle import tier_history
from features.errors import CutoffError, InputError, LimitError
from features.histories import Histories
from features.snapshot import to_day
from features.tiers import gives, tier_state
from serving.desk.imagined import Imagined, Usual, extended, lines
from serving.desk.member_words import Speaker
from serving.forecast.wording import Language
from training.forecaster import Forecaster
from training.forecasts import Forecasts
from training.reach import check_learned

MOST_WHAT_IFS: Final = 20
MOST_IMAGINED: Final = 100
_DECIMALS: Final = 4
"""Of what a policy counts (features.money): a difference of two such numbers has no more."""
_NOT_FORECAST: Final = {
    "en": "no purchase in the {days} days before {as_of}: no forecast is made",
    "zh": "{as_of} 前 {days} 天内无消费，不作预测",
}
_NO_TIERS: Final = {
    "en": "no tier policy, or a log without the amounts that it counts",
    "zh": "无等级规则，或数据中没有规则所需的金额",
}


def what_if(
    forecaster: Forecaster,
    histories: Histories,
    as_of: dt.date,
    imagined: Sequence[Sequence[Imagined]],
    *,
    language: Language = "en",
) -> dict[str, Any]:
    """What each of several lists of imagined purchases, visits and returns would make of one member; ready for JSON.

    Parameters
    ----------
    histories : of one member; rows on days before ``as_of`` are seen
    as_of : the first day on which something can be imagined; the last one is the last day of the horizon
    imagined : each a what-if of its own, in any order of days; none of them leaves what stands ``now``

    Returns
    -------
    dict
        ``now``, and for each of ``what_ifs`` what was ``imagined`` with the amounts taken, and under ``rule`` (exact) and
        ``forecast`` what stands ``without`` it, ``with`` it, and the ``change``, null where one of them has a ``because``
        instead; and a ``summary`` in sentences

    Raises
    ------
    CutoffError
        ``as_of`` lies before the day the model was trained for, or an imagined day outside the horizon
    InputError
        an imagined amount is missing or out of range, or a list is empty
    LimitError
        more than ``MOST_WHAT_IFS`` lists, or ``MOST_IMAGINED`` in one
    """
    check_learned(forecaster, as_of)
    _check(imagined, as_of, forecaster.settings.horizon_days)
    known = histories.before(as_of)
    usual = Usual.of(known)
    added = [lines(known, items, usual) for items in imagined]
    mornings = [max(item.date for item in items) + dt.timedelta(days=1) for items in imagined]
    teller = _Teller(forecaster, known, as_of, max(mornings, default=as_of), language)
    now = teller.tell(known, as_of)[0]
    told: dict[int, dict[str, Any]] = {}
    for morning in sorted(set(mornings)):
        at = [place for place, other in enumerate(mornings) if other == morning]
        without, *each = teller.tell(extended(known, [[], *(added[place] for place in at)]), morning)
        for place, found in zip(at, each, strict=True):
            taken = [
                {
                    "date": item.date.isoformat(),
                    "kind": item.kind,
                    "amount": _size(line.amount),
                    "usual": item.amount is None,
                }
                for item, line in zip(imagined[place], added[place], strict=True)
            ]
            answer = {
                "as_of": morning.isoformat(),
                "imagined": taken,
                "rule": _beside(without["rule"], found["rule"], _DECIMALS),
                "forecast": _beside(without["forecast"], found["forecast"]),
            }
            said = Speaker(language).what_if(answer, forecaster.settings.horizon_days)
            told[place] = {**answer, "summary": said}
    (customer,) = histories.members.tolist()
    return {
        "customer_id": customer,
        "as_of": as_of.isoformat(),
        "horizon_days": forecaster.settings.horizon_days,
        "usual_basket": usual.basket,
        "usual_of_visits": usual.visits,
        "now": now,
        "what_ifs": [told[place] for place in range(len(imagined))],
    }


class _Teller:
    """Says of histories on a morning what the policy and the forecaster say; the first of them is the member as known."""

    def __init__(self, forecaster: Forecaster, known: Histories, as_of: dt.date, last: dt.date, language: Language) -> None:
        settings = forecaster.settings
        self.forecaster = forecaster
        self.language: Language = language
        self.since = as_of + dt.timedelta(days=1)  # what is imagined can act on the morning after
        self.policy = settings.policy if settings.policy is not None and gives(known, settings.policy) else None
        self.horizon = dt.timedelta(days=settings.horizon_days)
        self.if_nothing = self.events(known, 0, last + self.horizon)

    def events(self, histories: Histories, life: int, until: dt.date) -> list[dict[str, Any]]:
        """What is decided on the tier after the as-of date."""
        if self.policy is None:
            return []
        found = tier_history(histories, self.policy, life, until, since=self.since, language=self.language)
        return [{**asdict(event), "date": event.date.isoformat()} for event in found]

    def tell(self, histories: Histories, morning: dt.date) -> list[dict[str, Any]]:
        """Rule and forecast of each of the histories' members, which are one member in several lives."""
        found = self.forecaster.forecast(histories, morning)
        forecasts = self.forecasts(histories, morning, found)
        rules = self.rules(histories, morning, found)
        return [{"rule": rule, "forecast": forecast} for rule, forecast in zip(rules, forecasts, strict=True)]

    def rules(self, histories: Histories, morning: dt.date, forecasts: Forecasts) -> list[dict[str, Any]]:
        """The policy's word, ``counted`` and ``carry`` in its metric: what qualifies now, and what of it at ``by``."""
        if self.policy is None:
            return [{"because": _NO_TIERS[self.language]}] * len(histories)
        names, by, lives = self.policy.tier_names, morning + self.horizon, np.arange(len(histories))
        state = forecasts.table.state
        if state is None or len(forecasts.table) < len(lives):  # the policy speaks of who is not forecast, too
            cutoff = np.full(len(lives), to_day(morning), np.int64)
            state = tier_state(histories, lives, cutoff, self.horizon.days, self.policy)
        counted, carry, needs = state.natural(state.spend), state.natural(state.carry), state.needs.tolist()
        found = []
        for life in lives.tolist():
            events = self.events(histories, life, by) if life else self.if_nothing
            found.append(
                {
                    "tier": names[int(state.tier[life])],
                    "by": by.isoformat(),
                    "tier_if_nothing_more": names[int(state.secured[life])],
                    "counted": float(counted[life]),
                    "carry": float(carry[life]),
                    "needs": {
                        name: None if math.isnan(need) else need for name, need in zip(names, needs[life], strict=True)
                    },
                    "events": [event for event in events if event["date"] <= morning.isoformat()],
                    "if_nothing_more": [event for event in events if morning.isoformat() < event["date"] <= by.isoformat()],
                }
            )
        return found

    def forecasts(self, histories: Histories, morning: dt.date, found: Forecasts) -> list[dict[str, Any]]:
        row = {member: place for place, member in enumerate(found.table.panel.member.tolist())}
        days = self.forecaster.settings.lookback_days
        silent = _NOT_FORECAST[self.language].format(days=days, as_of=morning)
        return [self.forecast(found, row[life]) if life in row else {"because": silent} for life in range(len(histories))]

    def forecast(self, found: Forecasts, row: int) -> dict[str, Any]:
        p_tier = None if found.p_tier is None else found.p_tier[row].tolist()
        names = self.policy.tier_names if self.policy else ()
        return {
            "p_churn": float(found.p_churn[row]),
            "temperature": float(found.temperature[row]),
            "expected_spend": None if found.expected_spend is None else float(found.expected_spend[row]),
            "value_at_risk": None if found.value is None else float(found.value.at_risk[row]),
            "p_next_tier": None if p_tier is None else dict(zip(names, p_tier, strict=True)),
            "p_at_least": None if p_tier is None else dict(zip(names, at_least(p_tier), strict=True)),
        }


def at_least(p_tier: Sequence[float]) -> list[float]:
    """Probability of each tier or a higher one, lowest first.

    >>> at_least([0.5, 0.25, 0.25])
    [1.0, 0.5, 0.25]
    """
    found, above = [], 0.0
    for p in reversed(p_tier):
        above = min(above + p, 1.0)
        found.append(above)
    return found[::-1]


def _beside(without: dict[str, Any], found: dict[str, Any], decimals: int | None = None) -> dict[str, Any]:
    return {"without": without, "with": found, "change": _change(without, found, decimals)}


def _change(without: dict[str, Any], found: dict[str, Any], decimals: int | None) -> dict[str, Any] | None:
    """Differences of what both have as numbers; tiers that differ as from and to; None where one of them has nothing."""
    if "because" in without or "because" in found:
        return None
    changed: dict[str, Any] = {}
    for name, new in found.items():
        old = without[name]
        if isinstance(new, dict):
            changed[name] = {key: _difference(old[key], value, decimals) for key, value in new.items()}
        elif name.startswith("tier"):
            changed[name] = None if old == new else {"from": old, "to": new}
        elif not isinstance(new, str | list):
            changed[name] = _difference(old, new, decimals)
    return changed


def _difference(old: float | None, new: float | None, decimals: int | None) -> float | None:
    if old is None or new is None:
        return None
    return new - old if decimals is None else round(new - old, decimals)


def _size(amount: float | None) -> float | None:
    return None if amount is None else abs(amount)


def _check(imagined: Sequence[Sequence[Imagined]], as_of: dt.date, horizon_days: int) -> None:
    if len(imagined) > MOST_WHAT_IFS or any(len(items) > MOST_IMAGINED for items in imagined):
        rule = f"at most {MOST_WHAT_IFS} what-ifs at once, of at most {MOST_IMAGINED} entries each"
        raise LimitError(rule, "more", "send them one after another")
    if not all(imagined):
        raise InputError("a what-if imagines something", "nothing", "name a date, and what comes on it")
    end = as_of + dt.timedelta(days=horizon_days)
    if not all(as_of <= item.date < end for items in imagined for item in items):
        raise CutoffError(
            f"an imagined day lies in the {horizon_days} days from {as_of} on", "another", f"choose one before {end}"
        )
