from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import programmes
import pytest
from hypothesis import given, settings
from programmes import DAYS, FIRST, Pages, to_histories
from test_policy_examples import read

from features.chronicle import tier_history
from features.errors import CutoffError
from features.policy import TierPolicy
from features.tiers import tier_at

EXAMPLES = Path(__file__).parents[2] / "examples" / "policies"


def told(folder: str, member: str, language: Any = "en") -> list[str]:
    histories = read(EXAMPLES / folder)
    members = histories.members.tolist()
    policy = TierPolicy.from_yaml(EXAMPLES / folder / "policy.yaml")
    events = tier_history(histories, policy, members.index(member), dt.date(2025, 1, 2), language=language)
    return [f"{event.date} {event.tier} {event.kind}: {event.reason}" for event in events]


def test_a_fall_is_warned_of_called_off_and_made() -> None:
    assert told("shop_spend", "ana") == [
        "2024-01-11 Member joined: joined on 2024-01-10",
        "2024-02-21 Plus rose: 105.00 from 2023-11-23 to 2024-02-20, 100.00 needed",
        "2024-04-10 Member warned: 45.00 from 2024-01-11 to 2024-04-09, 80.00 needed to keep Plus",
        "2024-04-15 Plus spared: 85.00 from 2024-01-16 to 2024-04-14, 80.00 needed to keep Plus",
        "2024-05-21 Member warned: 40.00 from 2024-02-21 to 2024-05-20, 80.00 needed to keep Plus",
        "2024-05-28 Member fell: 40.00 from 2024-02-28 to 2024-05-27, 80.00 needed to keep Plus",
    ]


def test_mornings_before_a_date_may_be_left_out() -> None:
    histories, policy = read(EXAMPLES / "shop_spend"), TierPolicy.from_yaml(EXAMPLES / "shop_spend" / "policy.yaml")
    until, since = dt.date(2025, 1, 2), dt.date(2024, 4, 15)
    whole = tier_history(histories, policy, 0, until)
    assert tier_history(histories, policy, 0, until, since=since) == [event for event in whole if event.date >= since]
    assert whole[0].date < since


def test_a_return_reopens() -> None:
    assert told("shop_spend", "bo")[2:] == [
        "2024-01-16 Plus reopened: 190.00 from 2023-10-17 to 2024-01-15, 300.00 needed to keep Premier",
        "2024-01-21 Member reopened: 40.00 from 2023-10-22 to 2024-01-20, 80.00 needed to keep Plus",
    ]


def test_several_metrics_and_renewals() -> None:
    needed = ", 40,000 miles or 6 segments needed to keep Gold"
    assert told("airline_miles", "lin")[2:5] == [
        "2021-07-10 Gold rose: 51,000 miles and 2 segments from 2021-01-01 to 2021-07-09, 50,000 miles or 8 segments needed",
        "2022-01-01 Gold kept: 51,000 miles and 2 segments from 2021-01-01 to 2021-12-31" + needed,
        "2023-01-01 Silver fell: 0 miles and 0 segments from 2022-01-01 to 2022-12-31" + needed,
    ]


def test_an_invitation_is_kept_for_nothing() -> None:
    assert told("hotel_nights", "fox")[1:3] == [
        "2020-08-02 Ambassador invited: by invitation",
        "2021-04-30 Ambassador kept: 1 from 2020-04-30 to 2021-04-29, nothing needed",
    ]


def test_in_chinese() -> None:
    assert told("shop_spend", "ana", "zh")[:3] == [
        "2024-01-11 Member joined: 2024-01-10 入会",
        "2024-02-21 Plus rose: 2023-11-23 至 2024-02-20 累计 105.00，需 100.00",
        "2024-04-10 Member warned: 2024-01-11 至 2024-04-09 累计 45.00，保级 Plus 需 80.00",
    ]


@settings(max_examples=60)
@given(content=programmes.policies(), pages=programmes.pages())
def test_the_history_leads_to_the_tier_held(content: dict[str, Any], pages: Pages) -> None:
    policy, histories = TierPolicy.from_dict(content), to_histories([(pages, None)])
    until = FIRST + dt.timedelta(days=DAYS)
    events = [event for event in tier_history(histories, policy, 0, until) if event.kind != "warned"]
    assert [event.date for event in events] == sorted(event.date for event in events)
    assert events[-1].tier == policy.tier_names[tier_at(histories, policy, [until], compiled=False)[0, 0]]


def test_a_position_outside_is_refused() -> None:
    policy = TierPolicy.from_yaml(EXAMPLES / "shop_spend" / "policy.yaml")
    with pytest.raises(CutoffError, match="position lies in the histories; got 3"):
        tier_history(to_histories([({}, None)]), policy, 3, FIRST)
    assert tier_history(to_histories([({}, None)]), policy, 0, FIRST) == []
