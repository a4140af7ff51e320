"""What it takes to keep a tier or to reach one: the least amount, the visits, until when; and its chance unaided."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from features.daily import fold
from features.errors import ConfigError
from features.extending import laid_after
from features.feature import Phrase
from features.histories import Histories
from features.metrics import Events, Metric
from features.needs import Outlook, outlook
from features.policy import TierPolicy
from features.snapshot import to_date, to_day
from features.tiers import gives, tier_at, tier_state
from serving.desk.imagined import Imagined, Usual, lines
from serving.desk.what_if import at_least
from serving.forecast.wording import Language
from training.forecaster import Forecaster

MOST_VISITS: Final = 1000
_WHY: Final[Mapping[str, Phrase]] = {
    "safe": Phrase("nothing is needed, so there is no last day", "无需再做什么，因此没有期限"),
    "need": Phrase("nothing that can be booked gives it by then", "届时无论如何都达不到"),
    "events": Phrase("what counts is {kinds}, not visits", "计的是 {kinds}，不是到店"),
    "no_amounts": Phrase("the log has no amounts", "数据中没有金额"),
    "no_basket": Phrase("there is no purchase to tell the usual basket from", "没有消费记录，无从得知常用客单"),
    "free": Phrase("the usual visit adds nothing that counts", "按其习惯，到店不增加所计指标"),
    "many": Phrase("not in {most:,} visits", "到店 {most:,} 次也不够"),
    "no_visit": Phrase("no visit gives it by then", "届时到店也达不到"),
    "no_forecast": Phrase("no forecast of the tier is made", "没有等级预测"),
}
_SLACK: Final = 1e-9
"""Of a quotient of two numbers with four decimals."""


def what_it_takes(
    forecaster: Forecaster,
    histories: Histories,
    as_of: dt.date,
    *,
    p_next_tier: Mapping[str, float] | None = None,
    language: Language = "en",
) -> list[dict[str, Any]]:
    """For the tier held, where it can be lost, and for each above it: what holds it at the end of the horizon.

    Parameters
    ----------
    histories : of one member; rows on days before ``as_of`` are seen
    p_next_tier : the member's forecast at ``as_of``, None to forecast it here

    Returns
    -------
    list of dict
        lowest tier first: ``tier``; ``kind``, keep or reach; ``by``, the morning on which it is to be held; ``metric``, what
        the policy counts, and ``need``, the least of it that gives the tier if booked on any one day up to ``last_day``;
        ``visits``, the least number that does, each with the ``usual_basket``; ``last_day`` of them too; of the tier held
        ``lost_on``, the first morning without it if nothing comes, null where it is not lost, and ``keep_by``, the last day
        on which the need keeps it without a break (up to ``last_day`` it brings it back); ``p_unaided``, the probability
        that the tier or a higher one is held at ``by`` with nothing done about it; ``because``, by name, why another of them
        is null. Empty without a policy, or where the log has not the amounts that it counts

    Raises
    ------
    CutoffError, PolicyError
        see ``Forecaster.forecast``
    """
    settings, known = forecaster.settings, histories.before(as_of)
    policy = settings.policy
    if policy is None or not gives(known, policy):
        return []
    if p_next_tier is None:
        forecasts = forecaster.forecast(known, as_of)
        if forecasts.p_tier is not None and len(forecasts.p_tier):
            p_next_tier = dict(zip(policy.tier_names, forecasts.p_tier[0].tolist(), strict=True))
    elif tuple(p_next_tier) != policy.tier_names:
        raise ConfigError("a forecast of tiers is of the policy's", "other tiers", "pass the forecast of this model")
    by = as_of + dt.timedelta(days=settings.horizon_days)
    state = tier_state(known, np.zeros(1, np.int64), np.array([to_day(as_of)]), settings.horizon_days, policy)
    held, keep_by = int(state.tier[0]), int(state.keep_by[0])
    unaided = None if p_next_tier is None else at_least(list(p_next_tier.values()))
    asker = _Asker(known, policy, as_of, by, language)
    found = []
    for position, own in enumerate(outlook(known, policy, 0, as_of, by, language=language)):
        if position < max(held, 1):
            continue
        told = asker.ask(position, own)
        if position == held:
            told["kind"] = "keep"
            lost = to_date(keep_by + 1) if keep_by >= 0 else None
            told["lost_on"] = lost.isoformat() if lost else None
            told["keep_by"] = min(to_date(keep_by), own.last_day).isoformat() if lost and own.last_day else None
        told["p_unaided"] = None if unaided is None else unaided[position]
        if unaided is None:
            told["because"]["p_unaided"] = asker.word("no_forecast")
        found.append(told)
    return found


class _Asker:
    """Asks the policy about one member's visits."""

    def __init__(self, known: Histories, policy: TierPolicy, as_of: dt.date, by: dt.date, language: Language) -> None:
        self.known, self.policy, self.as_of, self.by = known, policy, as_of, by
        self.language: Language = language
        self.usual = Usual.of(known)
        versions = [version for version in policy.versions if version.since <= as_of] or policy.versions[:1]
        self.metrics: Mapping[str, Metric] = (versions[-1] if versions else policy).named_metrics

    def word(self, name: str, **values: Any) -> str:
        return (_WHY[name].zh if self.language == "zh" else _WHY[name].en).format(**values)

    def ask(self, tier: int, own: Outlook) -> dict[str, Any]:
        """What a tier takes, all but the forecast."""
        because: dict[str, str] = {}
        last = own.last_day
        if own.need is None:
            because["need"] = own.why or self.word("need")
        visits, why, last_visit = self.visits(tier, own)
        if why is not None:
            because["visits"] = why
        if last is None:
            last = last_visit
        if last is None:
            because["last_day"] = self.word("safe") if own.need == 0 else because.get("visits", self.word("no_visit"))
        if self.usual.basket is None:
            because["usual_basket"] = self.word("no_basket" if self.known.has_amounts else "no_amounts")
        return {
            "tier": own.tier,
            "kind": "reach",
            "by": self.by.isoformat(),
            "metric": " / ".join(_name(name, metric) for name, metric in self.metrics.items()),
            "need": own.need,
            "visits": visits,
            "usual_basket": self.usual.basket,
            "last_day": last.isoformat() if last else None,
            "p_unaided": None,
            "because": because,
        }

    def visits(self, tier: int, own: Outlook) -> tuple[int | None, str | None, dt.date | None]:
        """The least number of usual visits, or why there is none, and the last day for them where the need has none."""
        metrics = list(self.metrics.values())
        if own.need == 0:
            return 0, None, None
        if self.policy.tiers[tier].invitation:
            return None, own.why or self.word("need"), None
        if all(isinstance(metric, Events) for metric in metrics):
            kinds = [kind for metric in metrics if isinstance(metric, Events) for kind in metric.events]
            return None, self.word("events", kinds=", ".join(kinds)), None
        if own.need is not None and metrics == ["orders"]:
            return math.ceil(own.need), None, None
        if not self.usual.visits:
            return None, self.word("no_basket"), None
        if own.need is not None and metrics == ["spend"]:
            if not self.usual.basket:
                return None, self.word("free"), None
            number = math.ceil(own.need / self.usual.basket - _SLACK)
            return (number, None, None) if number <= MOST_VISITS else (None, self.word("many", most=MOST_VISITS), None)
        return self.played(tier, own)

    def played(self, tier: int, own: Outlook) -> tuple[int | None, str | None, dt.date | None]:
        """The same by trying: visits on one day, laid into the history, and the policy asked."""

        def gives_it(number: int, day: dt.date) -> bool:
            return bool(self.tier_with(number, day) >= tier)

        days = [own.last_day] if own.last_day else [self.as_of]
        if not gives_it(MOST_VISITS, days[0]):
            return None, self.word("no_visit" if own.need is None else "free"), None
        number = _least(lambda n: gives_it(n, days[0]), MOST_VISITS)
        if own.last_day:
            return number, None, None
        span = (self.by - self.as_of).days
        later = (self.as_of + dt.timedelta(days=day) for day in range(span - 1, -1, -1))
        return number, None, next(day for day in later if gives_it(number, day))

    def tier_with(self, number: int, day: dt.date) -> int:
        """Position of the tier at the end with so many usual visits on a day."""
        ((_, one),) = fold(lines(self.known, [Imagined(day)], self.usual), self.known.columns)
        all_of_them = {name: value if name == "minute" else number * value for name, value in one.items()}
        lived = laid_after(self.known, [[(day, all_of_them)]])
        return int(tier_at(lived, self.policy, [self.by])[0, 0])


def _least(holds: Callable[[int], bool], most: int) -> int:
    """The least number from 1 for which something holds that holds for ``most``, and for all from the least on.

    >>> _least(lambda n: n >= 6, 10)
    6
    """
    low, high = 0, 1
    while high < most and not holds(high):
        low, high = high, 2 * high
    high = min(high, most)
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle
    return high


def _name(name: str, metric: Metric) -> str:
    kind = metric if isinstance(metric, str) else "events" if isinstance(metric, Events) else "score"
    return f"{name}: {kind}" if name else kind
