"""One member's description as lines for a terminal, in English or Chinese."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Final

from serving.describing.description_words import WORDS
from serving.forecast.near_miss import rounded_up
from serving.forecast.wording import Language

_WIDTH: Final = 17
_MOST_CHANGES: Final = 10
_CHANGES: Final = ("joined", "rose", "fell", "invited")
"""Kinds of events after which the tier is another."""


def to_text(found: Mapping[str, Any], language: Language = "en") -> str:
    """A description (see serving.describing.description) as text."""
    return "\n".join(_Writer(language).lines(found))


class _Writer:
    """Lines of label and text in one language."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language

    def word(self, name: str, **values: Any) -> str:
        phrase = WORDS[name]
        return (phrase.zh if self.language == "zh" else phrase.en).format(**values)

    def many(self, name: str, **number: Any) -> str:
        return self.word(name, s="" if number == dict.fromkeys(number, 1) else "s", **number)

    def line(self, label: str, text: str) -> str:
        return padded(self.word(label) if label else "", _WIDTH) + text

    def lines(self, found: Mapping[str, Any]) -> Iterator[str]:
        yield self.word("title", customer_id=found["customer_id"], as_of=found["as_of"])
        yield ""
        yield from self.ledger(found)
        yield ""
        yield from self.tier(found["tier"])
        yield ""
        yield from self.standing(found["standing"])

    def ledger(self, found: Mapping[str, Any]) -> Iterator[str]:
        own = found["ledger"]
        if found["joined"]:
            yield self.line("joined", found["joined"])
        else:
            yield self.line(
                "joined", self.word("first_stands", day=own["first"]) if own["first"] else self.word("unknown_joined")
            )
        if found["consent"] is not None:
            yield self.line("consent", self.word(f"consent_{found['consent']}"))
        if not own["orders"]:
            yield self.line("orders", self.word("no_orders"))
        else:
            days = {"days": own["shopping_days"], "first": own["first"], "last": own["last"]}
            yield self.line(
                "orders", self.word("orders_of" if days["days"] > 1 else "orders_once", orders=own["orders"], **days)
            )
        spend, returned = own["spend"], own["returned"]
        if spend is None:
            yield self.line("spend", self.word("absent"))
        elif returned and spend:
            yield self.line("spend", self.word("spend_of", spend=spend, returned=returned, share=returned / spend))
        elif spend:
            yield self.line("spend", self.word("spend_only", spend=spend))
        for i, day in enumerate(own["last_days"]):
            yield self.line("" if i else "last_days", self.day(day))

    def day(self, day: Mapping[str, Any]) -> str:
        orders = day["orders"]
        what = self.many("day_orders", orders=orders) if orders else self.word("day_return")
        spend = f"{day['spend']:>12,.2f}" if orders and day["spend"] is not None else " " * 12
        back = f"   {self.word('day_returned', returned=day['returned'])}" if day["returned"] else ""
        return f"{day['date']}  {padded(what, 9)}{spend}{back}".rstrip()

    def tier(self, own: Mapping[str, Any] | None) -> Iterator[str]:
        if own is None:
            yield self.line("tier", self.word("no_tier"))
            return
        changes = own["history"]
        since = [change["date"] for change in changes if change["kind"] in _CHANGES]
        yield self.line("tier", self.word("tier_since", tier=own["name"], day=since[-1]) if since else own["name"])
        if len(changes) > _MOST_CHANGES:
            yield self.line("", self.word("earlier", count=len(changes) - _MOST_CHANGES))
        width = 2 + max((display_width(change["tier"]) for change in changes), default=0)
        for change in changes[-_MOST_CHANGES:]:
            kind = "" if change["kind"] in _CHANGES else self.word(f"kind_{change['kind']}")
            yield self.line("", f"{change['date']}  {padded(change['tier'], width)}{kind}{change['reason']}")
        yield self.line("keeps", self.keeps(own))
        above = [need for need in own["outlook"] if need["kind"] == "reach"]
        for i, need in enumerate(above):
            yield self.line("" if i else "lifts", self.lift(need, own))
        if not above:
            yield self.line("lifts", self.word("lift_top", tier=own["name"]))

    def keeps(self, own: Mapping[str, Any]) -> str:
        held = [need for need in own["outlook"] if need["kind"] == "keep"]
        if not held:
            return self.word("keep_base", tier=own["name"])
        if held[-1]["undefined"]:
            return str(held[-1]["undefined"])
        lost = [change for change in own["if_nothing_comes"] if change["kind"] == "fell"]
        if not held[-1]["need"] or not lost:
            return self.word("keep_free", tier=own["name"], by=own["by"])
        said = self.word(
            "keep_need",
            need=rounded_up(held[-1]["need"], whole=own["whole_numbers"]),
            day=held[-1]["last_day"],
            tier=own["name"],
            by=own["by"],
            lower=lost[0]["tier"],
            lost=lost[0]["date"],
        )
        return said + self.near(held[-1])

    def lift(self, need: Mapping[str, Any], own: Mapping[str, Any]) -> str:
        if need["undefined"]:
            return f"{need['tier']}: {need['undefined']}"
        if not need["need"]:
            return self.word("lift_free", tier=need["tier"], by=own["by"])
        said = self.word(
            "lift_need", tier=need["tier"], need=rounded_up(need["need"], whole=own["whole_numbers"]), day=need["last_day"]
        )
        return said + self.near(need)

    def near(self, need: Mapping[str, Any]) -> str:
        return self.word("near") if need["near_miss"] else ""

    def standing(self, own: Mapping[str, Any]) -> Iterator[str]:
        rfm, loyalty = own["rfm"], own["loyalty"]
        yield self.line(
            "window", self.word("window_of", **{name: own[name] for name in ("window_days", "periods", "period_days")})
        )
        bought = self.word("stage_of", stage=own["stage"], bought=loyalty["periods"], periods=own["periods"])
        waits = own["highest_stage"] and not own["advocates"]
        yield self.line("stage", bought + (self.word("stage_not") if waits else ""))
        pace = own["frequency_class"]
        rate = rfm["frequency"] / own["periods"]
        yield self.line("class", self.word("class_of", word=pace, rate=rate) if pace else self.word("absent"))
        yield self.line("rfm", self.rfm(rfm))
        yield self.line(
            "contribution", self.parts(own["contribution"], {"sales": ",.2f", "profit": ",.2f", "marginal": ",.2f"})
        )
        shown = {"repurchase_rate": ".0%", "referral_rate": ".2f", "satisfaction": ".1f"}
        yield self.line("loyalty", self.parts(loyalty, shown))

    def rfm(self, rfm: Mapping[str, Any]) -> str:
        if rfm["recency_days"] is None:
            return self.word("rfm_none")
        scores = "-".join(str(rfm[f"{name}_score"] or "?") for name in ("recency", "frequency", "monetary"))
        money = self.word("absent") if rfm["monetary"] is None else self.word("net", value=f"{rfm['monetary']:,.2f}")
        days, orders = self.many("days", days=rfm["recency_days"]), self.many("day_orders", orders=rfm["frequency"])
        unscored = self.word("rfm_unscored") if rfm["monetary"] is not None and not rfm["monetary_score"] else ""
        return self.word("rfm_of", scores=scores, days=days, orders=orders, money=money) + unscored

    def parts(self, own: Mapping[str, Any], formats: Mapping[str, str]) -> str:
        """What there is, then the names of what is not available."""
        comma = "、" if self.language == "zh" else ", "
        there = comma.join(
            f"{self.word(name)} {own[name]:{form}}" for name, form in formats.items() if own[name] is not None
        )
        missing = comma.join(self.word(name) for name in formats if own[name] is None)
        return "; ".join(part for part in (there, missing and self.word("missing", names=missing)) if part)


def display_width(text: str) -> int:
    """Columns that a text takes in a terminal, Chinese characters two each.

    >>> display_width("Gold"), display_width("金卡")
    (4, 4)
    """
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def padded(text: str, width: int) -> str:
    """A text with spaces up to a width in columns, and at least one."""
    return text + " " * max(width - display_width(text), 1 if text else width)
