"""Requests at a fixed rate, whether or not the earlier ones were answered: callers know nothing of each other.

Latency counts from when a request was due, so that a generator that falls behind cannot hide what callers would have waited
(G. Tene calls the mistake coordinated omission). How late requests were sent is told too: the generator's own part. It asks
the clock without rest, so it needs a core of its own: one that slept for a millisecond between looks would send all that was
due since at once, and measure how long a service takes for such a bunch.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

REFUSED = frozenset({429, 503})
CONNECTIONS = 900
PATIENCE_S = 10.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)


@dataclass
class Outcome:
    """What became of the requests: seconds from due to sent, seconds from due to answered, and how many had no answer."""

    late: list[float] = field(default_factory=list)
    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    sent: int = 0
    broken: int = 0
    unanswered: int = 0


class _Connection(asyncio.Protocol):
    """One keep-alive connection: a request, its answer, the next."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self.due: float | None = None
        self.parts = bytearray()
        self.awaited = 0
        self.status = 0
        self.closes = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.generator.free(self)

    def ask(self, due: float, request: bytes) -> None:
        self.due = due
        self.transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.parts += data
        if not self.awaited:
            end = self.parts.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self.parts[: end + 2])
            length = _LENGTH.search(head)
            self.status, self.closes = int(head[9:12]), bool(_CLOSES.search(head))
            self.awaited = end + 4 + (int(length[1]) if length else 0)
        if len(self.parts) < self.awaited or self.due is None:
            return
        due, self.due, self.awaited = self.due, None, 0
        self.parts.clear()
        self.generator.answered(due, self.status)
        if self.closes:
            self.transport.close()
        else:
            self.generator.free(self)

    def connection_lost(self, _: Exception | None) -> None:
        self.generator.lost(self)


class Generator:
    """Sends requests at a rate over as many connections as it takes, up to ``CONNECTIONS``."""

    def __init__(self, port: int, requests: Sequence[bytes]) -> None:
        self.port = port
        self.requests = requests
        self.outcome = Outcome()
        self._idle: list[_Connection] = []
        self._waiting: deque[float] = deque()
        self._open = 0
        self._at = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, per_s: float, seconds: float) -> Outcome:
        """Send for so long, then wait for what is still to come."""
        began = time.perf_counter()
        end, done = began + seconds, 0
        while (now := time.perf_counter()) < end:
            while began + done / per_s <= now:
                self._send(began + done / per_s)
                done += 1
            await asyncio.sleep(0)
        self.outcome.sent = done
        last = time.perf_counter() + PATIENCE_S
        while self._settled() < done and time.perf_counter() < last:
            await asyncio.sleep(0.05)
        self.outcome.unanswered = done - self._settled()
        return self.outcome

    def free(self, connection: _Connection) -> None:
        """A connection can take a request."""
        if self._waiting:
            self._ask(connection, self._waiting.popleft())
        else:
            self._idle.append(connection)

    def answered(self, due: float, status: int) -> None:
        """A request was answered."""
        taken = time.perf_counter() - due
        self.outcome.statuses[status] = self.outcome.statuses.get(status, 0) + 1
        if status == 200:
            self.outcome.accepted.append(taken)
        elif status in REFUSED:
            self.outcome.refused.append(taken)

    def lost(self, connection: _Connection) -> None:
        """A connection is gone, with the request that it may have had."""
        self._open -= 1
        if connection in self._idle:
            self._idle.remove(connection)
        if connection.due is not None:
            self.outcome.broken += 1
        if self._waiting:
            self._connect()

    def _settled(self) -> int:
        return sum(self.outcome.statuses.values()) + self.outcome.broken

    def _send(self, due: float) -> None:
        if self._idle:
            self._ask(self._idle.pop(), due)
            return
        self._waiting.append(due)
        if self._open < CONNECTIONS:
            self._connect()

    def _ask(self, connection: _Connection, due: float) -> None:
        self._at = (self._at + 1) % len(self.requests)
        self.outcome.late.append(time.perf_counter() - due)
        connection.ask(due, self.requests[self._at])

    def _connect(self) -> None:
        self._open += 1
        task = asyncio.get_running_loop().create_task(self._connected())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connected(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: _Connection(self), "127.0.0.1", self.port)
        except OSError:
            self._open -= 1
            if self._waiting:
                self._waiting.popleft()
                self.outcome.broken += 1


def as_bytes(lines: Sequence[str], path: str, key: str | None) -> list[bytes]:
    """Requests as they go over the wire; a line is a body to POST, or a path to GET."""
    tail = f"host: 127.0.0.1\r\n{f'authorization: Bearer {key}' if key else 'x-no: key'}\r\n"
    return [
        (
            f"GET {line} HTTP/1.1\r\n{tail}\r\n"
            if line.startswith("/")
            else f"POST {path} HTTP/1.1\r\n{tail}content-type: application/json\r\ncontent-length: {len(line)}\r\n\r\n{line}"
        ).encode()
        for line in lines
    ]
