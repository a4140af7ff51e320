"""What it takes, brought to a steward who runs the programme by hand (tests/oracles)."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import numpy as np
import programmes
import pytest
from homes import Shop
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from oracles.steward import DAY, Steward
from programmes import FIRST, Pages, to_histories
from test_policy_examples import FOLDERS, read

from features.errors import ConfigError
from features.policy import TierPolicy
from features.snapshot import to_day
from serving.desk.what_if import at_least
from serving.desk.what_it_takes import what_it_takes

BOOKED = {"spend": "gross", "profit": "gross", "orders": "orders", "points_earned": "earned", "events": "event:survey"}
UNITS = {"spend": 10_000, "profit": 10_000}
PLAIN: dict[str, dict[str, Any]] = {
    "rolling days": {"window": {"rolling_days": 60}},
    "calendar year": {"window": {"calendar": "year"}, "review": "period_end"},
    "calendar quarter, upwards at review": {
        "window": {"calendar": "quarter"},
        "review": "period_end",
        "upgrade": "at_review",
    },
    "year of membership": {"window": {"membership": "year"}, "review": "anniversary"},
    "lifetime": {"window": "lifetime"},
    "grace": {"window": {"rolling_days": 45}, "grace_days": 7},
}


def asked(
    content: dict[str, Any], pages: Pages, as_of: dt.date, days: int, language: Any = "en", joined: dt.date | None = None
) -> list[dict[str, Any]]:
    """By a forecaster of which nothing but the policy and the horizon is looked at."""
    policy = TierPolicy.from_dict(content)
    any_forecaster: Any = SimpleNamespace(settings=SimpleNamespace(policy=policy, horizon_days=days))
    even = dict.fromkeys(policy.tier_names, 1 / len(policy.tier_names))
    return what_it_takes(any_forecaster, to_histories([(pages, joined)]), as_of, p_next_tier=even, language=language)


def tiers(content: dict[str, Any], pages: Pages, until: dt.date) -> dict[dt.date, int]:
    names = [tier["name"] for tier in content["tiers"]]
    return {day: names.index(str(name)) for day, name in Steward(content, pages, min(pages)).tiers(until).items() if name}


def booked(pages: Pages, metric: str, day: dt.date, amount: int) -> Pages:
    """With an amount more of a metric on a day, in the steward's whole numbers."""
    page = dict(pages.get(day, {}))
    page[BOOKED[metric]] = page.get(BOOKED[metric], 0) + amount
    return {**pages, day: page}


@settings(max_examples=20, phases=[Phase.generate])  # each is thousands of mornings by hand
@given(
    rules=st.sampled_from(list(PLAIN.values())),
    metric=st.sampled_from(["spend", "profit", "orders", "points_earned", "events"]),
    keeps=st.booleans(),
    pages=programmes.pages(),
    at=st.integers(61, 400),
    days=st.integers(2, 40),
)
def test_the_need_on_the_last_day_gives_the_tier_and_a_cent_less_or_a_day_later_does_not(
    rules: dict[str, Any], metric: str, keeps: bool, pages: Pages, at: int, days: int
) -> None:
    step = {"spend": 60, "profit": 40, "orders": 3, "points_earned": 60, "events": 2}[metric]
    levels: list[dict[str, Any]] = [{"name": "T0"}, *({"name": f"T{k}", "reach": k * step} for k in (1, 2, 3))]
    if keeps:
        levels[2]["keep"] = step
    counted: Any = {"events": ["survey"]} if metric == "events" else metric
    content = {"programme": "P", "tiers": levels, "metric": counted, "returns": "net", **rules}
    as_of = FIRST + at * DAY
    by, known = as_of + days * DAY, {day: page for day, page in pages.items() if day < as_of}
    held = tiers(content, known, by)
    takes = asked(content, pages, as_of, days)
    assert [own["tier"] for own in takes] == [f"T{k}" for k in range(max(held[as_of], 1), 4)]
    for own in takes:
        k = int(own["tier"][1:])
        assert own["kind"] == ("keep" if k == held[as_of] else "reach")
        assert own["by"] == by.isoformat()
        if own["need"] is None:
            assert own["because"]["need"].endswith("no amount booked now gives it by then")
            assert tiers(content, booked(known, metric, as_of, 10**9), by)[by] < k
            continue
        amount = round(own["need"] * UNITS.get(metric, 1))
        if amount == 0:
            assert held[by] >= k
            continue
        last = dt.date.fromisoformat(own["last_day"])
        assert as_of <= last < by
        assert tiers(content, booked(known, metric, last, amount), by)[by] >= k
        assert tiers(content, booked(known, metric, last, amount - 1), by)[by] < k
        if last + DAY < by:
            assert tiers(content, booked(known, metric, last + DAY, amount), by)[by] < k
        if own["kind"] == "keep":
            kept = tiers(content, booked(known, metric, dt.date.fromisoformat(own["keep_by"]), amount), by)
            assert all(tier >= k for day, tier in kept.items() if day >= as_of)
            lost = dt.date.fromisoformat(own["lost_on"])
            assert held[lost] < k <= held[lost - DAY]


