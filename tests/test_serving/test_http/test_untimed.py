from __future__ import annotations

import asyncio
import importlib.util
from typing import Any

import pytest

from serving.http.untimed import without_timers


def timers_left() -> int:
    """Timers that one answered request leaves behind the middlewares that BentoML puts before every service."""
    from bentoml._internal.server.base_app import BaseAppFactory

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    class Factory(BaseAppFactory):
        @property
        def name(self) -> str:
            return "any"

    async def count() -> int:
        app: Any = answer
        for layer in Factory(timeout=60).middlewares:
            app = layer.cls(app, **layer.kwargs)
        sent = []

        async def send(message: Any) -> None:
            sent.append(message["status"])

        await app({"type": "http", "path": "/v1/forecast"}, None, send)
        assert sent == [200]
        loop: Any = asyncio.get_running_loop()
        return len(loop._scheduled)

    return asyncio.run(count())


def as_bentoml_has_it() -> Any:
    spec = importlib.util.find_spec("bentoml._internal.server.http.traffic")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.TimeoutMiddleware


def test_an_answered_request_leaves_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    from bentoml._internal.server.http import traffic

    monkeypatch.setattr(traffic, "TimeoutMiddleware", as_bentoml_has_it())  # a service may be loaded already
    assert timers_left() == 1  # where it is 0, BentoML has mended it, and this module is of no use any more
    without_timers()
    assert timers_left() == 0
