from __future__ import annotations

import datetime as dt
import math

import numpy as np
import orjson
import pytest
from homes import AS_OF, Demo, Shop

from features.histories import Histories
from serving.record import Layout


def test_a_row_holds_what_was_forecast(demo: Demo, journey: Histories) -> None:
    forecasts = demo.forecaster.forecast(journey, AS_OF, explain=True)
    layout = Layout.of(demo.forecaster, demo.version)
    rows = layout.rows(forecasts)
    assert rows.shape == (2_326, layout.width)
    answer = layout.answer("m", AS_OF, rows[0], reasons=40, language="en", contributions=True)
    assert answer["log_odds"] == forecasts.log_odds[0]
    assert answer["p_churn"] == forecasts.p_churn[0]
    assert answer["temperature"] == forecasts.temperature[0]
    assert answer["expected_spend"] == forecasts.expected_spend[0]
    assert list(answer["p_next_tier"].values()) == forecasts.p_tier[0].tolist()
    assert sum(answer["p_next_tier"].values()) == pytest.approx(1.0, abs=1e-12)
    assert list(answer["contributions"].values()) == forecasts.contributions[0].tolist()
    assert answer["base"] == forecasts.base
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
    forecasts = demo.forecaster.forecast(journey, AS_OF, explain=True)
    layout = Layout.of(demo.forecaster, demo.version)
    for row in layout.rows(forecasts)[:200]:
        answer = layout.answer("m", AS_OF, row, reasons=0, language="en")
        needs = list(answer["needs"].values())
        assert needs[0] == 0.0
        assert needs == sorted(needs)
        assert answer["p_next_tier"][answer["tier"]] <= 1.0
        # A tier that needs nothing more is reached for certain, and no member falls below it.
        below = [p for (p, need) in zip(answer["p_next_tier"].values(), needs[1:], strict=False) if need == 0.0]
        assert all(p == 0.0 for p in below)


def test_without_amounts_and_policy_money_and_tiers_are_null_not_nought(visits_shop: Shop) -> None:
    forecasts = visits_shop.forecaster.forecast(visits_shop.histories, visits_shop.as_of, explain=True)
    row = visits_shop.layout.rows(forecasts)[0]
    answer = visits_shop.layout.answer(1, visits_shop.as_of, row, reasons=3, language="en")
    money = ("expected_spend", "expected_value", "value_at_risk", "value_of")
    assert [answer[name] for name in (*money, "tier", "p_next_tier", "needs")] == [None] * 7
    assert answer["next_purchase_days"]["low"] > 0
    assert 0 < answer["p_churn"] < 1
    assert orjson.loads(orjson.dumps(answer)) == answer


def test_days_that_never_come_are_null(shop: Shop) -> None:
    row = np.zeros(shop.layout.width)
    row[7:10] = 3.0, np.inf, np.inf
    answer = shop.layout.answer("a", dt.date(2020, 1, 1), row, reasons=0, language="en")
    assert answer["next_purchase_days"] == {"low": 3.0, "median": None, "high": None}


def test_every_row_adds_up_to_its_log_odds(shop: Shop) -> None:
    forecasts = shop.forecaster.forecast(shop.histories, shop.as_of, explain=True)
    for row in shop.layout.rows(forecasts):
        answer = shop.layout.answer("a", shop.as_of, row, reasons=0, language="en", contributions=True)
        assert answer["base"] + sum(answer["contributions"].values()) == pytest.approx(answer["log_odds"], abs=1e-9)


def test_contributions_only_when_asked_for(shop: Shop) -> None:
    row = np.zeros(shop.layout.width)
    answer = shop.layout.answer("a", dt.date(2020, 1, 1), row, reasons=3, language="zh")
    assert "contributions" not in answer
    assert "base" not in answer
    assert answer["reasons"] == []
