"""One path: batch, look-up, sent histories and the notebook give the same numbers, and the reasons are exact."""

from __future__ import annotations

import datetime as dt
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.csv
import pytest
from homes import AS_OF, SHOP_POLICY, Demo, Shop

import features
from features.daily import Line
from features.errors import CutoffError
from features.money import to_currency
from serving.forecast.record import DAYS, Layout
from serving.predictor import Ask, Predictor
from training.artifact import load
from training.process import Purchases

TIERS = ("Member", "Silver", "Gold", "Diamond")
Lines = Callable[[list[int]], dict[int, list[dict[str, Any]]]]


@pytest.fixture(scope="module")
def some(demo: Demo) -> list[int]:
    """Forty members of every tier, of the coldest and the hottest, and of the odd ones without an expected gap."""
    frame = demo.forecasts.sort_values("p_churn")
    chosen = [*frame.customer_id.head(8), *frame.customer_id.tail(8), *frame.customer_id.iloc[::100]]
    for tier in TIERS:
        chosen += frame.customer_id[frame.tier == tier].head(3).tolist()
    return sorted({int(member) for member in chosen})


@pytest.fixture(scope="module")
def notebook(demo: Demo, journey_path: str, journey_map: dict[str, str]) -> dict[int, dict[str, Any]]:
    histories = features.from_log(features.check(journey_path, journey_map))
    forecasts = demo.forecaster.forecast(histories, AS_OF, explain=True)
    names = [*(feature.name for feature in demo.forecaster.features), "buying_rhythm", "season"]
    log_none, log_some = demo.forecaster.process.log_chances(Purchases.of(forecasts.table), 28)
    days = np.where(np.isfinite(forecasts.next_purchase_days), forecasts.next_purchase_days, None)
    assert forecasts.value is not None
    assert forecasts.expected_spend is not None
    assert forecasts.p_tier is not None
    assert forecasts.contributions is not None
    assert forecasts.table.state is not None
    needs = to_currency(forecasts.table.state.need)
    return {
        member: {
            "p_churn": float(forecasts.p_churn[i]),
            "log_odds": float(forecasts.log_odds[i]),
            "temperature": float(forecasts.temperature[i]),
            "expected_spend": float(forecasts.expected_spend[i]),
            "expected_value": float(forecasts.value.expected[i]),
            "value_at_risk": float(forecasts.value.at_risk[i]),
            "value_of": "spend",
            "next_purchase_days": dict(zip(DAYS, days[i].tolist(), strict=True)),
            "p_next_tier": dict(zip(TIERS, forecasts.p_tier[i].tolist(), strict=True)),
            "needs": dict(zip(TIERS, needs[i].tolist(), strict=True)),
            "contributions": dict(zip(names, forecasts.contributions[i].tolist(), strict=True)),
            "base": forecasts.base,
            "x": dict(zip(names, forecasts.explained_values[i].tolist(), strict=True)),
            "process": (log_none[i], log_some[i]),
        }
        for i, member in enumerate(forecasts.members.tolist())
    }


