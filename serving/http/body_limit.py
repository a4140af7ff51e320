"""No request body is read past its limit, or waited for without end."""

from __future__ import annotations

import asyncio
from typing import Final

from features.errors import LimitError, OverloadError
from serving.http.answering import answer
from serving.http.errors import App, Message, Receive, Scope, Send, error_body
from serving.http.errors import body as body_of
from serving.http.note import note_of

_PATIENCE_S: Final = 30.0
_GRACE_S: Final = 5.0
_BYTES_A_SECOND: Final = 1_000
_MOST_DIGITS: Final = 18
_MOST_HELD: Final = 16
"""Of the largest bodies at a time, in all."""
_BODILESS: Final = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
# What is still on its way is not read, so the connection cannot be used again.
_CLOSE: Final = (b"connection", b"close")
WHOLE: Final = "tiercast.whole"
"""In the scope of a request whose body came with its head, as most do: there is nothing to wait for, and no time to keep."""


class _Body:
    """What has been read of a body. ``left``: whoever asked has, before the question was out; ``more`` is to come."""

    def __init__(self) -> None:
        self.size = 0
        self.left = False
        self.more = True
        self._messages: list[Message] = []

    def add(self, message: Message) -> int:
        """Take a part; its size."""
        size = len(message.get("body", b""))
        self._messages.append(message)
        self.size += size
        self.left = message["type"] == "http.disconnect"
        self.more = message.get("more_body", False)
        return size

    def replayed(self, receive: Receive) -> Receive:
        """What gives its parts once more, then whatever comes after them."""

        async def replay() -> Message:
            return self._messages.pop(0) if self._messages else await receive()

        return replay


class BodyLimit:
    """ASGI middleware: a body that announces or turns out to be larger than ``most`` bytes is answered with 413.

    One that comes slower than a kilobyte a second after the first five, or takes more than 30 in all, is answered with 408.
    While bodies of sixteen times that size are held, being read or answered, further ones are answered with 503.
    """

    def __init__(self, app: App, most: int) -> None:
        self.app = app
        self.most = most
        self.most_held = _MOST_HELD * most
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced, chunked = b"", False
        for name, value in scope["headers"]:
            if name == b"content-length":
                announced = value
            elif name == b"transfer-encoding":
                chunked = True
        if announced.isdigit() and (len(announced) > _MOST_DIGITS or int(announced) > self.most):
            await self._refuse(send, "more" if len(announced) > _MOST_DIGITS else f"{int(announced):,}")
            return
        if not announced and not chunked and scope.get("method") in _BODILESS:  # nothing to wait for
            await self.app(scope, receive, send)
            return
        body = _Body()
        try:
            # Read to the end here: a refusal must come before the app has begun to answer.
            if await self._read(scope, body, receive, send):
                await self.app(scope, body.replayed(receive), send)
        finally:
            self._held -= body.size

    async def _read(self, scope: Scope, body: _Body, receive: Receive, send: Send) -> bool:
        """Whether a body is there; if not, that has been answered, or nobody waits for an answer."""
        if WHOLE in scope:
            self._held += body.add(await receive())
        elif not await self._wait(body, receive):
            rule = f"a request body arrives within {_PATIENCE_S:g} seconds, and {_BYTES_A_SECOND:,} bytes in each"
            await answer(send, 408, body_of("too_slow", rule), _CLOSE)
            return False
        if body.left:
            note_of(scope).left = True
            return False
        if body.size > self.most:
            await self._refuse(send, "more")
            return False
        if self._held > self.most_held:
            note_of(scope).refused = "overload"
            error = OverloadError(f"this service holds request bodies of {self.most_held:,} bytes in all")
            later = (b"retry-after", str(error.retry_after_s).encode())
            await answer(send, 503, error_body(error), later, _CLOSE)
            return False
        return True

    async def _wait(self, body: _Body, receive: Receive) -> bool:
        """Whether a body came in time: to its end, or as far as it is read."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        try:
            async with asyncio.timeout_at(begin + min(_GRACE_S, _PATIENCE_S)) as patience:
                while body.more and body.size <= self.most and self._held <= self.most_held:
                    self._held += body.add(await receive())
                    patience.reschedule(begin + min(_GRACE_S + body.size / _BYTES_A_SECOND, _PATIENCE_S))
        except TimeoutError:
            return False
        return True

    async def _refuse(self, send: Send, got: str) -> None:
        error = LimitError(
            f"a request body has at most {self.most:,} bytes",
            got,
            "send fewer members at a time, or score them with 'tiercast score'",
        )
        await answer(send, 413, error_body(error), _CLOSE)
