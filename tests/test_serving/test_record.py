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
    names = [feature.name for feature in demo.forecaster.features]
    for reason in answer["reasons"]:
        value = forecasts.table.x[0, names.index(reason["feature"])]
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
    assert [answer[name] for name in ("expected_spend", "tier", "p_next_tier", "needs")] == [None] * 4
    assert 0 < answer["p_churn"] < 1
    assert orjson.loads(orjson.dumps(answer)) == answer


def test_contributions_only_when_asked_for(shop: Shop) -> None:
    row = np.zeros(shop.layout.width)
    answer = shop.layout.answer("a", dt.date(2020, 1, 1), row, reasons=3, language="zh")
    assert "contributions" not in answer
    assert "base" not in answer
    assert answer["reasons"] == []
