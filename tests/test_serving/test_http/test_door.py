from __future__ import annotations

import asyncio
from typing import Any

import orjson
from homes import Shop, service

from serving.http.door import Door


class Gate:
    """As much of a gate as the door asks."""

    def __init__(self, full: bool) -> None:
        self.full, self.refused = full, 0


def asked(full: bool, path: str, shop: Shop) -> tuple[list[Any], Gate, str]:
    gate, metrics, sent = Gate(full), service(shop.home.path).metrics, []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send("answered")

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Door(app, gate, metrics)({"type": "http", "path": path}, None, send))  # type: ignore[arg-type]
    return sent, gate, metrics.render().decode()


def test_it_is_open_while_there_is_room(shop: Shop) -> None:
    sent, gate, _ = asked(False, "/v1/forecast", shop)
    assert (sent, gate.refused) == (["answered"], 0)


def test_shut_it_answers_by_itself_at_once(shop: Shop) -> None:
    (start, body), gate, told = asked(True, "/v1/forecast", shop)
    assert start["status"] == 503
    headers = dict(start["headers"])
    assert int(headers[b"retry-after"]) >= 1
    assert int(headers[b"content-length"]) == len(body["body"])
    assert orjson.loads(body["body"])["error"]["code"] == "overload"
    assert gate.refused == 1
    assert 'tiercast_refusals_total{reason="overload"} 1.0' in told


def test_health_and_metrics_always_pass(shop: Shop) -> None:
    for path in ("/livez", "/readyz", "/metrics", "/docs"):
        sent, _, _ = asked(True, path, shop)
        assert sent == ["answered"]