LOSING: list[dict[str, Any]] = [
    {"window": {"rolling_days": 30}},
    {"window": {"rolling_days": 45}, "grace_days": 7},
    {"window": {"rolling_months": 1}},
    {"window": {"calendar": "month"}, "review": "period_end"},
    {"window": {"calendar": "month"}, "review": "period_end", "validity": {"until": "end_of_next_period"}},
    {"window": {"calendar": "quarter"}, "review": "month_end", "grace_days": 5},
    {"window": {"rolling_days": 40}, "review": "month_end", "upgrade": "at_review"},
]


@pytest.mark.parametrize("rules", LOSING, ids=str)
def test_a_tier_is_kept_without_a_break_by_the_need_up_to_its_day_and_neither_by_less_nor_later(
    rules: dict[str, Any],
) -> None:
    levels = [{"name": "T0"}, {"name": "T1", "reach": 30}, {"name": "T2", "reach": 50, "keep": 40}]
    content = {"programme": "P", "metric": "spend", "returns": "ignore", "tiers": levels, **rules}
    random, tried = np.random.default_rng(1), 0
    while tried < 3:
        days, amounts = [0, *random.integers(0, 40, 3)], random.integers(5, 45, 4)
        known: Pages = {
            FIRST + int(day) * DAY: {"orders": 1, "gross": int(amount) * 10_000}
            for day, amount in zip(days, amounts, strict=True)
        }
        as_of = max(known) + int(random.integers(1, 40)) * DAY
        by = as_of + int(random.integers(5, 30)) * DAY
        for own in asked(content, known, as_of, (by - as_of).days):
            if own["kind"] == "keep" and own["need"]:
                k, amount = int(own["tier"][1:]), round(own["need"] * 10_000)
                day = dt.date.fromisoformat(own["keep_by"])

                def least(amount: int, day: dt.date, known: Pages = known, as_of: dt.date = as_of, by: dt.date = by) -> int:
                    found = tiers(content, booked(known, "spend", day, amount), by)
                    return min(tier for morning, tier in found.items() if morning >= as_of)

                assert least(amount, day) >= k
                assert least(amount - 1, day) < k
                assert least(amount, day + DAY) < k
                tried += 1


@settings(max_examples=15, phases=[Phase.generate])
@given(
    rules=st.sampled_from(list(PLAIN.values())),
    metric=st.sampled_from(["spend", "orders", "points_earned"]),
    pages=programmes.pages(),
    at=st.integers(61, 400),
)
def test_one_visit_less_does_not(rules: dict[str, Any], metric: str, pages: Pages, at: int) -> None:
    step = {"spend": 160, "orders": 3, "points_earned": 160}[metric]
    levels = [{"name": "T0"}, *({"name": f"T{k}", "reach": k * step} for k in (1, 2))]
    content = {"programme": "P", "tiers": levels, "metric": metric, "returns": "ignore", **rules}
    as_of = FIRST + at * DAY
    by, known = as_of + 25 * DAY, {day: page for day, page in pages.items() if day < as_of}
    bought = [page for page in known.values() if page.get("orders")]
    basket = round(float(np.median([page["gross"] for page in bought])) / 10_000, 2)
    share = sum(page["earned"] for page in bought) / sum(page["gross"] / 10_000 for page in bought)
    for own in asked(content, pages, as_of, 25):
        assert own["usual_basket"] == basket
        if not own["need"]:
            assert own["visits"] == own["need"]
            continue

        def then(visits: int, last: str = own["last_day"]) -> int:
            day = dt.date.fromisoformat(last)
            each = {"gross": round(basket * 10_000), "orders": 1, "earned": int(share * basket)}
            page = {**known.get(day, {})}
            for name, value in each.items():
                page[name] = page.get(name, 0) + visits * value
            return tiers(content, {**known, day: page}, by)[by]

        k = int(own["tier"][1:])
        assert then(own["visits"]) >= k > then(own["visits"] - 1)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_worked_policies_say_a_number_or_why_not(folder: Any) -> None:
    policy, histories = TierPolicy.from_yaml(folder / "policy.yaml"), read(folder)
    any_forecaster: Any = SimpleNamespace(settings=SimpleNamespace(policy=policy, horizon_days=28))
    for i in range(len(histories)):
        one = histories.select(np.array([i]))
        for language in ("en", "zh"):
            for own in what_it_takes(
                any_forecaster,
                one,
                dt.date(2024, 6, 1),
                p_next_tier=dict.fromkeys(policy.tier_names, 0.1),
                language=language,
            ):
                for name in ("need", "visits", "usual_basket", "last_day", "p_unaided"):
                    assert (own[name] is None) == (name in own["because"]), name


