"""The sentences on a member's page, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from features.feature import Phrase, Unit
from serving.forecast.near_miss import rounded_up
from serving.forecast.wording import Language, plural, worded

SENTENCES: Final[Mapping[str, Phrase]] = {
    "tier": Phrase("Holds {tier}.", "当前等级 {tier}。"),
    "tier_since": Phrase("{tier} since {day}.", "{day} 起为 {tier}。"),
    "safe": Phrase("{tier} is safe until {by}, even without another purchase.", "即使不再消费，{by} 仍为 {tier}。"),
    "comes": Phrase("{tier} comes by {by} without another purchase.", "无需再消费，{by} 前升为 {tier}。"),
    "keep": Phrase("To keep {tier}: {need} by {day}{visits}.", "保 {tier}：{day} 前（含当日）再{need}{visits}。"),
    "reach": Phrase("To reach {tier}: {need} by {day}{visits}.", "升 {tier}：{day} 前（含当日）再{need}{visits}。"),
    "visits": Phrase(" ({number:,} visit{s} at the usual {basket:,.2f})", "（按平常每次 {basket:,.2f}，{number:,} 次）"),
    "visits_only": Phrase("{number:,} more usual visit{s}", "照常到店 {number:,} 次"),
    "lost": Phrase("Otherwise {tier} is lost on {day}.", "否则 {day} 起失去 {tier}。"),
    "back": Phrase("The same by {day} still brings it back.", "{day} 前（含当日）补足仍可恢复。"),
    "unaided": Phrase(
        "Chance of {tier} on {by} if nothing is done: {chance}.",
        "不采取行动，{by} 为 {tier}的可能性：{chance}。",
    ),
    "unclear": Phrase("{tier}: {why}.", "{tier}：{why}。"),
    "buys": Phrase(
        "Chance of a purchase in the next {days} days: {chance}.", "未来 {days} 天内再次消费的可能性：{chance}。"
    ),
    "next": Phrase("The next purchase is expected in about {days:,} day{s}.", "预计约 {days:,} 天后再次消费。"),
    "risk": Phrase("Expected loss if nothing is done: {value:,.2f} in {of}.", "不采取行动的预计损失：{of} {value:,.2f}。"),
    "of_margin": Phrase("margin", "毛利"),
    "of_spend": Phrase("spend", "消费额"),
    "no_forecast": Phrase("No purchase in the last {days} days: no forecast is made.", "最近 {days} 天内无消费，不作预测。"),
    "tier_either_way": Phrase("{tier} on {day}, with or without this.", "有没有这一步，{day} 都是 {tier}。"),
    "tier_instead": Phrase("{tier} on {day}; without this, {other}.", "{day} 为 {tier}；没有这一步则为 {other}。"),
    "later_instead": Phrase(
        "If nothing comes after that, {tier} on {day}; without this, {other}.",
        "此后不再消费，{day} 为 {tier}；没有这一步则为 {other}。",
    ),
    "buys_either_way": Phrase(
        "Chance of a purchase in the {days} days from then on: {chance}, with or without this.",
        "有没有这一步，此后 {days} 天内消费的可能性都是 {chance}。",
    ),
    "buys_instead": Phrase(
        "Chance of a purchase in the {days} days from then on: {chance}; without this, {other}.",
        "此后 {days} 天内消费的可能性：{chance}；没有这一步则为 {other}。",
    ),
    "tier_chance": Phrase(
        "Chance of {tier} on {day}: {chance}; without this, {other}.",
        "{day} 为 {tier}的可能性：{chance}；没有这一步则为 {other}。",
    ),
    "tier_chance_alike": Phrase(
        "Chance of {tier} on {day}: {chance}; without this, {other}: too little for the forecast to tell apart.",
        "{day} 为 {tier}的可能性：{chance}；没有这一步则为 {other}：相差太小，预测分辨不了。",
    ),
    "or_higher": Phrase("{tier} or higher", "{tier} 或以上"),
}
"""By what they say; places in braces are filled."""
_NEEDS: Final[Mapping[str, Phrase]] = {
    "spend": Phrase("spend {need} more", "消费 {need}"),
    "profit": Phrase("bring {need} more profit", "带来利润 {need}"),
    "orders": Phrase("{need} more order{s}", "下 {need} 单"),
    "points_earned": Phrase("earn {need} more point{s}", "累计 {need} 积分"),
    "points_balance": Phrase("{need} more point{s} on the balance", "增加积分余额 {need}"),
    "events": Phrase("{need} more that count", "增加 {need} 次有效记录"),
    "score": Phrase("{need} more of the score", "提高评分 {need}"),
}
_ALIKE: Final = 0.02
"""A difference of chances that is not told as one where it goes against what was imagined (docs/service.md)."""
_WHOLE: Final = ("orders", "points_earned", "points_balance", "events")


class Speaker:
    """Says things in one language."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language

    def say(self, name: str, **values: Any) -> str:
        """A sentence of ``SENTENCES``, filled."""
        return self._word(SENTENCES[name]).format(**values)

    def chance(self, p: float) -> str:
        """A probability in words."""
        return worded(p, Unit.CHANCE, self.language)

    def takes(self, own: Mapping[str, Any], *, top: bool = False) -> str:
        """What it takes to keep or reach a tier (serving.desk.what_it_takes); ``top``: there is none above it."""
        name, keep = own["tier"], own["kind"] == "keep"
        if own["need"] == 0:
            return self.say("safe" if keep and not own["lost_on"] else "comes", tier=name, by=own["by"])
        if own["need"] is not None:
            need = self._need(own)
            visits = self._visits(own)
        elif own["visits"]:
            need, visits = self._counted("visits_only", number=own["visits"]), ""
        else:
            return self.say("unclear", tier=name, why=own["because"]["need"])
        day = own["keep_by"] if keep and own["keep_by"] else own["last_day"]
        said = [self.say(own["kind"], tier=name, need=need, day=day, visits=visits)]
        if keep and own["lost_on"]:
            said.append(self.say("lost", tier=name, day=own["lost_on"]))
            if day < own["last_day"]:
                said.append(self.say("back", day=own["last_day"]))
        if own["p_unaided"] is not None:
            said.append(
                self.say("unaided", tier=self._at_least(name, top=top), by=own["by"], chance=self.chance(own["p_unaided"]))
            )
        return ("" if self.language == "zh" else " ").join(said)

    def forecast(self, own: Mapping[str, Any]) -> list[str]:
        """What a forecast's answer says (serving.forecast.record)."""
        said = [self.say("buys", days=own["horizon_days"], chance=self.chance(1.0 - own["p_churn"]))]
        median = own["next_purchase_days"]["median"]
        if median is not None:
            said.append(self._counted("next", days=max(round(median), 1)))
        if own["value_at_risk"] is not None:
            said.append(self.say("risk", value=own["value_at_risk"], of=self.say(f"of_{own['value_of']}")))
        return said

    def what_if(self, own: Mapping[str, Any], horizon_days: int) -> list[str]:
        """What something imagined changes (serving.desk.what_if)."""
        said = []
        rule, forecast = own["rule"], own["forecast"]
        if rule["change"] is not None:
            one, other = rule["with"], rule["without"]
            if one["tier"] == other["tier"]:
                said.append(self.say("tier_either_way", tier=one["tier"], day=own["as_of"]))
            else:
                said.append(self.say("tier_instead", tier=one["tier"], day=own["as_of"], other=other["tier"]))
            later, without = one["tier_if_nothing_more"], other["tier_if_nothing_more"]
            if later != without:
                said.append(self.say("later_instead", tier=later, day=one["by"], other=without))
        if forecast["change"] is not None:
            one, other = forecast["with"], forecast["without"]
            chance, before = self.chance(1.0 - one["p_churn"]), self.chance(1.0 - other["p_churn"])
            name = "buys_either_way" if chance == before else "buys_instead"
            said.append(self.say(name, days=horizon_days, chance=chance, other=before))
            moved = forecast["change"]["p_at_least"] or {}
            most = max(moved, key=lambda tier: abs(moved[tier]), default=None)
            if most is not None:
                chance, before = self.chance(one["p_at_least"][most]), self.chance(other["p_at_least"][most])
                if chance != before:
                    name = "tier_chance_alike" if _against(own["imagined"], moved[most]) else "tier_chance"
                    tier = self._at_least(most, top=most == list(moved)[-1])
                    said.append(self.say(name, tier=tier, day=rule["with"]["by"], chance=chance, other=before))
        return said

    def _at_least(self, tier: str, *, top: bool) -> str:
        if not top:
            return self.say("or_higher", tier=tier)
        return f"{tier} " if self.language == "zh" else tier

    def _need(self, own: Mapping[str, Any]) -> str:
        phrase = self._word(_NEEDS[own["metric"]])
        return phrase.format(need=rounded_up(own["need"], whole=own["metric"] in _WHOLE), s=plural(own["need"]))

    def _visits(self, own: Mapping[str, Any]) -> str:
        if not own["visits"] or own["usual_basket"] is None or own["metric"] == "orders":
            return ""
        return self.say("visits", number=own["visits"], basket=own["usual_basket"], s=plural(own["visits"]))

    def _counted(self, name: str, **number: int) -> str:
        return self.say(name, s=plural(next(iter(number.values()))), **number)

    def _word(self, phrase: Phrase) -> str:
        return phrase.zh if self.language == "zh" else phrase.en


def _against(imagined: Sequence[Mapping[str, Any]], moved: float) -> bool:
    """Whether a chance fell a little with what only adds, or rose with what only takes away."""
    back = {one["kind"] == "return" for one in imagined}
    return abs(moved) <= _ALIKE and back == {moved > 0.0}
