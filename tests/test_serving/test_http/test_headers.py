from __future__ import annotations

import asyncio
from typing import Any

import pytest

from serving.http.headers import Headers


def answered(kind: bytes, path: str = "/v1/model", own: tuple[tuple[bytes, bytes], ...] = (), **options: Any) -> list[Any]:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind), *own]})
        await send({"type": "http.response.body", "body": b"{}"})

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Headers(app, **options)({"type": "http", "path": path}, None, send))  # type: ignore[arg-type]
    assert sent[1] == {"type": "http.response.body", "body": b"{}"}
    headers: list[Any] = sent[0]["headers"]
    return headers


def test_json_may_do_nothing_in_a_browser() -> None:
    assert dict(answered(b"application/json")) == {
        b"content-type": b"application/json",
        b"x-content-type-options": b"nosniff",
        b"referrer-policy": b"no-referrer",
        b"x-frame-options": b"DENY",
        b"cross-origin-resource-policy": b"same-origin",
        b"cache-control": b"no-store",
        b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    }


def test_a_page_has_its_styles_and_nothing_else() -> None:
    policy = dict(answered(b"text/html; charset=utf-8"))[b"content-security-policy"].decode()
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules == {
        "default-src": "'none'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "style-src": "'unsafe-inline'",
    }


def test_a_page_may_be_given_another_policy() -> None:
    options = {"policies": {"/desk": "default-src 'self'"}}
    assert dict(answered(b"text/html", "/desk", **options))[b"content-security-policy"] == b"default-src 'self'"
    assert b"default-src 'none'" in dict(answered(b"text/html", "/docs", **options))[b"content-security-policy"]


@pytest.mark.parametrize("name", [b"Cache-Control", b"content-security-policy"])
def test_what_the_app_says_itself_stays_and_is_said_once(name: bytes) -> None:
    headers = answered(b"application/json", own=((name, b"its own"),))
    assert [value for other, value in headers if other.lower() == name.lower()] == [b"its own"]


def test_other_scopes_pass() -> None:
    passed: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        passed.append(scope["type"])

    asyncio.run(Headers(app)({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert passed == ["lifespan"]
