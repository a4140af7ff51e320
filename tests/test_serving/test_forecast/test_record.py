from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace

import numpy as np
import orjson
import pytest
from homes import AS_OF, Demo, Shop

from features.histories import Histories
from features.snapshot import to_day
from serving.forecast.record import AT, HEAD, KEEPS, REACHES, Layout
from serving.forecast.scoring import score


def blank(layout: Layout, **numbers: float) -> np.ndarray:
    """A row of which only some numbers are there."""
    row = np.full(layout.width, np.nan)
    row[layout.contributions] = 0.0
    for name, value in {"p_churn": 0.5, "log_odds": 0.0, "stage": 2.0, "near": 0.0, **numbers}.items():
        row[AT[name]] = value
    return row


def test_an_answer_holds_what_was_forecast(demo: Demo, journey: Histories) -> None:
    few = journey.range(0, 40)
    forecasts = demo.forecaster.forecast(few, AS_OF, explain=True)
    layout = Layout.of(demo.forecaster, demo.version)
    scores = score(demo.forecaster, layout, few, AS_OF)
    assert scores.rows.shape == (len(forecasts.table), layout.width)
    answer = layout.answer("m", AS_OF, scores.rows[0], reasons=40, language="en", contributions=True)
    assert answer["log_odds"] == forecasts.log_odds[0]
    assert answer["p_churn"] == forecasts.p_churn[0]
    assert answer["temperature"]["value"] == forecasts.temperature[0]
    assert answer["expected_spend"]["expected"] == forecasts.expected_spend[0]
    spend = forecasts.spend_quantiles([0.1, 0.9])[0].tolist()
    assert [answer["expected_spend"]["low"], answer["expected_spend"]["high"]] == spend
    assert list(answer["p_next_tier"].values()) == forecasts.p_tier[0].tolist()
    assert sum(answer["p_next_tier"].values()) == pytest.approx(1.0, abs=1e-12)
    assert list(answer["contributions"].values()) == forecasts.contributions[0].tolist()
    assert answer["base"] == forecasts.base
    assert answer["base"] + sum(answer["contributions"].values()) == pytest.approx(answer["log_odds"], abs=1e-9)
    assert answer["expected_value"] == forecasts.value.expected[0]
    assert answer["value_at_risk"] == forecasts.value.at_risk[0]
    assert answer["value_of"] == "spend"
    assert list(answer["next_purchase_days"].values()) == forecasts.next_purchase_days[0].tolist()
    names = [*(feature.name for feature in demo.forecaster.features), "buying_rhythm", "season"]
    assert list(answer["contributions"]) == names
    explained = np.concatenate([forecasts.table.x[0], forecasts.terms[0]])
    for reason in answer["reasons"]:
        value = explained[names.index(reason["feature"])]
        assert (reason["value"] is None) == math.isnan(value)
        assert reason["value"] is None or reason["value"] == value


def test_needs_are_what_each_tier_still_takes(demo: Demo, journey: Histories) -> None:
    layout = Layout.of(demo.forecaster, demo.version)
    scores = score(demo.forecaster, layout, journey.range(0, 200), AS_OF)
    for answer in layout.answers(scores.members, [AS_OF] * len(scores), scores.rows, reasons=0, language="en"):
        needs = list(answer["needs"].values())
        assert needs[0] == 0.0
        assert needs == sorted(needs)
        assert answer["p_next_tier"][answer["tier"]] <= 1.0
        # A tier that needs nothing more is reached for certain, and no member falls below it.
        below = [p for (p, need) in zip(answer["p_next_tier"].values(), needs[1:], strict=False) if need == 0.0]
        assert all(p == 0.0 for p in below)


def test_without_amounts_and_policy_money_and_tiers_are_null_not_nought(visits_shop: Shop) -> None:
    scores = score(visits_shop.forecaster, visits_shop.layout, visits_shop.histories, visits_shop.as_of)
    answer = visits_shop.layout.answer(1, visits_shop.as_of, scores.rows[0], reasons=3, language="en")
    money = ("expected_spend", "expected_value", "value_at_risk", "value_of")
    assert [answer[name] for name in (*money, "tier", "p_next_tier", "needs")] == [None] * 7
    assert answer["near_miss"] == []
    assert answer["next_purchase_days"]["low"] > 0
    assert 0 < answer["p_churn"] < 1
    assert orjson.loads(orjson.dumps(answer)) == answer