def test_several_metrics_have_visits_where_they_have_no_need() -> None:
    """Miles or segments: 30 miles a flight on the median, 200 miles or 8 flights for Gold, of which one is flown."""
    content = {
        "programme": "P",
        "metrics": {"miles": "points_earned", "segments": "orders"},
        "join": "any",
        "window": {"calendar": "year"},
        "review": "period_end",
        "tiers": [{"name": "Blue"}, {"name": "Gold", "reach": {"miles": 200, "segments": 8}}],
    }
    page = {"orders": 1, "gross": 10_0000, "earned": 30}
    (gold,) = asked(content, {dt.date(2024, 1, 10): page}, dt.date(2024, 6, 1), 28)
    assert (gold["need"], gold["visits"], gold["last_day"]) == (None, 6, "2024-06-28")
    assert gold["because"] == {"need": "not defined, because several metrics count: miles, segments"}
    assert gold["metric"] == "miles: points_earned / segments: orders"
    (gold,) = asked(content, {dt.date(2024, 1, 10): {**page, "earned": 1}}, dt.date(2024, 6, 1), 28, "zh")
    assert (gold["visits"], gold["because"]) == (7, {"need": "无法给出：同时看多项指标（miles、segments）"})


WORDS: list[tuple[dict[str, Any], str, str, str]] = [
    ({"metric": {"events": ["night"]}}, "visits", "what counts is night, not visits", "计的是 night，不是到店"),
    ({"metric": "orders", "invitation": True}, "need", "not defined, because T1 is by invitation", "无法给出：T1 须获邀"),
    ({"metric": programmes.SCORE}, "need", "not defined, because a score does not add up", "无法给出：评分不能简单相加"),
]


@pytest.mark.parametrize(("rules", "name", "english", "chinese"), WORDS)
def test_why_there_is_no_number_is_said_in_both_languages(
    rules: dict[str, Any], name: str, english: str, chinese: str
) -> None:
    top: dict[str, Any] = {"name": "T1", **({"invitation": True} if "invitation" in rules else {"reach": 50})}
    content = {"programme": "P", "window": {"rolling_days": 60}, "tiers": [{"name": "T0"}, top], "metric": rules["metric"]}
    pages: Pages = {dt.date(2024, 1, 10): {"orders": 1, "gross": 1_0000}}
    for language, words in (("en", english), ("zh", chinese)):
        (own,) = asked(content, pages, dt.date(2024, 2, 1), 28, language)
        assert own["because"][name] == words


def test_unaided_is_the_forecasts_probability_of_the_tier_or_a_higher_one(shop: Shop) -> None:
    forecasts = shop.forecaster.forecast(shop.histories, shop.as_of)
    assert forecasts.p_tier is not None
    found = dict(zip(forecasts.members.tolist(), forecasts.p_tier.tolist(), strict=True))
    for i in range(0, len(shop.histories), 6):
        one = shop.histories.select(np.array([i]))
        takes = what_it_takes(shop.forecaster, one, shop.as_of)
        (member,) = one.members.tolist()
        if member in found:
            assert [own["p_unaided"] for own in takes] == [at_least(found[member])[1]]
        else:
            assert [own["because"]["p_unaided"] for own in takes] == ["no forecast of the tier is made"]


def test_a_forecast_of_other_tiers_is_refused(shop: Shop) -> None:
    one = shop.histories.select(np.array([0]))
    with pytest.raises(ConfigError, match="a forecast of tiers is of the policy's"):
        what_it_takes(shop.forecaster, one, shop.as_of, p_next_tier={"Gold": 1.0})


def test_without_a_policy_nothing_is_said(visits_shop: Shop) -> None:
    assert what_it_takes(visits_shop.forecaster, visits_shop.histories.select(np.array([0])), visits_shop.as_of) == []
    assert to_day(visits_shop.as_of) > 0
