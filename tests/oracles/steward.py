"""A programme run by hand: every morning of every member, with dates, dictionaries and a policy as it stands in its YAML.

Written from the rules alone; it shares no code with the package. A page of a diary holds what happened on a day: gross,
orders, cost, earned, used, returned, returned_cost, back, and 'event:KIND' counts, all whole numbers (money in units).
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from fractions import Fraction
from math import floor
from typing import Any

DAY = dt.timedelta(days=1)
Page = Mapping[str, int]
EARLIEST = dt.date(1900, 1, 1)


def on(year: int, month: int, day: int) -> dt.date:
    return dt.date(year, month, min(day, calendar.monthrange(year, month)[1]))


def months_later(date: dt.date, months: int) -> dt.date:
    count = date.year * 12 + date.month - 1 + months
    return on(count // 12, count % 12 + 1, date.day)


class Steward:
    """Keeps one member's tier."""

    def __init__(self, policy: Mapping[str, Any], pages: Mapping[dt.date, Page], joined: dt.date) -> None:
        self.versions = policy.get("versions") or [{**policy, "from": EARLIEST}]
        self.pages = pages
        self.joined = joined
        self.rules = self.versions[0]
        self.tier = self.rules["tiers"][0]["name"]
        self.since = joined
        self.valid: dt.date | None = None
        self.pending: tuple[dt.date, str] | None = None
        self.granted = "by landing"
        self.granted_from = joined

    def tiers(self, until: dt.date) -> dict[dt.date, str | None]:
        """The tier on each morning from the day of joining to a date."""
        book: dict[dt.date, str | None] = {self.joined: None}
        morning = self.joined + DAY
        while morning <= until:
            self.morning(morning)
            book[morning] = self.tier
            morning += DAY
        return book

    # -- one morning --------------------------------------------------------------------------------------------------

    def morning(self, today: dt.date) -> None:
        for version in self.versions[1:]:
            if version["from"] == today or (version["from"] <= today and today == self.joined + DAY):
                self.rules, self.pending = version, None
        yesterday = self.pages.get(today - DAY, {})
        if self.rules.get("returns_reopen") and yesterday.get("returned", 0) > 0:
            self.reopen(today)
        top = self.rules["tiers"][-1]
        if yesterday.get("event:invitation", 0) and top.get("invitation") and self.tier != top["name"]:
            self.give(top["name"], today, "by invitation", self.window(today))
            return
        kept = self.best("keep", self.place(self.tier), self.window(today), today)
        if self.pending:
            due, target = self.pending
            if kept == self.place(self.tier):
                self.pending = None
            elif today >= due:
                self.land(max(self.place(target), kept), kept, today)
                return
        review = self.reviewed(today)
        if review or self.rules.get("upgrade", "at_once") == "at_once":
            earned = self.best("reach", len(self.rules["tiers"]) - 1, self.window(today), today)
            if earned > self.place(self.tier):
                self.give(self.name(earned), today, "by reach", self.window(today))
                return
        if review and self.place(self.tier) > 0:
            self.review(today, kept)

    def review(self, today: dt.date, kept: int) -> None:
        held = self.place(self.tier)
        if kept == held:
            until = self.validity(today)
            self.valid = max(filter(None, [self.valid, until]), default=None)
            self.granted, self.granted_from = "by keep", self.window(today)
            return
        still_valid = "validity" in self.rules and self.valid is not None and today < self.valid
        how = self.rules.get("downgrade", "to_earned")
        if still_valid or how == "never" or self.pending:
            return
        target = {"to_earned": kept, "one_step": max(kept, held - 1), "to_base": 0}[how]
        if self.rules.get("grace_days", 0):
            self.pending = (today + self.rules["grace_days"] * DAY, self.name(target))
        else:
            self.land(target, kept, today)

    def reopen(self, today: dt.date) -> None:
        if self.granted in ("by reach", "by keep") and self.place(self.tier) > 0:
            right = self.best(self.granted[3:], self.place(self.tier), self.granted_from, today)
            if right < self.place(self.tier):
                self.tier, self.pending = self.name(right), None

    def land(self, tier: int, kept: int, today: dt.date) -> None:
        self.give(self.name(tier), today, "by keep" if tier <= kept else "by landing", self.window(today))

    def give(self, tier: str, today: dt.date, how: str, start: dt.date) -> None:
        self.tier, self.since, self.granted, self.granted_from, self.pending = tier, today, how, start, None
        self.valid = self.validity(today)

    # -- the calendar -------------------------------------------------------------------------------------------------

    def periods(self) -> tuple[dt.date, int]:
        """A day on which a period begins, and months in one."""
        window = self.rules["window"]
        if "calendar" in window:
            month, day = (int(part) for part in window.get("starts", "01-01").split("-"))
            months = {"year": 12, "half_year": 6, "quarter": 3, "month": 1}[window["calendar"]]
            # 2000 is a leap year: no day of the year is lost
            return dt.date(2000, month, day), months
        return (self.since if "tier" in window else self.joined), 12

    def period(self, day: dt.date) -> tuple[dt.date, dt.date]:
        anchor, months = self.periods()
        if "calendar" not in self.rules["window"]:
            day = max(day, anchor)
        k = 0
        while months_later(anchor, k * months) > day:
            k -= 1
        while months_later(anchor, (k + 1) * months) <= day:
            k += 1
        return months_later(anchor, k * months), months_later(anchor, (k + 1) * months)

    def window(self, today: dt.date) -> dt.date:
        window = self.rules["window"]
        if window == "lifetime":
            return EARLIEST
        if "rolling_days" in window:
            return today - window["rolling_days"] * DAY
        if "rolling_months" in window:
            return months_later(today, -window["rolling_months"])
        return self.period(today - DAY)[0]

    def reviewed(self, today: dt.date) -> bool:
        review = self.rules.get("review", "daily")
        if review == "daily":
            return True
        if review == "month_end":
            return today.day == 1
        window = self.rules["window"]
        if review == "period_end" or (isinstance(window, dict) and "tier" in window):
            return self.period(today - DAY)[1] == today
        years = today.year - self.joined.year
        return years > 0 and months_later(self.joined, 12 * years) == today

    def validity(self, today: dt.date) -> dt.date | None:
        rule = self.rules.get("validity")
        if not rule:
            return None
        if "days" in rule:
            return today - DAY + rule["days"] * DAY
        if "months" in rule:
            return months_later(today - DAY, rule["months"])
        _, end = self.period(today - DAY)
        return end if rule["until"] == "end_of_period" else self.period(end)[1]

    # -- what counts --------------------------------------------------------------------------------------------------

    def place(self, name: str) -> int:
        return [tier["name"] for tier in self.rules["tiers"]].index(name)

    def name(self, place: int) -> str:
        return str(self.rules["tiers"][place]["name"])

    def best(self, which: str, top: int, start: dt.date, today: dt.date) -> int:
        for place in range(top, 0, -1):
            tier = self.rules["tiers"][place]
            if tier.get("invitation"):
                if which == "reach":
                    continue
                if "keep" not in tier:
                    return place
            wanted = tier.get(which, tier.get("reach"))
            if not isinstance(wanted, dict):
                wanted = {"": wanted}
            metrics = self.rules.get("metrics") or {"": self.rules["metric"]}
            met = [self.amount(metrics[name], start, today) >= self.units(metrics[name], wanted[name]) for name in wanted]
            if all(met) if self.rules.get("join") == "all" else any(met):
                return place
        return 0

    @staticmethod
    def units(metric: Any, wanted: float) -> Fraction:
        whole = metric in ("orders", "points_earned", "points_balance") or (isinstance(metric, dict) and "events" in metric)
        return Fraction(str(wanted)) * (1 if whole else 10_000)

    def amount(self, metric: Any, start: dt.date, end: dt.date) -> int:
        net = self.rules.get("returns", "net") == "net"
        pages = {day: page for day, page in self.pages.items() if start <= day < end}

        def total(name: str) -> int:
            return sum(page.get(name, 0) for page in pages.values())

        if metric == "spend":
            return total("gross") - net * total("returned")
        if metric == "profit":
            return total("gross") - total("cost") - net * (total("returned") - total("returned_cost"))
        if metric == "orders":
            return total("orders")
        if metric == "points_earned":
            return total("earned") - net * total("back")
        if metric == "points_balance":
            return self.balance(end, net)
        if "events" in metric:
            return sum(total(f"event:{kind}") for kind in set(metric["events"]))
        score, parts = 0, metric["score"]
        spend = total("gross") - net * total("returned")
        days = sum(page.get("orders", 0) > 0 for page in pages.values())
        for name, value in (("contribution", spend), ("frequency", total("orders") * 10_000)):
            if name in parts:
                full = round(parts[name]["full"] * 10_000)
                score += floor(100 * round(parts[name]["weight"] * 10_000) * (max(0, min(value, full)) / full) + 0.5)
        if "loyalty" in parts and days:
            score += floor(100 * round(parts["loyalty"]["weight"] * 10_000) * ((days - 1) / days) + 0.5)
        return score

    def balance(self, end: dt.date, net: bool) -> int:
        """Points on a morning: lots, the oldest used first; each is gone after its last day."""
        rule = self.rules.get("points") or {}
        lots: list[list[Any]] = []
        owed = 0
        day = min(self.pages, default=end)
        while day < end:
            page = self.pages.get(day, {})
            if page.get("earned"):
                lots.append([self.expiry(rule, day), page["earned"]])
            owed += page.get("used", 0) + net * page.get("back", 0)
            for lot in lots:
                taken = min(owed, lot[1])
                lot[1] -= taken
                owed -= taken
            lots = [lot for lot in lots if lot[0] is None or lot[0] > day]
            day += DAY
        return sum(left for _, left in lots) - owed

    @staticmethod
    def expiry(rule: Mapping[str, Any], day: dt.date) -> dt.date | None:
        if "expire_days" in rule:
            return day + rule["expire_days"] * DAY
        if "expire_months" in rule:
            return months_later(day, rule["expire_months"])
        return dt.date(day.year + 1, 12, 31) if rule.get("expire_end_of_next_year") else None
