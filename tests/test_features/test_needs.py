from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from programmes import Pages, to_histories

from features.errors import ConfigError
from features.needs import Outlook, last_days, outlook
from features.policy import TierPolicy
from features.snapshot import to_date, to_day
from features.tiers import tier_state

PAGES: Pages = {dt.date(2024, 1, 10): {"orders": 1, "gross": 60_0000}, dt.date(2024, 3, 1): {"orders": 1, "gross": 30_0000}}
TIERS: list[dict[str, Any]] = [{"name": "Base"}, {"name": "Silver", "reach": 100}, {"name": "Patron", "invitation": True}]


def at(as_of: str, by: str, language: Any = "en", **rules: Any) -> list[Outlook]:
    policy = TierPolicy.from_dict({"programme": "P", "tiers": TIERS, "metric": "spend", **rules})
    histories, dates = to_histories([(PAGES, None)]), (dt.date.fromisoformat(as_of), dt.date.fromisoformat(by))
    return outlook(histories, policy, 0, *dates, language=language)


def test_a_calendar_year_is_made_up_to_its_last_day() -> None:
    base, silver, patron = at("2024-12-01", "2025-01-01", window={"calendar": "year"}, review="period_end")
    assert base == Outlook("Base", 0.0, None, None)
    assert silver == Outlook("Silver", 10.0, dt.date(2024, 12, 31), None)
    assert patron == Outlook("Patron", None, None, "not defined, because Patron is by invitation")


def test_what_is_needed_at_a_review_must_be_there_before_it() -> None:
    rules = {"window": {"rolling_months": 3}, "review": "month_end", "upgrade": "at_review"}
    _, silver, _ = at("2024-03-20", "2024-04-20", **rules)
    assert (silver.need, silver.last_day) == (10.0, dt.date(2024, 3, 31))


def test_nothing_helps_where_no_booking_counts_by_then() -> None:
    _, silver, _ = at("2024-03-20", "2024-07-01", window={"rolling_months": 1})
    assert (silver.need, silver.last_day) == (None, None)
    assert silver.why == "not defined, because no amount booked now gives it by then"
    _, silver, patron = at("2024-03-20", "2024-07-01", "zh", window={"rolling_months": 1})
    assert (silver.why, patron.why) == ("无法给出：现在计入再多，届时也达不到", "无法给出：Patron 须获邀")


def test_a_date_that_is_not_later_is_refused() -> None:
    with pytest.raises(ConfigError):
        at("2024-03-20", "2024-03-20", window="lifetime")


RULES: list[dict[str, Any]] = [
    {"window": {"rolling_days": 91}},
    {"window": "lifetime"},
    {"window": {"rolling_months": 3}},
    {"window": {"rolling_months": 3}, "review": "month_end", "upgrade": "at_review"},
    {"window": {"calendar": "quarter"}, "review": "period_end"},
    {"window": {"calendar": "year"}, "review": "period_end", "grace_days": 10},
]


@pytest.mark.parametrize("rules", RULES, ids=lambda rules: "-".join(str(part) for part in rules.values()))
@pytest.mark.parametrize("as_of", ["2024-01-20", "2024-03-20", "2024-05-02"])
def test_last_days_of_many_are_those_of_each_outlook(rules: dict[str, Any], as_of: str) -> None:
    later: Pages = {day + dt.timedelta(days=11): page for day, page in PAGES.items()}
    histories = to_histories([(PAGES, None), (later, None)])
    policy = TierPolicy.from_dict({"programme": "P", "tiers": TIERS, "metric": "spend", **rules})
    date, days, members = dt.date.fromisoformat(as_of), 28, np.arange(2)
    state = tier_state(histories, members, np.full(2, to_day(date)), days, policy)
    member, tier = np.nonzero(state.need > 0)
    last = last_days(histories, policy, member, tier, state.need[member, tier], to_day(date), days)
    found = {(i, k): to_date(day) for i, k, day in zip(member.tolist(), tier.tolist(), last.tolist(), strict=True)}
    for i in range(2):
        for k, own in enumerate(outlook(histories, policy, i, date, date + dt.timedelta(days=days))):
            assert own.last_day == found.get((i, k))
