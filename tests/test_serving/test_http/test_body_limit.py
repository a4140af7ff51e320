from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.http.body_limit import WHOLE, BodyLimit
from serving.http.note import note_of

MOST = 100


class Echo:
    """Answers with the body that it was given; remembers whether it was asked."""

    def __init__(self) -> None:
        self.asked = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked = True
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})


def send(parts: Iterable[bytes], announced: str | None = None) -> tuple[httpx.Response, Echo, int]:
    """The answer to a body in parts, the app behind the limit, and how many parts were read."""
    echo, read = Echo(), 0

    async def stream() -> Any:
        nonlocal read
        for part in parts:
            read += 1
            yield part

    async def call() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(BodyLimit(echo, MOST)), base_url="http://test") as client:
            headers = {} if announced is None else {"content-length": announced}
            return await client.post("/", content=stream(), headers=headers)

    return asyncio.run(call()), echo, read


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_a_body_within_the_limit_arrives_as_it_was_and_a_larger_one_never(parts: list[bytes]) -> None:
    answer, echo, _ = send(parts)
    whole = b"".join(parts)
    if len(whole) <= MOST:
        assert (answer.status_code, answer.content) == (200, whole)
    else:
        assert answer.status_code == 413
        assert not echo.asked


def test_exactly_the_limit_is_taken() -> None:
    assert send([b"x" * MOST])[0].status_code == 200
    assert send([b"x" * (MOST + 1)])[0].status_code == 413


def test_an_announced_excess_is_refused_unread() -> None:
    answer, echo, read = send([b"x"] * 5, announced="101")
    assert (answer.status_code, echo.asked, read) == (413, False, 0)
    assert answer.headers["connection"] == "close"
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "details"}
    assert error["code"] == "limit"
    assert "at most 100 bytes; got 101" in error["message"]


def test_an_endless_body_is_left_at_the_limit() -> None:
    answer, echo, read = send(b"x" * 30 for _ in range(10**9))
    assert (answer.status_code, echo.asked) == (413, False)
    assert read <= 5


@pytest.mark.parametrize("announced", ["-5", "many", "", "0"])
def test_an_announcement_that_lies_is_not_believed(announced: str) -> None:
    assert send([b"x" * 60, b"x" * 60], announced)[0].status_code == 413


def come_whole(body: bytes) -> tuple[int, bytes, list[str]]:
    """The answer to a body that came with its head, and what the app received, message by message."""
    received: list[str] = []
    sent: list[dict[str, Any]] = []
    coming = [{"type": "http.request", "body": body, "more_body": False}, {"type": "http.disconnect"}]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        first, then = await receive(), await receive()
        received.extend([first["type"], then["type"]])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": first["body"]})

    async def receive() -> dict[str, Any]:
        return coming.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(BodyLimit(app, MOST)({"type": "http", "method": "POST", "headers": [], WHOLE: True}, receive, send))
    return sent[0]["status"], sent[1]["body"], received


@given(st.binary(max_size=2 * MOST))
def test_a_body_that_came_whole_has_the_same_limit(body: bytes) -> None:
    status, answer, received = come_whole(body)
    if len(body) <= MOST:
        assert (status, answer, received) == (200, body, ["http.request", "http.disconnect"])
    else:
        assert (status, received) == (413, [])


def test_other_scopes_pass() -> None:
    passed: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        passed.append(scope["type"])

    asyncio.run(BodyLimit(app, MOST)({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert passed == ["lifespan"]


async def _hanging() -> dict[str, object]:
    await asyncio.Event().wait()
    raise AssertionError("never reached")


def test_a_body_that_never_comes_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.http.body_limit._GRACE_S", 0.05)
    sent: list[dict[str, object]] = []

    async def app(*_: object) -> None:
        raise AssertionError("a request without a body reached the app")

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    asyncio.run(BodyLimit(app, most=10)({"type": "http", "headers": []}, _hanging, send))
    assert (b"connection", b"close") in sent[0]["headers"]  # type: ignore[operator]
    assert sent[0]["status"] == 408
    assert b'"code":"too_slow"' in sent[1]["body"]


@pytest.mark.parametrize(("pause", "status"), [(0.002, 200), (0.02, 408)])
def test_a_body_that_trickles_is_left(monkeypatch: pytest.MonkeyPatch, pause: float, status: int) -> None:
    """Twenty parts of 4 bytes; at 1,000 bytes a second, one may take 4 ms."""
    monkeypatch.setattr("serving.http.body_limit._GRACE_S", 0.1)
    asked, now, sent = Echo(), [0.0], []
    parts = [b"abcd"] * 20

    async def receive() -> dict[str, object]:
        now[0] += pause
        # The loop's clock goes by what was sent, not by how fast this machine is.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return {"type": "http.request", "body": parts.pop(), "more_body": bool(parts)}

    async def keep(message: dict[str, object]) -> None:
        sent.append(message)

    async def call() -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now[0])
        await BodyLimit(asked, MOST)({"type": "http", "headers": []}, receive, keep)

    asyncio.run(call())
    assert sent[0]["status"] == status
    assert asked.asked == (status == 200)


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS"])
def test_where_no_body_is_announced_none_is_waited_for(method: str) -> None:
    passed: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert receive is _hanging
        passed.append(scope["method"])

    asyncio.run(BodyLimit(app, MOST)({"type": "http", "method": method, "headers": []}, _hanging, None))  # type: ignore[arg-type]
    assert passed == [method]


def test_who_hangs_up_in_the_middle_of_a_body_is_not_answered() -> None:
    echo, sent = Echo(), []
    parts = iter([{"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(parts)

    async def keep(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "headers": [(b"content-length", b"5")]}
    asyncio.run(BodyLimit(echo, MOST)(scope, receive, keep))
    assert (echo.asked, sent, note_of(scope).left) == (False, [], True)


def test_an_announcement_of_any_length_is_a_number() -> None:
    scope = {"type": "http", "method": "POST", "headers": [(b"content-length", b"9" * 5_000)]}
    sent: list[Any] = []

    async def keep(message: Any) -> None:
        sent.append(message)

    asyncio.run(BodyLimit(Echo(), MOST)(scope, None, keep))  # type: ignore[arg-type]
    assert sent[0]["status"] == 413


def test_of_many_bodies_at_a_time_no_more_are_held_than_there_is_room_for() -> None:
    done, there, statuses = asyncio.Event(), [], []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        there.append((await receive())["body"])
        await done.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    limit = BodyLimit(app, MOST)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"a" * MOST, "more_body": False}

    async def keep(message: Any) -> None:
        if "status" in message:
            statuses.append((message["status"], b"retry-after" in dict(message["headers"])))

    async def one() -> None:
        await limit({"type": "http", "method": "POST", "headers": [(b"content-length", b"100")]}, receive, keep)

    async def call() -> None:
        asked = [asyncio.create_task(one()) for _ in range(18)]
        while len(there) + len(statuses) < 18:
            await asyncio.sleep(0)
        assert (len(there), statuses) == (16, [(503, True)] * 2)
        done.set()
        await asyncio.gather(*asked)
        await one()

    asyncio.run(call())
    assert statuses[2:] == [(200, False)] * 17
