from __future__ import annotations

import asyncio
from typing import Any

import pytest
import uvicorn

from serving.http.connection import Connection
from serving.http.one_write import OneWrite

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


class Wire(asyncio.Transport):
    """Remembers what each call of the system would have sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.sent.append(bytes(data))

    def writelines(self, list_of_data: Any) -> None:
        self.sent.append(b"".join(list_of_data))

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return 7

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return name

    def close(self) -> None:
        self.closed = True


def test_head_and_body_are_one_write() -> None:
    wire = Wire()
    one = OneWrite(wire)
    for body in (b"ok", b"", b"HTTP/1.1 200 is a text\r\n\r\n"):
        one.write(HEAD)
        one.write(body)
    assert wire.sent == [HEAD + b"ok", HEAD, HEAD + b"HTTP/1.1 200 is a text\r\n\r\n"]


def test_what_is_no_head_goes_at_once() -> None:
    wire = Wire()
    one = OneWrite(wire)
    for data in (b"HTTP/1.1 100 Continue\r\n\r\n", HEAD + b"ok", b"more", b"5\r\nchunk\r\n0\r\n\r\n"):
        one.write(data)
        assert wire.sent[-1] == data


@pytest.mark.parametrize("end", ["flush", "close"])
def test_a_head_that_nothing_follows_is_sent(end: str) -> None:
    wire = Wire()
    one = OneWrite(wire)
    one.write(HEAD)
    for _ in range(2):
        getattr(one, end)()
    assert wire.sent == [HEAD]
    assert one.is_closing() == (end == "close")


def test_all_else_is_the_transports_own() -> None:
    one = OneWrite(Wire())
    assert (one.get_write_buffer_size(), one.get_extra_info("peername")) == (7, "peername")


def test_every_kind_of_answer_arrives_whole() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        kind = scope["path"]
        if kind == "/expect":
            await receive()
        status, length = (204, ()) if kind == "/none" else (200, () if kind == "/parts" else ((b"content-length", b"4"),))
        await send({"type": "http.response.start", "status": status, "headers": list(length)})
        if kind == "/parts":
            await send({"type": "http.response.body", "body": b"", "more_body": True})
            await send({"type": "http.response.body", "body": b"wh", "more_body": True})
            await asyncio.sleep(0.01)
            await send({"type": "http.response.body", "body": b"at"})
        else:
            await send({"type": "http.response.body", "body": b"" if kind == "/none" else b"what"})

    asks = {
        b"GET / HTTP/1.1\r\nhost: here\r\n\r\n": b"what",
        b"HEAD / HTTP/1.1\r\nhost: here\r\n\r\n": b"\r\n\r\n",
        b"GET /none HTTP/1.1\r\nhost: here\r\n\r\n": b"\r\n\r\n",
        b"GET /parts HTTP/1.1\r\nhost: here\r\n\r\n": b"2\r\nat\r\n0\r\n\r\n",
        b"POST /expect HTTP/1.1\r\nhost: here\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\n": b"Continue\r\n\r\n",
    }

    async def play() -> None:
        server = uvicorn.Server(uvicorn.Config(app, http=Connection, port=0, log_level="critical", lifespan="off"))
        server.config.load()
        server.lifespan = server.config.lifespan_class(server.config)
        await server.startup()
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for ask, end in asks.items():
                writer.write(ask)
                assert (await asyncio.wait_for(reader.readuntil(end), 5)).startswith(b"HTTP/1.1 ")
            writer.write(b"x")
            assert (await asyncio.wait_for(reader.readuntil(b"what"), 5)).startswith(b"HTTP/1.1 200")
            writer.close()
        finally:
            await server.shutdown()

    asyncio.run(play())
