from __future__ import annotations

import asyncio
from typing import Any

import pytest

from serving.http.straight import Straight


def asked(method: str, path: str, kind: str = "http", root: str = "") -> str:
    """Which app is asked."""
    found: list[str] = []

    def app(name: str) -> Any:
        async def answer(scope: Any, receive: Any, send: Any) -> None:
            found.append(name)

        return answer

    straight = Straight(app("bentoml"), app("routes"), {"/v1/forecast": app("post")})
    scope = {"type": kind, "method": method, "path": path, "root_path": root}
    asyncio.run(straight(scope, None, None))  # type: ignore[arg-type]
    (name,) = found
    return name


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/v1/forecast", "post"),
        ("GET", "/v1/forecast", "routes"),
        ("POST", "/v1/forecast/", "routes"),
        ("GET", "/v1/members/livez", "routes"),
        ("GET", "/metrics", "routes"),
        ("GET", "/docs", "routes"),
        ("GET", "/desk", "routes"),
        ("GET", "/desk/app.js", "routes"),
        ("GET", "/livez", "bentoml"),
        ("GET", "/readyz", "bentoml"),
        ("GET", "/", "bentoml"),
        ("GET", "/v1", "bentoml"),
    ],
)
def test_our_paths_go_to_our_routes_and_the_rest_to_bentoml(method: str, path: str, name: str) -> None:
    assert asked(method, path) == name
    assert asked(method, f"/below{path}", root="/below") == name


def test_what_is_no_request_goes_to_bentoml() -> None:
    assert asked("", "/v1/forecast", kind="lifespan") == "bentoml"
