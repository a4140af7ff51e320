from __future__ import annotations

from string import Formatter
from typing import Any

import pytest

from serving.desk.member_words import SENTENCES, Speaker

KEEP: dict[str, Any] = {
    "tier": "Gold",
    "kind": "keep",
    "by": "2018-01-30",
    "metric": "spend",
    "need": 86.2001,
    "visits": 2,
    "usual_basket": 43.11,
    "last_day": "2018-01-29",
    "lost_on": "2018-01-19",
    "keep_by": "2018-01-18",
    "p_unaided": 0.613,
    "because": {},
}
REACH = {key: value for key, value in KEEP.items() if key not in ("lost_on", "keep_by")} | {"kind": "reach"}
SAID: list[tuple[dict[str, Any], str, str]] = [
    (
        KEEP,
        (
            "To keep Gold: spend 86.21 more by 2018-01-18 (2 visits at the usual 43.11). "
            "Otherwise Gold is lost on 2018-01-19. The same by 2018-01-29 still brings it back. "
            "Chance of Gold or higher on 2018-01-30 if nothing is done: 61 %."
        ),
        (
            "保 Gold：2018-01-18 前（含当日）再消费 86.21（按平常每次 43.11，2 次）。否则 2018-01-19 起失去 Gold。"
            "2018-01-29 前（含当日）补足仍可恢复。不采取行动，2018-01-30 为 Gold 或以上的可能性：61 %。"
        ),
    ),
    (
        {**REACH, "metric": "orders", "need": 1.0, "visits": 1, "usual_basket": 20.0, "p_unaided": None},
        "To reach Gold: 1 more order by 2018-01-29.",
        "升 Gold：2018-01-29 前（含当日）再下 1 单。",
    ),
    (
        {**REACH, "metric": "miles: points_earned / segments: orders", "need": None, "visits": 6, "p_unaided": None},
        "To reach Gold: 6 more usual visits by 2018-01-29.",
        "升 Gold：2018-01-29 前（含当日）再照常到店 6 次。",
    ),
    (
        {**REACH, "need": None, "visits": None, "because": {"need": "not defined"}},
        "Gold: not defined.",
        "Gold：not defined。",
    ),
    (
        {**KEEP, "need": 0.0, "lost_on": None, "keep_by": None},
        "Gold is safe until 2018-01-30, even without another purchase.",
        "即使不再消费，2018-01-30 仍为 Gold。",
    ),
    ({**REACH, "need": 0.0}, "Gold comes by 2018-01-30 without another purchase.", "无需再消费，2018-01-30 前升为 Gold。"),
]


@pytest.mark.parametrize(("own", "english", "chinese"), SAID)
def test_what_it_takes_is_said_as_one_would_say_it(own: dict[str, Any], english: str, chinese: str) -> None:
    assert Speaker("en").takes(own) == english
    assert Speaker("zh").takes(own) == chinese


def test_a_forecast_is_said_without_false_certainty() -> None:
    own = {
        "p_churn": 0.002,
        "horizon_days": 28,
        "next_purchase_days": {"median": 0.6},
        "value_at_risk": 12.345,
        "value_of": "margin",
    }
    assert Speaker("en").forecast(own) == [
        "Chance of a purchase in the next 28 days: over 99 %.",
        "The next purchase is expected in about 1 day.",
        "Expected loss if nothing is done: 12.35 in margin.",
    ]
    never = {**own, "next_purchase_days": {"median": None}, "value_at_risk": None}
    assert Speaker("zh").forecast(never) == ["未来 28 天内再次消费的可能性：99 % 以上。"]


def test_both_languages_are_filled_with_the_same() -> None:
    for name, phrase in SENTENCES.items():
        english, chinese = ({place for _, place, _, _ in Formatter().parse(text) if place} for text in phrase)
        assert english - {"s"} == chinese, name


def test_a_what_if_is_said_by_what_changes() -> None:
    one, other = {"tier": "Gold", "tier_if_nothing_more": "Gold", "by": "2018-02-04"}, {}
    other = {**one, "tier": "Silver", "tier_if_nothing_more": "Silver"}
    told = {
        "as_of": "2018-01-07",
        "imagined": [{"kind": "purchase"}],
        "rule": {"with": one, "without": other, "change": {}},
        "forecast": {
            "with": {"p_churn": 0.1, "p_at_least": {"Silver": 1.0, "Gold": 1.0}},
            "without": {"p_churn": 0.3, "p_at_least": {"Silver": 0.9, "Gold": 0.4}},
            "change": {"p_at_least": {"Silver": 0.1, "Gold": 0.6}},
        },
    }
    assert Speaker("en").what_if(told, 28) == [
        "Gold on 2018-01-07; without this, Silver.",
        "If nothing comes after that, Gold on 2018-02-04; without this, Silver.",
        "Chance of a purchase in the 28 days from then on: 90 %; without this, 70 %.",
        "Chance of Gold on 2018-02-04: over 99 %; without this, 40 %.",
    ]
    told["forecast"]["with"] = told["forecast"]["without"]
    assert Speaker("zh").what_if(told, 28)[2:] == ["有没有这一步，此后 28 天内消费的可能性都是 70 %。"]
    nothing = {"change": None, "with": {}, "without": {}}
    assert Speaker("zh").what_if({"as_of": "2018-01-07", "rule": nothing, "forecast": nothing}, 28) == []


def test_above_the_top_tier_there_is_nothing_higher() -> None:
    assert Speaker("en").takes(KEEP, top=True).endswith("Chance of Gold on 2018-01-30 if nothing is done: 61 %.")
    assert Speaker("zh").takes(KEEP, top=True).endswith("2018-01-30 为 Gold 的可能性：61 %。")


@pytest.mark.parametrize(
    ("kinds", "moved", "alike"),
    [
        (["purchase", "visit"], -0.02, True),
        (["purchase"], -0.03, False),
        (["visit"], 0.02, False),
        (["return"], 0.01, True),
        (["return"], -0.01, False),
        (["return", "visit"], -0.01, False),
    ],
)
def test_a_little_against_what_was_imagined_is_not_told_as_its_effect(kinds: list[str], moved: float, alike: bool) -> None:
    state = {"tier": "Silver", "tier_if_nothing_more": "Silver", "by": "2018-02-04"}
    told = {
        "as_of": "2018-01-07",
        "imagined": [{"kind": kind} for kind in kinds],
        "rule": {"with": state, "without": state, "change": {}},
        "forecast": {
            "with": {"p_churn": 0.1, "p_at_least": {"Silver": 0.5 + moved, "Gold": 0.1}},
            "without": {"p_churn": 0.1, "p_at_least": {"Silver": 0.5, "Gold": 0.1}},
            "change": {"p_at_least": {"Silver": moved, "Gold": 0.0}},
        },
    }
    said = Speaker("en").what_if(told, 28)[-1]
    assert said.startswith(
        f"Chance of Silver or higher on 2018-02-04: {0.5 + moved:.0%}; without this, 50 %".replace("%;", " %;")
    )
    assert said.endswith(": too little for the forecast to tell apart.") == alike
