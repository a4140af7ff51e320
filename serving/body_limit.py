"""No request body is read past its limit, or waited for without end."""

from __future__ import annotations

import asyncio
from typing import Final

from features.errors import LimitError
from serving.errors import App, Message, Receive, Scope, Send, body, error_body

_PATIENCE_S: Final = 30


class BodyLimit:
    """ASGI middleware: a body that announces or turns out to be larger than ``most`` bytes is answered with 413."""

    def __init__(self, app: App, most: int) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self.most:
            await self._refuse(send, f"{int(announced):,}")
            return
        read, messages, loop = 0, [], asyncio.get_running_loop()
        deadline = loop.time() + _PATIENCE_S
        # Read to the end here: a refusal must come before the app has begun to answer.
        while True:
            try:
                message = await asyncio.wait_for(receive(), deadline - loop.time())
            except TimeoutError:
                await _answer(send, 408, body("too_slow", f"a request body arrives within {_PATIENCE_S} seconds"))
                return
            messages.append(message)
            read += len(message.get("body", b""))
            if read > self.most:
                await self._refuse(send, "more")
                return
            if not message.get("more_body"):
                break

        async def replay() -> Message:
            return messages.pop(0) if messages else await receive()

        await self.app(scope, replay, send)

    async def _refuse(self, send: Send, got: str) -> None:
        error = LimitError(
            f"a request body has at most {self.most:,} bytes",
            got,
            "send fewer members at a time, or score them with 'tiercast score'",
        )
        await _answer(send, 413, error_body(error))


async def _answer(send: Send, status: int, content: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    # What is still on its way is not read, so the connection cannot be used again.
    headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
