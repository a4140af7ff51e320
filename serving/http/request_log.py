"""One JSON line a request, without anything personal, and a request id on every answer.

A line is made in the event loop (some microseconds) and written by a thread, so that a slow disk or pipe delays no answer.
Where lines come faster than they can be written, the oldest unwritten ones are dropped, and their number is said.
"""

from __future__ import annotations

import atexit
import datetime as dt
import random
import re
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import IO, Any, Final, Literal

import orjson

from serving.desk.metrics import Metrics
from serving.http.errors import App, Message, Receive, Scope, Send
from serving.http.note import Note, note_of
from serving.privacy.pseudonyms import mark

Wanted = Literal["off", "errors", "all"]
_SAFE: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_MOST_UNWRITTEN: Final = 10_000
_EVERY_S: Final = 0.2
_LEFT: Final = 499
"""No answer: the caller hung up before the question was out. By nginx's number for that, which no answer has."""


class Lines:
    """Lines on their way to a stream: kept here, written by a thread that starts with the first one."""

    def __init__(self, stream: Callable[[], IO[str]] = lambda: sys.stderr, most: int = _MOST_UNWRITTEN) -> None:
        self._stream = stream
        self._unwritten: deque[bytes] = deque(maxlen=most)
        self._dropped = 0
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, line: bytes) -> None:
        """Take a line; from one thread only."""
        if len(self._unwritten) == self._unwritten.maxlen:
            self._dropped += 1
        self._unwritten.append(line)
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="tiercast-log", daemon=True)
            self._thread.start()
            atexit.register(self.flush)

    def flush(self) -> None:
        """Write what is there."""
        with self._writing:
            lines = [self._unwritten.popleft() for _ in range(len(self._unwritten))]
            dropped, self._dropped = self._dropped, 0
            if dropped:
                lines.append(orjson.dumps({"time": _now(), "dropped": dropped}))
            if lines:
                stream = self._stream()
                stream.write(b"\n".join(lines).decode() + "\n")
                stream.flush()

    def _watch(self) -> None:
        while True:
            time.sleep(_EVERY_S)
            try:
                self.flush()
            except (OSError, ValueError):  # nobody reads any longer; the service goes on
                self._unwritten.clear()


class RequestLog:
    """ASGI middleware, the outermost: X-Request-ID on every answer, and a line where one is wanted.

    Parameters
    ----------
    wanted : 'off', 'errors' (answers of 400 and above) or 'all'
    salt : key of the members' pseudonyms; with another one, the same member has another
    metrics : counts every answer, with a line or without
    """

    def __init__(
        self, app: App, wanted: Wanted, salt: bytes, lines: Lines | None = None, metrics: Metrics | None = None
    ) -> None:
        self.app = app
        self.metrics = metrics
        self.salt = salt
        self.lines = lines or Lines()
        self._from = {"off": 1000, "errors": 400, "all": 0}[wanted]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        note, begin, status = note_of(scope), time.perf_counter(), 500
        note.request_id = _request_id(scope)
        header = (b"x-request-id", note.request_id.encode())

        async def with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), header]}
            await send(message)

        try:
            await self.app(scope, receive, with_id)
        finally:
            seconds = time.perf_counter() - begin
            status = _LEFT if note.left else status
            if self.metrics is not None:
                self.metrics.request(note.route or "other", scope["method"], status, seconds)
                if note.refused:
                    self.metrics.refusal(note.refused)
            if status >= self._from:
                self.lines.add(self._line(scope, note, status, seconds))

    def _line(self, scope: Scope, note: Note, status: int, seconds: float) -> bytes:
        line: dict[str, Any] = {
            "time": _now(),
            "id": note.request_id,
            "method": scope["method"] if scope["method"] in _METHODS else "other",
            "route": note.route or "other",
            "status": status,
            "ms": round(seconds * 1000, 3),
        }
        if note.key:
            line["key"] = note.key
        if note.members:
            line["members"] = note.members
        if note.member is not None:
            line["member"] = mark(self.salt, note.member)[:8].hex()
        return orjson.dumps(line)


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _SAFE.fullmatch(value):
            text: str = value.decode()
            return text
    return f"{random.getrandbits(64):016x}"


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
