"""Connections that send a request in time and in measure, and take its answer, or are closed.

uvicorn's protocol over httptools waits for a head without end and keeps as much of it as comes, and of what may follow a
chunked body; its time limit for idle connections begins with an answer and ends with the next byte, whatever that is;
requests sent ahead of the answers to others are kept in any number, and an answer that nobody takes is held for ever. So one
client could hold any number of connections, and any amount of memory.
"""

from __future__ import annotations

import asyncio
import math
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serving.http.body_limit import WHOLE
from serving.http.door import REFUSAL, Door
from serving.http.errors import body
from serving.http.one_write import OneWrite

HEAD_S: Final = 10.0
HEAD_BYTES: Final = 64 * 1024
UNREAD_BYTES: Final = 1_000_000
MOST_AHEAD: Final = 64
"""Requests sent ahead of the answers to those before them."""
TAKE_S: Final = 30.0
TAKE_BYTES_A_SECOND: Final = 1_000
"""Who takes less of an answer in so many seconds is waited for no longer."""
_REFUSALS: Final = {
    400: ("Bad Request", "bad_request"),
    408: ("Request Timeout", "too_slow"),
    431: ("Request Header Fields Too Large", "large_headers"),
}


class Connection(HttpToolsProtocol):
    """uvicorn's, with a limit of 10 seconds and about 64 kB for the request line and all headers, and 10 seconds for
    whatever else comes while no answer is being made.

    A head that is complete with the first bytes, as nearly all are, costs nothing more. For ``uvicorn.Config(http=...)``.

    With a ``door`` (``behind``), whoever would be refused there is refused here, before a task is made of the request.
    At twice the load most of the work is refusals.
    """

    door: ClassVar[Door | None] = None
    _sent_away = False
    _unread = 0
    _timer: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None
    _in_head = False
    _in_body = False
    _body_came = False
    _head_bytes = 0
    """Of the head; of a body, since its last part: what frames it, and what follows it."""

    @classmethod
    def behind(cls, door: Door) -> type[Connection]:
        """The protocol of a service with a door."""
        return type("Connection", (cls,), {"door": door})

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        self._one_write = OneWrite(transport)
        super().connection_made(self._one_write)  # type: ignore[arg-type]
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._wait_no_longer()
        self._is_taken()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """An answer is whole."""
        self._one_write.flush()
        super().on_response_complete()

    def on_message_begin(self) -> None:
        """Count a new head."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is there; while the door is shut, nothing is made of it."""
        self._in_head, self._in_body = False, True
        if self._timer is not None:
            self._wait_no_longer()
        self._sent_away = self.door is not None and self.door.gate.full and self._can_be_sent_away()
        self._unread = self._head_bytes = 0
        if len(self.pipeline) >= MOST_AHEAD:
            self._sent_away = True
            self.transport.close()
        if not self._sent_away:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """More of a body. Of whoever has an answer already nobody reads it, nor waits for its end if it is long."""
        self._body_came = True
        if not self._sent_away and not self.cycle.response_complete:
            super().on_body(body)
        else:
            self._unread += len(body)
            if self._unread > UNREAD_BYTES:
                self.transport.close()

    def on_message_complete(self) -> None:
        """A whole request is there, or has passed unread."""
        self._in_body = False
        if not self._sent_away:
            super().on_message_complete()
            self.scope[WHOLE] = True  # type: ignore[typeddict-unknown-key]
            return
        self._sent_away = False
        if self.transport.is_closing():
            return
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
        """Parse; then see whether something is still to come, and whether it is waited for."""
        super().data_received(data)
        if self._in_head or self._in_body:
            self._count(len(data))
        if self._timer is None and (self._in_head or self.cycle is None or self.cycle.response_complete):
            self._wait()

    def _count(self, size: int) -> None:
        if self._body_came:
            self._body_came, self._head_bytes = False, 0
            return
        self._head_bytes += size
        if self._head_bytes > HEAD_BYTES and self._in_head:
            self._refuse(431, f"a request's headers have at most {HEAD_BYTES:,} bytes in all")
        elif self._head_bytes > HEAD_BYTES:
            self.transport.close()

    def pause_writing(self) -> None:
        """The client does not take its answer as fast as it is written; wait, but not without end."""
        super().pause_writing()
        self._wait_to_be_taken()

    def resume_writing(self) -> None:
        """It has taken it."""
        super().resume_writing()
        self._is_taken()

    def _wait_to_be_taken(self, before: float = math.inf) -> None:
        left: float = self.transport.get_write_buffer_size()
        if left > before - TAKE_S * TAKE_BYTES_A_SECOND:
            self.transport.abort()
        else:
            self._taking = self.loop.call_later(TAKE_S, self._wait_to_be_taken, left)

    def _is_taken(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    def send_400_response(self, _: str) -> None:
        """What came is no HTTP; said in the one shape, unless somebody else's answer is still to come."""
        self._refuse(400, "a request is HTTP/1.1 as RFC 9112 has it; this one cannot be read")

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
            phrase, code = _REFUSALS[status]
            content = body(code, rule)
            head = f"HTTP/1.1 {status} {phrase}\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n"
            transport.write(f"{head}connection: close\r\n\r\n".encode() + content)
        transport.close()
