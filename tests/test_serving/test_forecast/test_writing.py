"""What is written for many at once is what a plain description of one, written by itself, would be: byte for byte."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import orjson
import pytest
from homes import AS_OF, Demo
from hypothesis import given, settings
from hypothesis import strategies as st

from features.histories import Histories
from features.registry import registered
from serving.forecast.pace import Pace
from serving.forecast.reasons import top_reasons
from serving.forecast.record import AT, STAGE_NAMES, Layout
from serving.forecast.row import PACE
from serving.forecast.scoring import score
from serving.forecast.temperature import band_of
from serving.forecast.wording import Language
from training.terms import TERMS

TIERS = ("Base", '100 % "Gold","', "钻石")
LAYOUT = Layout((*registered(), *TERMS), TIERS, -1.5, 28, "v%s", "margin")
WITHOUT = Layout((*registered(), *TERMS), (), 0.25, 91, "v", None)
NUMBERS = st.floats(-1e9, 1e9) | st.sampled_from([0.0, -0.0, 1e-7, 3.0, 1 / 3])
MAYBE = NUMBERS | st.sampled_from([math.nan, math.inf])


def plainly(layout: Layout, member: Any, day: dt.date, row: np.ndarray, most: int, language: Language) -> dict[str, Any]:
    """One answer, as plain values looked up one by one."""

    def number(name: str) -> Any:
        return row[AT[name]].item()

    def there(value: float) -> float | None:
        return value if math.isfinite(value) else None

    p_tier, needs = row[layout.p_tier].tolist(), row[layout.needs].tolist()
    temperature = 100.0 * (1.0 - number("p_churn"))
    spend = {"expected": number("expected_spend"), "low": number("spend_low"), "high": number("spend_high")}
    tier = None if math.isnan(number("tier")) else layout.tier_names[int(number("tier"))]
    pace = Pace(*row[PACE].tolist())
    values, parts = row[layout.values], row[layout.contributions]
    reasons = top_reasons(layout.explained, values, parts, most=most, language=language, pace=pace)
    return {
        "customer_id": member,
        "as_of": day.isoformat(),
        "horizon_days": layout.horizon_days,
        "model_version": layout.model_version,
        "p_churn": number("p_churn"),
        "temperature": {
            "value": temperature,
            "band": band_of(temperature).name,
            "change": there(temperature - number("earlier_temperature")),
        },
        "log_odds": number("log_odds"),
        "expected_spend": None if math.isnan(spend["expected"]) else spend,
        "expected_value": there(number("expected_value")),
        "value_at_risk": there(number("value_at_risk")),
        "value_of": layout.value_of,
        "next_purchase_days": {name: there(number(f"next_purchase_{name}")) for name in ("low", "median", "high")},
        "stage": STAGE_NAMES[int(number("stage"))],
        "tier": tier,
        "p_next_tier": dict(zip(layout.tier_names, p_tier, strict=True)) if p_tier and p_tier[0] == p_tier[0] else None,
        "needs": None if tier is None else {name: there(need) for name, need in zip(layout.tier_names, needs, strict=True)},
        "near_miss": layout.near_miss(row.tolist(), language),
        "reasons": [reason._asdict() for reason in reasons],
    }


@st.composite
def some_rows(draw: st.DrawFn, layout: Layout) -> np.ndarray:
    """A few rows with every kind of hole."""
    rows = np.array([[draw(MAYBE) for _ in AT] + [0.0] * (layout.width - len(AT)) for _ in range(draw(st.integers(1, 3)))])
    tiers = len(layout.tier_names)
    for row in rows:
        row[AT["p_churn"]] = draw(st.floats(0, 1))
        row[AT["log_odds"]] = draw(NUMBERS)
        if not math.isnan(row[AT["expected_spend"]]):
            row[AT["expected_spend"] : AT["spend_high"] + 1] = [draw(NUMBERS) for _ in range(3)]
        row[AT["stage"]] = draw(st.integers(0, len(STAGE_NAMES) - 1))
        row[AT["tier"]] = draw(st.integers(0, tiers - 2)) if tiers and draw(st.booleans()) else math.nan
        row[AT["near"]] = 0 if math.isnan(row[AT["tier"]]) else draw(st.integers(0, 3))
        row[[AT["keep_by"], AT["reach_by"]]] = draw(st.integers(17_000, 20_000))
        row[PACE] = draw(st.integers(1, 9)), draw(st.floats(1, 99) | st.just(math.nan)), draw(st.integers(1, 99))
        row[layout.p_tier] = [draw(st.floats(0, 1)) for _ in range(tiers)] if draw(st.booleans()) else math.nan
        finite = row[AT["near"]] > 0
        row[layout.needs] = [abs(draw(NUMBERS if finite else MAYBE)) for _ in range(tiers)]
        seeds = np.random.default_rng(draw(st.integers(0, 99)))
        row[layout.values] = seeds.choice([math.nan, 0.0, 1.0, 2.5, 812.25, -7.0], len(layout.explained))
        row[layout.contributions] = seeds.choice([0.0, 0.0, 0.5, -0.5, 1e-9, 2 / 3], len(layout.explained))
    return rows


@pytest.mark.parametrize("layout", [LAYOUT, WITHOUT], ids=["tiers", "none"])
@settings(max_examples=15, deadline=None)
@given(st.data())
def test_it_is_what_each_would_be_by_itself(layout: Layout, data: st.DataObject) -> None:
    rows = data.draw(some_rows(layout))
    most, language = data.draw(st.integers(0, 10)), data.draw(st.sampled_from(["en", "zh"]))
    members = [7, '","', "0,7%b"][: len(rows)]
    days = [dt.date(2020, 1, 1 + i) for i in range(len(rows))]
    expected = [plainly(layout, *one, most, language) for one in zip(members, days, rows, strict=True)]
    given_ = {"reasons": most, "language": language}
    assert layout.texts(members, days, rows, **given_) == [orjson.dumps(one) for one in expected]
    assert repr(layout.answers(members, days, rows, **given_)) == repr([orjson.loads(orjson.dumps(one)) for one in expected])
    many = layout.texts(members * 9, days * 9, np.tile(rows, (9, 1)), **given_)  # in columns, not one by one
    assert many == [orjson.dumps(one) for one in expected] * 9
    names = [part.name for part in layout.explained]
    for one, row in zip(expected, rows, strict=True):
        one["base"] = layout.base
        one["contributions"] = dict(zip(names, row[layout.contributions].tolist(), strict=True))
    assert layout.texts(members, days, rows, **given_, contributions=True) == [orjson.dumps(one) for one in expected]


def test_of_real_members_too(demo: Demo, journey: Histories) -> None:
    layout = Layout.of(demo.forecaster, demo.version)
    scores = score(demo.forecaster, layout, journey.range(0, 150), AS_OF)
    members, days = scores.members.tolist(), [AS_OF] * len(scores)
    for language in ("en", "zh"):
        texts = layout.texts(members, days, scores.rows, reasons=3, language=language)
        for member, row, text in zip(members, scores.rows, texts, strict=True):
            assert text == orjson.dumps(plainly(layout, member, AS_OF, row, 3, language))


def test_an_id_that_json_does_not_have_is_answered_as_it_is() -> None:
    row = np.zeros((1, LAYOUT.width))
    (answer,) = LAYOUT.answers([2**70], [AS_OF], row, reasons=0, language="en")
    assert answer["customer_id"] == 2**70
