"""The parts of the service put together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from calls import Client
from homes import Shop, service

from features.errors import ConfigError
from serving.assembly import assembled
from serving.privacy.keys import make
from serving.settings import Home


def test_a_caller_sees_what_the_key_allows(shop: Shop, tmp_path: Path) -> None:
    made = service(shop.home.path, with_keys=True)
    assert made.keys is not None
    _, text = make(made.desk.engine, "desk", ["desk"])
    made.keys.refresh()
    client, headers = Client(made.app), {"authorization": f"Bearer {text}"}
    assert client.get("/v1/members", headers=headers).status_code == 200
    assert client.get("/v1/members").status_code == 401
    refused = client.post("/v1/forecast", json={"ids": ["058"]}, headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "missing_scope")
    answer = client.get("/v1/members?limit=1", headers={**headers, "x-request-id": "order-4711"})
    assert answer.headers["x-request-id"] == "order-4711"
    assert answer.headers["cache-control"] == "no-store"
    made.desk.engine.dispose()


def test_what_is_answered_is_counted(shop: Shop) -> None:
    client = Client(service(shop.home.path).app)
    assert client.post("/v1/forecast", json={"ids": ["058"]}).status_code == 200
    assert client.get("/v1/members/nobody").status_code == 404
    told = client.get("/metrics").text
    assert 'tiercast_requests_total{method="POST",route="/v1/forecast",status="2xx"} 1.0' in told
    assert 'tiercast_requests_total{method="GET",route="/v1/members/{id}",status="4xx"} 1.0' in told
    assert "nobody" not in told
    assert "tiercast_p_churn_count 1.0" in told
    assert shop.layout.model_version in told


def test_what_is_not_ours_is_left_to_the_app_behind(shop: Shop) -> None:
    asked: list[str] = []

    async def others(scope: Any, receive: Any, send: Any) -> None:
        asked.append(scope["path"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    client = Client(service(shop.home.path).before(others))
    assert client.post("/v1/forecast", json={"ids": ["058"]}).status_code == 200
    assert client.get("/v1/nothing").status_code == 404
    assert client.get("/livez").status_code == 204
    assert asked == ["/livez"]


def test_threads_start_and_stop(shop: Shop) -> None:
    made = service(shop.home.path, with_keys=True)
    made.start()
    made.start()
    made.stop()
    made.desk.engine.dispose()


def test_a_setting_out_of_its_range_is_said(tmp_path: Path) -> None:
    for name in ("TIERCAST_RATE", "TIERCAST_MAX_BODY_BYTES", "TIERCAST_FOLLOW_SECONDS"):
        with pytest.raises(ConfigError, match=name):
            assembled(Home(tmp_path), environment={name: "soon"})
