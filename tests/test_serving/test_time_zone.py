"""A programme whose clocks are not UTC's: the batch, the look-up and sent histories go by the same days."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from calls import Client
from homes import Shop, app, open_shop, shop_log

import features
from features.errors import ConfigError
from training.artifact import load, to_forecaster

ZONES = ["America/New_York", "Asia/Shanghai"]


def zoned_log() -> pd.DataFrame:
    """The shop's lines at any hour, half of them with an offset of their own."""
    log = shop_log()
    random = np.random.default_rng(3)
    hours = random.integers(0, 24, len(log))
    offsets = random.choice(["Z", "+00:00", "-08:00", "+05:45"], len(log))
    days = log.timestamp.str[:10]
    log["timestamp"] = [f"{day}T{hour:02d}:30:00{offset}" for day, hour, offset in zip(days, hours, offsets, strict=True)]
    return log


@pytest.fixture(scope="module", params=ZONES)
def abroad(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return open_shop(tmp_path_factory.mktemp("abroad"), zoned_log(), time_zone=request.param)


@pytest.fixture(scope="module")
def client(abroad: Shop) -> Client:
    return app(abroad.home.path)


def zone(shop: Shop) -> str:
    return shop.forecaster.settings.time_zone


def histories(log: pd.DataFrame) -> list[dict[str, Any]]:
    lines = log[["timestamp", "amount"]]
    return [
        {"customer_id": member, "transactions": lines.loc[own.index].to_dict("records")}
        for member, own in log.groupby("customer_id")
    ]


def shown(log: pd.DataFrame, time_zone: str) -> pd.Series:
    return pd.to_datetime(log.timestamp, utc=True, format="ISO8601").dt.tz_convert(time_zone).dt.tz_localize(None)


def test_a_model_keeps_its_zone(abroad: Shop) -> None:
    assert zone(abroad) in ZONES
    assert to_forecaster(load(abroad.home.models / abroad.layout.model_version)).settings == abroad.forecaster.settings
    assert abroad.as_of == shown(abroad.log, zone(abroad)).max().date() + dt.timedelta(days=1)


def test_sent_histories_give_the_batchs_forecasts(abroad: Shop, client: Client) -> None:
    stored = pd.read_parquet(abroad.scored.parquet).customer_id.tolist()
    assert len(stored) > 30
    expected = client.post("/v1/forecast", json={"ids": stored, "contributions": True}).json()
    answer = client.post("/v1/forecast", json={"histories": histories(abroad.log), "contributions": True}).json()
    assert answer["forecasts"] == expected["forecasts"]
    assert len(answer["silent"]) == abroad.log.customer_id.nunique() - len(stored)


def test_so_do_times_without_a_zone_as_the_clocks_showed_them(abroad: Shop, client: Client) -> None:
    plain = abroad.log.assign(timestamp=[time.isoformat() for time in shown(abroad.log, zone(abroad))])
    sent = [client.post("/v1/forecast", json={"histories": histories(log)}).json() for log in (plain, abroad.log)]
    assert sent[0] == sent[1]


def test_the_zone_changes_forecasts(abroad: Shop) -> None:
    """So the agreement above is no accident: in UTC the same lines lie on other days."""
    elsewhere = features.from_log(features.check(abroad.log))
    assert elsewhere.time_zone == "UTC"
    assert not np.array_equal(elsewhere.visits.day, abroad.histories.visits.day)


def test_days_of_another_zone_are_refused(abroad: Shop) -> None:
    elsewhere = features.from_log(features.check(abroad.log))
    with pytest.raises(ConfigError) as raised:
        abroad.forecaster.forecast(elsewhere, abroad.as_of)
    assert str(raised.value) == (
        "a model forecasts from days of the time zone that it was trained on; "
        f"got days of UTC, for a model of {zone(abroad)}. To mend it: set time_zone: {zone(abroad)}."
    )


def test_a_model_of_utc_refuses_days_of_another_zone(shop: Shop) -> None:
    log = features.from_log(features.check(shop.log, time_zone="Europe/Berlin"))
    with pytest.raises(ConfigError, match="got days of Europe/Berlin, for a model of UTC"):
        shop.forecaster.forecast(log, shop.as_of)


@pytest.mark.parametrize(("seconds", "status"), [(-1, 200), (0, 409), (1, 409)])
@pytest.mark.parametrize("offset", [0, 14, -12])
def test_the_as_of_date_begins_at_the_programmes_midnight(
    abroad: Shop, client: Client, seconds: int, status: int, offset: int
) -> None:
    midnight = pd.Timestamp(abroad.as_of, tz=zone(abroad)) + pd.Timedelta(seconds=seconds)
    sent = midnight.tz_convert(dt.timezone(dt.timedelta(hours=offset))).isoformat()
    line = {"timestamp": sent, "amount": 5.0}
    answer = client.post("/v1/forecast", json={"histories": [{"customer_id": "x", "transactions": [line]}]})
    assert answer.status_code == status
    if status == 200:
        assert [forecast["customer_id"] for forecast in answer.json()["forecasts"]] == ["x"]
    else:
        assert answer.json()["error"]["code"] == "cutoff"
