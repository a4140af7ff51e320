"""Policies that count points or profit: the batch, the look-up and sent histories say the same of tiers and needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from homes import Shop, app, open_shop, shop_log

import features
from features.ledger import columns_counted
from features.policy import TierPolicy
from features.registry import by_name
from training.artifact import load, to_forecaster

PLAIN_FEATURES = by_name(["recency_days"])
"""What is learnt from needs neither points nor costs: the policy alone does."""
TOP = {"points_earned": 60, "points_balance": 90, "profit": 50.0, "spend": 150.0}


def policy(metric: str, **rules: Any) -> TierPolicy:
    window: Any = "lifetime" if metric == "points_balance" else {"rolling_days": 60}
    tiers = [{"name": "Base"}, {"name": "Top", "reach": TOP[metric]}]
    return TierPolicy.from_dict({"programme": "Shop", "tiers": tiers, "metric": metric, "window": window, **rules})


PER_UNIT = {"points": {"per_unit": 0.5}}
POLICIES = {
    "points earned": (policy("points_earned"), {"points", "cost"}),
    "points earned, by the log and not by the rate": (policy("points_earned", **PER_UNIT), {"points", "cost"}),
    "points earned, by a rate": (policy("points_earned", **PER_UNIT), set()),
    "a balance": (policy("points_balance"), {"points", "cost"}),
    "a balance, by a rate": (policy("points_balance", **PER_UNIT), set()),
    "profit": (policy("profit"), {"points", "cost"}),
}


def log_with(columns: set[str]) -> pd.DataFrame:
    """The shop's lines with a return now and then, and with points and costs."""
    log = shop_log()
    random = np.random.default_rng(5)
    log["amount"] = np.where(random.random(len(log)) < 0.1, -log.amount, log.amount)
    log["cost"] = (log.amount * random.uniform(0.3, 0.9, len(log))).round(2)
    log["points"] = random.integers(-20, 60, len(log)).astype(float)
    return log[["customer_id", "timestamp", "amount", *sorted(columns)]]


@pytest.fixture(scope="module", params=POLICIES)
def counted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    rules, columns = POLICIES[request.param]
    return open_shop(tmp_path_factory.mktemp("counted"), log_with(columns), rules, PLAIN_FEATURES)


def test_sent_histories_give_the_batchs_tiers_and_needs(counted: Shop) -> None:
    client = app(counted.home.path)
    frame = pd.read_parquet(counted.scored.parquet)
    assert {*frame.tier} == {"Base", "Top"}
    lines = counted.log.drop(columns="customer_id")
    sent = [
        {"customer_id": member, "transactions": lines.loc[own.index].to_dict("records")}
        for member, own in counted.log.groupby("customer_id")
    ]
    answer = client.post("/v1/forecast", json={"histories": sent, "contributions": True}).json()["forecasts"]
    stored = client.post("/v1/forecast", json={"ids": frame.customer_id.tolist(), "contributions": True}).json()
    assert answer == stored["forecasts"]
    assert [forecast["tier"] for forecast in answer] == frame.tier.tolist()
    assert [forecast["needs"]["Top"] for forecast in answer] == frame.need_Top.tolist()


def test_what_the_model_reads_is_enough_for_a_batch(counted: Shop) -> None:
    read = features.from_log(features.check(counted.log), counted.forecaster.columns)
    again = counted.forecaster.forecast(read, counted.as_of)
    whole = counted.forecaster.forecast(counted.histories, counted.as_of)
    assert again.table.state is not None
    assert whole.table.state is not None
    np.testing.assert_array_equal(again.table.state.tier, whole.table.state.tier)
    np.testing.assert_array_equal(again.table.state.need, whole.table.state.need)
    assert again.value is not None
    assert whole.value is not None
    np.testing.assert_array_equal(again.value.expected, whole.value.expected)
    np.testing.assert_array_equal(again.value.at_risk, whole.value.at_risk)


def test_a_loaded_model_reads_the_same_columns(counted: Shop) -> None:
    loaded = to_forecaster(load(counted.home.models / counted.layout.model_version))
    assert loaded.columns == counted.forecaster.columns
    assert loaded.settings == counted.forecaster.settings


def test_the_columns_are_those_that_the_policy_and_the_margin_count_and_the_log_has(counted: Shop) -> None:
    rules = counted.forecaster.settings.policy
    assert rules is not None
    assert counted.layout.value_of == ("margin" if "cost" in counted.log else "spend")
    assert counted.forecaster.columns == (columns_counted(rules) | {"cost"}) & {*counted.log.columns}


@pytest.mark.parametrize(
    ("rules", "columns"),
    [
        (policy("points_earned"), {"points"}),
        (policy("points_balance"), {"points"}),
        (policy("points_earned", **PER_UNIT), {"points"}),
        (policy("profit"), {"cost"}),
        (policy("spend"), set()),
        (
            TierPolicy.from_dict(
                {
                    "programme": "P",
                    "tiers": [{"name": "A"}, {"name": "B", "reach": {"miles": 100, "money": 5.0, "stays": 2}}],
                    "metrics": {"miles": "points_earned", "money": "profit", "stays": "orders"},
                    "window": {"rolling_days": 60},
                }
            ),
            {"points", "cost"},
        ),
        (
            TierPolicy.from_dict(
                {
                    "programme": "P",
                    "versions": [
                        {"from": "2020-01-01", "tiers": [{"name": "A"}], "metric": "spend", "window": "lifetime"},
                        {"from": "2021-01-01", "tiers": [{"name": "A"}], "metric": "profit", "window": "lifetime"},
                    ],
                }
            ),
            {"cost"},  # of any version
        ),
    ],
)
def test_columns_counted(rules: TierPolicy, columns: set[str]) -> None:
    assert columns_counted(rules) == columns


def test_lines_silent_about_what_the_policy_counts_are_refused(counted: Shop) -> None:
    """They would count as 0, and the tier would be wrong without a word."""
    member = counted.histories.members.tolist()[0]
    read = sorted(counted.forecaster.columns)
    answer = app(counted.home.path).post(
        "/v1/forecast",
        json={
            "histories": [
                {"customer_id": member, "transactions": [{"timestamp": "2017-01-03T10:00:00", "amount": 5.0}]},
            ]
        },
    )
    assert answer.status_code == (409 if read else 200)
    if read:
        assert f"the lines say {read[0]!r}, which the model reads" in answer.json()["error"]["message"]


def test_a_model_whose_margin_comes_from_costs_is_sent_costs(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, log_with({"cost"}), policy("spend"), PLAIN_FEATURES)
    line = {"timestamp": "2020-08-11T10:00:00", "amount": 20.0}
    ask = app(shop.home.path).post
    refused = ask("/v1/forecast", json={"histories": [{"customer_id": "x", "transactions": [line]}]})
    assert refused.status_code == 409
    assert "the lines say 'cost', which the model reads" in refused.json()["error"]["message"]
    sent = [{"customer_id": cost, "transactions": [{**line, "cost": cost}]} for cost in (2.0, 18.0)]
    cheap, dear = ask("/v1/forecast", json={"histories": sent}).json()["forecasts"]
    assert cheap["p_churn"] == dear["p_churn"]
    assert cheap["expected_value"] > dear["expected_value"] > 0
    assert cheap["value_of"] == "margin"
