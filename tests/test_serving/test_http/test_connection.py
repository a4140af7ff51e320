"""serving/http/connection.py under a real uvicorn, on a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
import uvicorn

from serving.http import connection
from serving.http.body_limit import WHOLE
from serving.http.connection import Connection

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
ASK = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n"


async def app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def talk(*talks: Talk, protocol: type[Connection] = Connection, answered: Any = app) -> None:
    """Open a connection for each, to one server."""

    async def play() -> None:
        config = uvicorn.Config(answered, http=protocol, port=0, log_level="critical", lifespan="off", timeout_keep_alive=30)
        server = uvicorn.Server(config)
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup()
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            for one in talks:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.wait_for(one(reader, writer), 10)
                writer.close()
        finally:
            await server.shutdown()

    asyncio.run(play())


async def answer_to(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return head + await reader.readexactly(length)


def test_requests_are_answered_one_after_another_also_in_pieces() -> None:
    async def whole(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            writer.write(ASK)
            assert (await answer_to(reader)).endswith(b"ok")

    async def pieces(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            for i in range(0, len(ASK), 7):
                writer.write(ASK[i : i + 7])
                await writer.drain()
                await asyncio.sleep(0.001)
            assert (await answer_to(reader)).endswith(b"ok")

    async def at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ASK * 3)
        for _ in range(3):
            assert (await answer_to(reader)).endswith(b"ok")

    talk(whole, pieces, at_once)


def test_a_body_that_comes_with_its_head_is_known_to_be_there() -> None:
    seen: list[bool] = []

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        seen.append(WHOLE in scope)
        while (await receive())["more_body"]:
            pass
        await app(scope, receive, send)

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 4\r\n\r\n"
        writer.write(head + b"body")
        assert (await answer_to(reader)).endswith(b"ok")
        writer.write(head + b"bo")
        while len(seen) < 2:
            await asyncio.sleep(0.01)
        writer.write(b"dy")
        assert (await answer_to(reader)).endswith(b"ok")

    talk(ask, answered=noting)
    assert seen == [True, False]


def test_headers_without_end_are_refused() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ASK[:-2])
        sent = 0
        try:
            for i in range(2000):
                writer.write(b"x-%d: " % i + b"a" * 1000 + b"\r\n")
                sent += 1000
                await writer.drain()
                await asyncio.sleep(0)
                if reader._buffer or reader.at_eof():  # type: ignore[attr-defined]
                    break
        except ConnectionError:
            pass
        assert sent < 1_500_000

    async def in_measure(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ASK[:-2] + b"x: " + b"a" * 60_000 + b"\r\n\r\n")
        assert (await answer_to(reader)).endswith(b"ok")

    async def just_too_many(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ASK[:-2] + b"x: " + b"a" * 70_000)
        answer = await answer_to(reader)
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert b'"code":"large_headers"' in answer
        assert await reader.read() == b""

    talk(endless, in_measure, just_too_many)


def test_a_head_that_does_not_end_in_time_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_S", 0.5)  # long enough for a busy machine to read the beginning of a head

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ASK[:-2])
        assert (await answer_to(reader)).startswith(b"HTTP/1.1 408 ")
        assert await reader.read() == b""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.read() == b""

    talk(slow, silent)


def test_a_second_head_has_a_time_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow_the_second_time(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ASK)
        assert (await answer_to(reader)).endswith(b"ok")
        monkeypatch.setattr(connection, "HEAD_S", 0.1)
        await asyncio.sleep(0.3)  # idle in between is another matter
        writer.write(ASK[:5])
        assert (await answer_to(reader)).startswith(b"HTTP/1.1 408 ")

    talk(slow_the_second_time)


class Shut:
    """As much of a door as a connection asks."""

    def __init__(self) -> None:
        self.gate, self.full, self.counted = self, True, 0

    def count(self) -> None:
        self.counted += 1


POST = b"POST /v1/forecast HTTP/1.1\r\nhost: here\r\ncontent-length: 6\r\n\r\nabcdef"


def behind(door: Shut) -> type[Connection]:
    return Connection.behind(door)  # type: ignore[arg-type]


def test_while_the_door_is_shut_requests_are_refused_before_they_are_any() -> None:
    door = Shut()

    async def kept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for at in (len(POST), 20, len(POST) - 3):
            writer.write(POST[:at])
            await writer.drain()
            await asyncio.sleep(0.001)
            writer.write(POST[at:])
            answer = await answer_to(reader)
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"retry-after: " in answer
        door.full = False
        writer.write(POST)
        assert (await answer_to(reader)).endswith(b"ok")
        door.full = True

    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ASK.replace(b"/ ", b"/readyz ", 1))
        assert (await answer_to(reader)).endswith(b"ok")
        writer.write(POST.replace(b"host:", b"expect: 100-continue\r\nhost:"))  # waits for a word before its body
        assert (await answer_to(reader)).endswith(b"ok")

    async def closed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(POST.replace(b"host:", b"connection: close\r\nhost:"))
        assert (await answer_to(reader)).startswith(b"HTTP/1.1 503 ")
        assert await reader.read() == b""

    talk(kept, passed, closed, protocol=behind(door))
    assert door.counted == 4


def test_a_long_body_that_nobody_reads_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "UNREAD_BYTES", 1_000)

    async def long(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(POST.replace(b"content-length: 6", b"content-length: 90000") + b"x" * 5_000)
        assert await reader.read() == b""

    talk(long, protocol=behind(Shut()))


def test_nobody_holds_a_connection_without_asking_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_S", 0.5)

    async def empty_lines(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\r\n")
        assert await reader.read() == b""

    async def empty_lines_after_an_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ASK)
        await answer_to(reader)
        writer.write(b"\r\n")
        assert await reader.read() == b""

    async def a_body_that_has_its_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(POST[:-6])
        await answer_to(reader)
        writer.write(b"a")  # and no more
        assert await reader.read() == b""

    async def idle_after_such_a_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(POST[:-6])
        await answer_to(reader)
        writer.write(b"abcdef" + ASK)
        assert (await answer_to(reader)).endswith(b"ok")
        writer.write(POST[:-6])
        await answer_to(reader)
        writer.write(b"abcdef")
        assert await reader.read() == b""

    talk(empty_lines, empty_lines_after_an_answer, a_body_that_has_its_answer, idle_after_such_a_body)


def test_a_long_body_that_has_its_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "UNREAD_BYTES", 1_000)

    async def long(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(POST[:-6].replace(b"content-length: 6", b"content-length: 90000"))
        assert (await answer_to(reader)).endswith(b"ok")
        writer.write(b"x" * 5_000)
        assert await reader.read() == b""

    talk(long)


def test_what_follows_a_chunked_body_has_an_end() -> None:
    read = b""

    async def reading(scope: Any, receive: Any, send: Any) -> None:
        nonlocal read
        while (message := await receive())["type"] == "http.request":
            read += message["body"]
            if not message["more_body"]:
                await app(scope, receive, send)
                return

    chunked = ASK[:-2].replace(b"GET", b"POST") + b"transfer-encoding: chunked\r\n\r\n"
    parts = b"".join(b"1;%b\r\na\r\n" % (b"e" * 5_000) for _ in range(30))

    async def trailers_without_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(chunked + b"1\r\na\r\n0\r\n")
        sent = 0
        with suppress(ConnectionError):
            while sent < 500:
                sent += 1
                writer.write(b"x: y\r\n" * 1_000)
                await writer.drain()
                await asyncio.sleep(0.001)
        assert sent < 400

    async def in_measure(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for i in range(0, len(parts), 9_000):
            writer.write((chunked if i == 0 else b"") + parts[i : i + 9_000])
            await writer.drain()
            await asyncio.sleep(0.001)
        writer.write(b"0\r\nx: y\r\n\r\n")
        assert (await answer_to(reader)).endswith(b"ok")

    talk(trailers_without_end, answered=reading)
    read = b""
    talk(in_measure, answered=reading)
    assert read == b"a" * 30


def test_requests_come_not_far_ahead_of_their_answers() -> None:
    async def far(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(POST + ASK * (connection.MOST_AHEAD + 2))
        with suppress(ConnectionError):
            assert len(await reader.read()) < 100 * connection.MOST_AHEAD

    async def a_few(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ASK * connection.MOST_AHEAD)
        for _ in range(connection.MOST_AHEAD):
            assert (await answer_to(reader)).endswith(b"ok")

    talk(far, a_few)


def test_an_answer_that_nobody_takes_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "TAKE_S", 0.1)
    size = 16_000_000

    async def large(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]})
        await send({"type": "http.response.body", "body": b"a" * size})

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(ASK)
        await asyncio.sleep(0.5)
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        with suppress(ConnectionError):
            assert len(await reader.read()) < size

    async def steadily(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ASK)
        await reader.readuntil(b"\r\n\r\n")
        left = size
        while left:
            left -= len(await reader.read(1_000_000))
            await asyncio.sleep(0.003)

    talk(never, steadily, answered=large)


def test_what_is_no_http_is_refused_in_the_one_shape_and_in_nobody_elses_place() -> None:
    async def late(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.05)
        await app(scope, receive, send)

    async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"garbage\r\n\r\n")
        answer = await answer_to(reader)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b'{"error":{"code":"bad_request"' in answer
        assert await reader.read() == b""

    async def twice_as_long(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(POST.replace(b"content-length: 6", b"content-length: 6\r\ncontent-length: 7"))
        assert (await answer_to(reader)).startswith(b"HTTP/1.1 400 ")

    async def behind_another(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ASK + b"garbage\r\n\r\n")
        assert await reader.read() == b""  # not taken for the answer to the first

    talk(garbage, twice_as_long, behind_another, answered=late)
