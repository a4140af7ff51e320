"""A feature written where a model is trained, and registered nowhere, is in the model wherever the model goes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from homes import Shop, app, open_shop, shop_log

import features
from features.daily import TIME
from features.errors import ConfigError
from features.feature import Feature, Phrase, Unit
from features.registry import by_name, registered
from training.artifact import load, to_forecaster

OWN = (
    Feature(
        name="tea_or_cake",
        unit=Unit.NATS,
        expression="entropy('category', 91) + ratio(total('cost', 91), total('gross', 91))",
        meaning="how mixed a basket is, and how dear to the shop",
        reason=Phrase("buys of everything by {value}", "购买分散度 {value}"),
    ),
    Feature("late_days", Unit.COUNT, "total('evening', 60)", "late days"),
    Feature("steady", Unit.RATIO, "ratio(gap_quantile(0.37), gap_mean()) * 3 - 1", "a gap that no feature speaks of"),
)


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    """A shop's log with costs and categories, some of them blank."""
    frame = shop_log()
    rng = np.random.default_rng(5)
    frame["cost"] = (frame.amount * rng.uniform(0.2, 0.9, len(frame))).round(2)
    frame["category"] = rng.choice(["tea", "cake", "茶", ""], len(frame))
    return frame


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, log: pd.DataFrame) -> Shop:
    chosen = [*OWN, *by_name(["recency_days", "visits_91d", "spend_91d", "need_to_rise"])]
    return open_shop(tmp_path_factory.mktemp("own"), log, own=chosen)


def told(forecast: dict[str, Any]) -> list[Any]:
    return [forecast[name] for name in ("p_churn", "log_odds", "expected_spend", "p_next_tier", "contributions")]


def test_it_is_learned_from(shop: Shop) -> None:
    assert not {feature.name for feature in OWN} & {feature.name for feature in registered()}
    assert shop.forecaster.features[:3] == OWN
    assert shop.forecaster.columns == {"cost", "category", TIME}
    found = shop.forecaster.forecast(shop.histories, shop.as_of, explain=True)
    assert found.contributions is not None
    assert np.abs(found.contributions[:, :3]).max() > 0


def test_a_stored_model_forecasts_the_same(shop: Shop, log: pd.DataFrame) -> None:
    """From what it reads of a log alone."""
    loaded = to_forecaster(load(shop.home.models / shop.layout.model_version))
    read = features.from_log(features.check(log), loaded.columns)
    one, other = (
        forecaster.forecast(histories, shop.as_of, explain=True)
        for forecaster, histories in ((shop.forecaster, shop.histories), (loaded, read))
    )
    assert loaded.features == shop.forecaster.features
    for name in ("p_churn", "contributions", "expected_spend", "p_tier"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()


def test_batch_and_service_forecast_the_same(shop: Shop, log: pd.DataFrame) -> None:
    found = shop.forecaster.forecast(shop.histories, shop.as_of)
    expected = dict(zip(found.members.tolist(), found.p_churn.tolist(), strict=True))
    members = sorted(expected)[::4]
    sent = [
        {
            "customer_id": member,
            "transactions": [
                {"timestamp": time, "amount": amount, "cost": cost, "category": category}
                for time, amount, cost, category in log[log.customer_id == member][
                    ["timestamp", "amount", "cost", "category"]
                ].itertuples(index=False)
            ],
        }
        for member in members
    ]
    client = app(shop.home.path)
    asked = {"contributions": True, "reasons": 10}
    stored = client.post("/v1/forecast", json={"ids": members, **asked}).json()["forecasts"]
    scored = client.post("/v1/forecast", json={"histories": sent, **asked}).json()["forecasts"]
    assert [forecast["p_churn"] for forecast in stored] == [expected[member] for member in members]
    assert [told(forecast) for forecast in scored] == [told(forecast) for forecast in stored]
    reasons = {reason["feature"]: reason["sentence"] for forecast in scored for reason in forecast["reasons"]}
    assert "buys of everything" in reasons["tea_or_cake"].lower()


def test_a_log_without_its_columns_is_refused(shop: Shop, log: pd.DataFrame) -> None:
    without = features.from_log(features.check(log.drop(columns="cost")), shop.forecaster.columns)
    with pytest.raises(ConfigError, match="tea_or_cake, which needs cost"):
        shop.forecaster.forecast(without, shop.as_of)


def test_a_number_that_it_needs_has_to_be_spoken_of_and_a_label_may_be_blank(shop: Shop) -> None:
    """A number that no line says would count as 0 without a word."""
    line = {"timestamp": f"{shop.as_of.replace(day=1)}T19:00:00", "amount": 5.0}

    def sent(line: dict[str, Any]) -> Any:
        return app(shop.home.path).post("/v1/forecast", json={"histories": [{"customer_id": "new", "transactions": [line]}]})

    (forecast,) = sent({**line, "cost": 0}).json()["forecasts"]
    assert math.isfinite(forecast["p_churn"])
    refused = sent(line)
    assert refused.status_code == 409
    assert (
        "histories.0: the lines say 'cost', which the model reads; got none that does" in refused.json()["error"]["message"]
    )
