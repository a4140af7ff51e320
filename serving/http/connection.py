"""Connections that send a request's head in time and in measure, or are closed.

uvicorn's protocol over httptools waits for a head without end and keeps as much of it as comes; its time limit for idle
connections begins with the first answer. So one client could hold any number of connections, and any amount of memory.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serving.http.body_limit import WHOLE
from serving.http.door import REFUSAL, Door
from serving.http.errors import body

HEAD_S: Final = 10.0
HEAD_BYTES: Final = 64 * 1024
UNREAD_BYTES: Final = 1_000_000


class Connection(HttpToolsProtocol):
    """uvicorn's, with a limit of 10 seconds and about 64 kB for the request line and all headers.

    A head that is complete with the first bytes, as nearly all are, costs nothing more. For ``uvicorn.Config(http=...)``.

    With a ``door`` (``behind``), whoever would be refused there is refused here, before a task is made of the request.
    At twice the load most of the work is refusals.
    """

    door: ClassVar[Door | None] = None
    _sent_away = False
    _unread = 0
    _timer: asyncio.TimerHandle | None = None
    _in_head = False
    _head_bytes = 0

    @classmethod
    def behind(cls, door: Door) -> type[Connection]:
        """The protocol of a service with a door."""
        return type("Connection", (cls,), {"door": door})

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._wait_no_longer()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Count a new head."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is there; while the door is shut, nothing is made of it."""
        self._in_head = False
        self._sent_away = self.door is not None and self.door.gate.full and self._can_be_sent_away()
        self._unread = 0
        if not self._sent_away:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """More of a body, which of whoever is sent away nobody reads, and nobody waits for the end of if it is long."""
        if not self._sent_away:
            super().on_body(body)
            return
        self._unread += len(body)
        if self._unread > UNREAD_BYTES:
            self.transport.close()

    def on_message_complete(self) -> None:
        """A whole request is there, or has passed unread."""
        if not self._sent_away:
            super().on_message_complete()
            self.scope[WHOLE] = True  # type: ignore[typeddict-unknown-key]
            return
        self._sent_away = False
        assert self.door is not None
        self.door.count()
        self.transport.write(REFUSAL)
        self._unset_keepalive_if_required()
        if self.parser.should_keep_alive():
            self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
        else:
            self.transport.close()

    def _can_be_sent_away(self) -> bool:
        """Whether a refusal is the next thing that the other side waits for, and would be read."""
        alone = self.cycle is None or self.cycle.response_complete
        plain = not self.expect_100_continue and not self.parser.should_upgrade()
        return alone and plain and b"/v1/" in self.url

    def data_received(self, data: bytes) -> None:
        """Parse; then see whether the head is there."""
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self._refuse(431, f"a request's headers have at most {HEAD_BYTES:,} bytes in all")
            elif self._timer is None:
                self._wait()
        elif self._timer is not None:
            self._wait_no_longer()

    def _wait(self) -> None:
        self._timer = self.loop.call_later(HEAD_S, self._too_slow)

    def _wait_no_longer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if self._in_head:
            self._refuse(408, f"a request's headers arrive within {HEAD_S:g} seconds")
        elif not self.transport.is_closing():
            self.transport.close()

    def _refuse(self, status: int, rule: str) -> None:
        self._wait_no_longer()
        self._in_head = False
        transport: Any = self.transport
        if transport.is_closing():
            return
        # An answer now would be taken for that to an earlier request which is still being worked on.
        if self.cycle is None or self.cycle.response_complete:
            phrase = {408: "Request Timeout", 431: "Request Header Fields Too Large"}[status]
            content = body("too_slow" if status == 408 else "large_headers", rule)
            head = f"HTTP/1.1 {status} {phrase}\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n"
            transport.write(f"{head}connection: close\r\n\r\n".encode() + content)
        transport.close()