def test_what_never_comes_or_is_not_known_is_null(shop: Shop) -> None:
    row = blank(shop.layout, next_purchase_low=3.0, next_purchase_median=np.inf, next_purchase_high=np.inf)
    answer = shop.layout.answer("a", dt.date(2020, 1, 1), row, reasons=3, language="en")
    assert answer["next_purchase_days"] == {"low": 3.0, "median": None, "high": None}
    assert answer["temperature"] == {"value": 50.0, "band": "warm", "change": None}
    assert answer["stage"] == "repeat"
    assert (answer["reasons"], answer["near_miss"], answer["tier"]) == ([], [], None)
    assert "contributions" not in answer
    assert "base" not in answer


def test_the_change_of_temperature_is_against_a_horizon_before(shop: Shop) -> None:
    row = blank(shop.layout, p_churn=0.75, earlier_temperature=60.0, stage=1.0)
    answer = shop.layout.answer("a", dt.date(2020, 1, 1), row, reasons=0, language="en")
    assert answer["temperature"] == {"value": 25.0, "band": "cool", "change": -35.0}
    assert answer["stage"] == "first_purchase"


@pytest.mark.parametrize("near", [0, KEEPS, REACHES, KEEPS | REACHES])
def test_near_misses_say_what_is_lacking_and_until_when(shop: Shop, near: int) -> None:
    layout = replace(shop.layout, tier_names=("Base", "Mid", "Top"))
    day = to_day(dt.date(2020, 9, 30))
    row = blank(layout, tier=1.0, near=float(near), keep_by=float(day), reach_by=day + 1.0)
    row[layout.needs] = 0.0, 86.2001, 1204.5
    keep = {
        "kind": "keep",
        "tier": "Mid",
        "need": 86.2001,
        "by": "2020-09-30",
        "sentence": "Needs 86.21 more by 2020-09-30 to keep Mid.",
    }
    reach = {
        "kind": "reach",
        "tier": "Top",
        "need": 1204.5,
        "by": "2020-10-01",
        "sentence": "Needs 1,204.50 more by 2020-10-01 to reach Top.",
    }
    found = layout.answer("a", dt.date(2020, 9, 1), row, reasons=0, language="en")["near_miss"]
    assert found == [miss for part, miss in ((KEEPS, keep), (REACHES, reach)) if near & part]
    chinese = layout.answer("a", dt.date(2020, 9, 1), row, reasons=0, language="zh")["near_miss"]
    assert all(miss["sentence"].endswith("。") and miss["by"] in miss["sentence"] for miss in chinese)


def test_what_is_counted_has_no_hundredths(shop: Shop) -> None:
    layout = replace(shop.layout, whole=True)
    row = blank(layout, tier=0.0, near=float(REACHES), reach_by=18_000.0)
    row[layout.needs] = 0.0, 3.0
    (miss,) = layout.near_miss(row.tolist(), "en")
    assert miss["sentence"] == "Needs 3 more by 2019-04-14 to reach Top."


def test_many_answers_are_each_its_own(shop: Shop) -> None:
    scores = score(shop.forecaster, shop.layout, shop.histories, shop.as_of)
    days = [shop.as_of + dt.timedelta(days=i) for i in range(len(scores))]
    for language in ("en", "zh"):
        many = shop.layout.answers(scores.members, days, scores.rows, reasons=3, language=language, contributions=True)
        for member, day, row, answer in zip(scores.members, days, scores.rows, many, strict=True):
            asked = {"reasons": 3, "language": language, "contributions": True}
            assert shop.layout.answer(member, day, row, **asked) == answer


def test_a_row_is_taken_apart_without_overlap(shop: Shop) -> None:
    layout = shop.layout
    parts = [slice(0, len(HEAD)), layout.p_tier, layout.needs, layout.values, layout.contributions]
    assert [i for part in parts for i in range(part.start, part.stop)] == list(range(layout.width))