def same(answer: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        if name == "temperature":
            assert answer[name]["value"] == value
        elif name == "expected_spend":
            assert answer[name]["expected"] == value
        elif name not in ("x", "process"):
            assert answer[name] == value, name


def test_a_stored_forecast_is_the_notebooks_for_everyone(demo: Demo, notebook: dict[int, dict[str, Any]]) -> None:
    everyone = sorted(notebook)
    assert len(everyone) == 2_326
    for start in range(0, len(everyone), 1_000):
        part = everyone[start : start + 1_000]
        answer = demo.client.post("/v1/forecast", json={"ids": part, "contributions": True, "reasons": 1}).json()
        assert [forecast["customer_id"] for forecast in answer["forecasts"]] == part
        assert answer["unknown"] == answer["silent"] == []
        for forecast in answer["forecasts"]:
            same(forecast, notebook[forecast["customer_id"]])


def test_a_sent_history_gives_the_notebooks_forecast(
    demo: Demo, some: list[int], notebook: dict[int, dict[str, Any]], lines: Lines
) -> None:
    sent = lines(some)
    for start in range(0, len(some), 10):
        part = some[start : start + 10]
        histories = [{"customer_id": member, "transactions": sent[member]} for member in part]
        request = {"histories": histories, "contributions": True, "reasons": 10}
        answer = demo.client.post("/v1/forecast", json=request).json()
        assert answer["silent"] == []
        assert [forecast["customer_id"] for forecast in answer["forecasts"]] == part
        stored = demo.client.post("/v1/forecast", json={"ids": part, "contributions": True, "reasons": 10}).json()
        anew = {"ids": part, "contributions": True, "reasons": 10, "as_of": AS_OF.isoformat()}
        assert answer["forecasts"] == stored["forecasts"] == demo.client.post("/v1/forecast", json=anew).json()["forecasts"]
        for forecast in answer["forecasts"]:
            same(forecast, notebook[forecast["customer_id"]])


def test_sent_alone_or_in_any_order_a_history_gives_the_same(demo: Demo, some: list[int], lines: Lines) -> None:
    member = some[0]
    own = lines([member])[member]
    forward = {"histories": [{"customer_id": member, "transactions": own}]}
    backward = {"histories": [{"customer_id": member, "transactions": own[::-1]}], "as_of": AS_OF.isoformat()}
    alone = demo.client.post("/v1/forecast", json=forward).json()
    assert demo.client.post("/v1/forecast", json=backward).json() == alone
    assert alone == demo.client.post("/v1/forecast", json={"ids": [member]}).json()
    assert alone["forecasts"] == [demo.client.get(f"/v1/members/{member}").json()["forecast"]]


def test_the_batchs_parquet_is_the_notebooks(demo: Demo, notebook: dict[int, dict[str, Any]]) -> None:
    rows = demo.forecasts.set_index("customer_id").to_dict("index")
    assert set(rows) == set(notebook)
    for member, row in rows.items():
        expected = notebook[member]
        for name in ("p_churn", "temperature", "expected_spend", "expected_value", "value_at_risk", "value_of"):
            assert row[name] == expected[name]
        for name, by in expected["next_purchase_days"].items():
            assert row[f"next_purchase_days_{name}"] == by or (by is None and math.isnan(row[f"next_purchase_days_{name}"]))
        for tier in TIERS:
            assert row[f"p_tier_{tier}"] == expected["p_next_tier"][tier]
            assert row[f"need_{tier}"] == expected["needs"][tier]
        for k in (1, 2, 3):
            feature = row[f"reason_{k}_feature"]
            assert row[f"reason_{k}_contribution"] == expected["contributions"][feature]
            value = expected["x"][feature]
            assert row[f"reason_{k}_value"] == value or (math.isnan(value) and math.isnan(row[f"reason_{k}_value"]))


def test_the_batchs_csv_is_its_parquet(demo: Demo) -> None:
    csv = pyarrow.csv.read_csv(
        demo.place / "forecasts.csv", convert_options=pyarrow.csv.ConvertOptions(strings_can_be_null=True)
    ).to_pandas()
    frame = demo.forecasts.assign(as_of=pd.to_datetime(demo.forecasts.as_of), horizon_days=demo.forecasts.horizon_days)
    csv = csv.assign(as_of=pd.to_datetime(csv.as_of))
    pd.testing.assert_frame_equal(csv, frame, check_dtype=False, check_exact=True)


def test_base_and_contributions_add_up_and_are_shaps(demo: Demo, notebook: dict[int, dict[str, Any]]) -> None:
    """Beside SHAP's own values of the trees, and the regression worked out from what the artefact holds."""
    bundle = load(demo.home.models / demo.version)
    churn = bundle.plain["churn"]
    share, usual, season = churn["share"], churn["linear"]["usual"], churn["season"]["usual"]
    x = np.array([list(row["x"].values()) for row in notebook.values()])[:, : len(demo.forecaster.features)]
    with warnings.catch_warnings():
        # SHAP and LightGBM warn of each other's and NumPy's coming changes while they are imported and called.
        warnings.simplefilter("ignore")
        import lightgbm
        import shap

        booster = lightgbm.Booster(model_str=bundle.texts["churn"])
        oracle = shap.TreeExplainer(booster).shap_values(x)
        raw = booster.predict(x, raw_score=True)
        expected_value = float(np.ravel(shap.TreeExplainer(booster).expected_value)[-1])
    oracle = oracle[-1] if isinstance(oracle, list) else oracle
    linear, rhythm = regression(churn["linear"], x, np.array([row["process"] for row in notebook.values()]))
    ours = np.array([list(row["contributions"].values()) for row in notebook.values()])
    log_odds = np.array([row["log_odds"] for row in notebook.values()])
    base = next(iter(notebook.values()))["base"]
    assert 0 < share < 1
    assert np.abs(base + ours.sum(axis=1) - log_odds).max() < 1e-6
    both = (1 - share) * (churn["bias"] + raw) + share * (linear.sum(axis=1) + rhythm)
    assert np.abs(both + season - log_odds).max() < 1e-6
    assert np.abs(ours[:, :-2] - (1 - share) * oracle - share * linear).max() < 1e-6
    assert np.abs(ours[:, -2] - share * (rhythm - usual)).max() < 1e-6
    assert abs((1 - share) * (churn["bias"] + expected_value) + share * usual + season - base) < 1e-6
    # A log of one year has no season: that is no reason for anybody.
    assert churn["season"]["days"] == []
    assert (ours[:, -1] == 0.0).all()


def regression(plain: dict[str, Any], x: np.ndarray, process: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n_rows, n_features) what features add, and (n_rows,) the process, written out member by member."""
    added = np.empty(x.shape)
    keys = ("weight", "shift", "missing", "low", "high", "unit")
    for row, values in enumerate(x.tolist()):
        for j, value in enumerate(values):
            weight, shift, missing, low, high, unit = (plain[key][j] for key in keys)
            scaled = math.copysign(math.log1p(abs(value / unit)), value)
            added[row, j] = missing if math.isnan(value) else weight * min(max(scaled, low), high) + shift
    return added, plain["a"] + plain["w1"] * process[:, 0] - plain["w2"] * process[:, 1]


@pytest.mark.parametrize(("language", "end"), [("en", "the risk of leaving."), ("zh", "。")])
def test_served_reasons_are_the_largest_contributions(demo: Demo, some: list[int], language: str, end: str) -> None:
    asked = {"ids": some, "contributions": True, "reasons": 5}
    answer = demo.client.post("/v1/forecast", json=asked, headers={"accept-language": language})
    for forecast in answer.json()["forecasts"]:
        contributions = forecast["contributions"]
        assert forecast["base"] + sum(contributions.values()) == pytest.approx(forecast["log_odds"], abs=1e-6)
        assert forecast["p_churn"] == pytest.approx(1 / (1 + math.exp(-forecast["log_odds"])), abs=1e-12)
        found = [reason["contribution"] for reason in forecast["reasons"]]
        assert [abs(value) for value in found] == sorted(map(abs, found), reverse=True)
        assert abs(found[0]) == max(map(abs, contributions.values()))
        assert len(found) == min(5, sum(value != 0 for value in contributions.values()))
        for reason in forecast["reasons"]:
            assert contributions[reason["feature"]] == reason["contribution"]
            assert reason["sentence"].endswith(end)
            assert ("raises" in reason["sentence"] or "上升" in reason["sentence"]) == (reason["contribution"] > 0)


def test_lines_from_the_as_of_date_on_are_not_looked_at(demo: Demo, lines: Lines) -> None:
    predictor = Predictor(demo.forecaster, Layout.of(demo.forecaster, demo.version))
    sent = [
        Line(dt.datetime.fromisoformat(line["timestamp"]), line["amount"], str(line["order_id"])) for line in lines([25])[25]
    ]
    as_of = dt.date(2018, 1, 2)
    before = [line for line in sent if line.timestamp.date() < as_of]
    assert before
    sent = before + [Line(dt.datetime(2018, 1, 2, hour), 5.0, str(hour)) for hour in (0, 12)]
    ask = Ask(contributions=True)
    assert predictor.of_lines([(25, sent)], as_of, ask) == predictor.of_lines([(25, before)], as_of, ask)


def test_members_without_a_purchase_in_the_look_back_are_silent(shop: Shop) -> None:
    predictor = Predictor(shop.forecaster, shop.layout)
    old = [Line(dt.datetime(2020, 1, 1), 5.0)]
    returned = [Line(dt.datetime(2020, 8, 1), -5.0)]
    fresh = [Line(dt.datetime(2020, 8, 1), 5.0)]
    later = [Line(dt.datetime(2021, 1, 1), 5.0)]
    sent = [("old", old), ("returned", returned), (7, fresh), ("later", later)]
    answers, silent = predictor.of_lines(sent, dt.date(2020, 8, 28), Ask())
    assert [answer["customer_id"] for answer in answers] == [7]
    assert silent == ["old", "returned", "later"]
    today = [Line(dt.datetime(2020, 8, 28, 9), 5.0)]
    for name, own in (("later", later), ("today", today)):
        assert predictor.of_lines([(name, own)], dt.date(2020, 8, 28), Ask()) == ([], [name])


def test_a_day_before_the_training_is_refused(shop: Shop) -> None:
    predictor = Predictor(shop.forecaster, shop.layout)
    with pytest.raises(CutoffError, match="a model forecasts from the day it was trained for on"):
        predictor.of_lines([(7, [Line(dt.datetime(2020, 8, 1), 5.0)])], dt.date(2020, 8, 27), Ask())


def test_the_policy_of_the_model_names_the_tiers(shop: Shop) -> None:
    line = Line(dt.datetime(2020, 8, 1), 5.0)
    (answer,), _ = Predictor(shop.forecaster, shop.layout).of_lines([("m", [line])], shop.as_of, Ask())
    assert tuple(answer["p_next_tier"]) == SHOP_POLICY.tier_names
