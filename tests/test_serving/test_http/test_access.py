"""serving/http/access.py: nothing reaches the app that may not, with keys and without."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import ConfigError
from serving.database.engine import open_engine
from serving.database.tables import METADATA
from serving.http.access import Access, check_open, is_loopback, without_keys
from serving.http.note import note_of
from serving.http.permissions import PERMISSIONS, SCOPES
from serving.privacy.keys import Keyring, hash_of, make

LOCAL = {"client": ("127.0.0.1", 5), "server": ("127.0.0.1", 3000)}
Headers = Sequence[tuple[bytes, bytes]]


def ask(
    access: Access, method: str = "POST", path: str = "/v1/forecast", headers: Headers = (), **more: Any
) -> tuple[int, dict[bytes, bytes], Any, dict[str, Any] | None]:
    """Status, headers, body; and the scope that reached the app."""
    sent: list[Any] = []
    reached: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": list(headers), **LOCAL, **more}
    access.app = app
    asyncio.run(access(scope, None, send))  # type: ignore[arg-type]
    body = orjson.loads(sent[1]["body"])
    assert sent[0]["status"] == 200 or set(body) == {"error"}
    return sent[0]["status"], dict(sent[0]["headers"]), body, reached[0] if reached else None


class Ring(Keyring):
    """Keys that are simply there: 'tc_<scope>_secret' has that scope alone."""

    def __init__(self, *scopes: str) -> None:
        super().__init__(None)  # type: ignore[arg-type]
        from serving.privacy.keys import Key

        self._keys = {scope: Key(scope, scope, frozenset({scope}), hash_of("secret")) for scope in scopes}


RING = Ring(*SCOPES)


def with_keys() -> Access:
    return Access(None, RING)  # type: ignore[arg-type]


def without() -> Access:
    return Access(None, None)  # type: ignore[arg-type]


def bearer(scope: str, kind: str = "Bearer") -> Headers:
    return [(b"authorization", f"{kind} tc_{scope}_secret".encode())]


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(("method", "path"), PERMISSIONS)
def test_each_route_is_reached_with_its_scopes_and_no_other(method: str, path: str, scope: str) -> None:
    needed = PERMISSIONS[method, path]
    status, headers, body, reached = ask(with_keys(), method, path, bearer(scope))
    if needed.open or scope in needed.scopes:
        assert status == 200
        assert reached is not None
        assert note_of(reached).route == needed.template
        assert note_of(reached).key == ("" if needed.open else scope)
    else:
        assert (status, reached) == (403, None)
        assert body["error"]["code"] == "missing_scope"
        assert all(name in body["error"]["message"] for name in needed.scopes)
        assert b'error="insufficient_scope"' in headers[b"www-authenticate"]


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"authorization", b"")],
        [(b"authorization", b"Bearer")],
        [(b"authorization", b"Bearer  ")],
        [(b"authorization", b"Basic dGM6c2VjcmV0")],
        [*bearer("forecast"), *bearer("forecast")],
        [(b"x-api-key", b"tc_forecast_secret")],
    ],
)
def test_without_a_key_nothing_is_reached_and_it_is_said_how(headers: Headers) -> None:
    status, answered, body, reached = ask(with_keys(), headers=headers)
    assert (status, body["error"]["code"], reached) == (401, "no_key", None)
    assert answered[b"www-authenticate"] == b'Bearer realm="tiercast"'


@given(st.binary(max_size=60).filter(lambda raw: raw.strip() not in {b"", b"tc_forecast_secret"}))
def test_no_other_text_is_a_key(raw: bytes) -> None:
    status, answered, _, reached = ask(with_keys(), headers=[(b"authorization", b"Bearer " + raw)])
    assert (status, reached) == (401, None)
    assert answered[b"www-authenticate"].startswith(b"Bearer")


def test_the_word_bearer_may_be_written_small() -> None:
    assert ask(with_keys(), headers=bearer("forecast", "bearer"))[0] == 200


def test_what_is_no_route_is_answered_to_those_with_a_key_alone() -> None:
    assert ask(with_keys(), "GET", "/v2/secret")[0] == 401
    assert ask(with_keys(), "GET", "/v2/secret", bearer("desk"))[0] == 404
    status, headers, _, reached = ask(with_keys(), "PUT", "/v1/members/7", bearer("admin"))
    assert (status, headers[b"allow"], reached) == (405, b"GET, DELETE", None)


@pytest.mark.parametrize(("root", "path"), [("/shop", "/shop/v1/members/7"), ("", "/v1/members/7"), ("/s", "/v1/members/7")])
def test_a_mounted_service_asks_for_the_same_scopes(root: str, path: str) -> None:
    assert ask(with_keys(), "DELETE", path, bearer("desk"), root_path=root)[0] == 403
    assert ask(with_keys(), "DELETE", path, bearer("admin"), root_path=root)[0] == 200


def test_before_the_keys_are_known_nobody_is_let_in(tmp_path: Path) -> None:
    ring = Keyring(open_engine(f"sqlite:///{tmp_path / 'none.sqlite'}"), every_s=60)
    status, headers, body, reached = ask(Access(None, ring), headers=bearer("forecast"))  # type: ignore[arg-type]
    assert (status, body["error"]["code"], reached) == (503, "keys_away", None)
    assert headers[b"retry-after"] == b"5"
    ring.stop()


def test_keys_are_read_when_the_service_starts(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'store.sqlite'}")
    METADATA.create_all(engine)
    _, text = make(engine, "shop", ["forecast"])
    ring = Keyring(engine, every_s=60)
    passed = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        passed.append(scope["type"])

    asyncio.run(Access(app, ring)({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert passed == ["lifespan"]
    assert ring.known
    assert ask(Access(app, ring), headers=[(b"authorization", b"Bearer " + text.encode())])[0] == 200
    ring.stop()


@pytest.mark.parametrize(
    "more",
    [
        {"client": ("::1", 5), "server": ("::1", 3000)},
        {"headers": [(b"host", b"localhost:3000")]},
        {"headers": [(b"host", b"[::1]:3000")]},
        {"headers": [(b"host", b"127.0.0.1:3000"), (b"origin", b"http://localhost:8080")]},
    ],
)
def test_without_keys_this_machine_is_answered(more: dict[str, Any]) -> None:
    assert ask(without(), **more)[0] == 200


@pytest.mark.parametrize(
    "more",
    [
        {"client": ("10.0.0.7", 5)},
        {"server": ("192.168.1.2", 3000)},
        {"client": None},
        {"server": ("/run/tiercast.sock", None)},
        {"headers": [(b"x-forwarded-for", b"127.0.0.1")]},
        {"headers": [(b"forwarded", b"for=127.0.0.1")]},
        {"headers": [(b"x-real-ip", b"127.0.0.1")]},
        {"headers": [(b"host", b"rebound.example:3000")]},
        {"headers": [(b"host", b"127.0.0.1.example")]},
        {"headers": [(b"host", b"[::1")]},
        {"headers": [(b"host", b"\xff")]},
        {"headers": [(b"origin", b"https://page.example")]},
        {"headers": [(b"origin", b"null")]},
    ],
)
@pytest.mark.parametrize("path", ["/v1/forecast", "/livez", "/else"])
def test_without_keys_nobody_else_is_answered(more: dict[str, Any], path: str) -> None:
    status, _, body, reached = ask(without(), "GET" if path == "/livez" else "POST", path, **more)
    assert (status, body["error"]["code"], reached) == (403, "not_local", None)
    assert "10.0.0.7" not in body["error"]["message"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "::1"])
def test_loopback_hosts_may_go_without_keys(host: str) -> None:
    check_open(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.1.1.1", "shop.example", "::ffff:10.0.0.1", "localhost.example"])
def test_other_hosts_may_not(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(ConfigError, match="only this machine is served"):
        check_open(host)


def test_a_setting_that_is_neither_is_refused() -> None:
    assert not without_keys({"TIERCAST_WITHOUT_KEYS": "0"})
    with pytest.raises(ConfigError, match="1 or 0; got 'yes'"):
        without_keys({"TIERCAST_WITHOUT_KEYS": "yes"})
