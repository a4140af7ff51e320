"""No request body is read past its limit, or waited for without end."""

from __future__ import annotations

import asyncio
from typing import Final

from features.errors import LimitError
from serving.http.answering import answer
from serving.http.errors import App, Message, Receive, Scope, Send, body, error_body
from serving.http.note import note_of

_PATIENCE_S: Final = 30.0
_GRACE_S: Final = 5.0
_BYTES_A_SECOND: Final = 1_000
_MOST_DIGITS: Final = 18
_BODILESS: Final = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
# What is still on its way is not read, so the connection cannot be used again.
_CLOSE: Final = (b"connection", b"close")
WHOLE: Final = "tiercast.whole"
"""In the scope of a request whose body came with its head, as most do: there is nothing to wait for, and no time to keep."""


class BodyLimit:
    """ASGI middleware: a body that announces or turns out to be larger than ``most`` bytes is answered with 413.

    One that comes slower than a kilobyte a second after the first five, or takes more than 30 in all, is answered with 408.
    """

    def __init__(self, app: App, most: int) -> None:
        self.app = app
        self.most = most

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
        messages: list[Message] = []
        # Read to the end here: a refusal must come before the app has begun to answer.
        if WHOLE in scope:
            messages.append(await receive())
        elif not await self._read(receive, messages):
            rule = f"a request body arrives within {_PATIENCE_S:g} seconds, and {_BYTES_A_SECOND:,} bytes in each"
            await answer(send, 408, body("too_slow", rule), _CLOSE)
            return
        if messages[-1]["type"] == "http.disconnect":  # who asked has left before the question was out
            note_of(scope).left = True
            return
        if _size(messages) > self.most:
            await self._refuse(send, "more")
            return

        async def replay() -> Message:
            return messages.pop(0) if messages else await receive()

        await self.app(scope, replay, send)

    async def _read(self, receive: Receive, messages: list[Message]) -> bool:
        """Whether a body came in time, to its end or past the limit."""
        loop, read = asyncio.get_running_loop(), 0
        begin = loop.time()
        try:
            async with asyncio.timeout_at(begin + min(_GRACE_S, _PATIENCE_S)) as patience:
                while True:
                    message = await receive()
                    messages.append(message)
                    read += _size([message])
                    if read > self.most or not message.get("more_body"):
                        return True
                    patience.reschedule(begin + min(_GRACE_S + read / _BYTES_A_SECOND, _PATIENCE_S))
        except TimeoutError:
            return False

    async def _refuse(self, send: Send, got: str) -> None:
        error = LimitError(
            f"a request body has at most {self.most:,} bytes",
            got,
            "send fewer members at a time, or score them with 'tiercast score'",
        )
        await answer(send, 413, error_body(error), _CLOSE)


def _size(messages: list[Message]) -> int:
    return sum(len(message.get("body", b"")) for message in messages)
