"""Answers that a middleware gives by itself, in the one shape."""

from __future__ import annotations

from serving.http.errors import Send, body

Header = tuple[bytes, bytes]


async def refuse(send: Send, status: int, code: str, message: str, *headers: Header) -> None:
    """Answer with an error."""
    await answer(send, status, body(code, message), *headers)


async def answer(send: Send, status: int, content: bytes, *headers: Header) -> None:
    """Answer with JSON."""
    length = str(len(content)).encode()
    start = [(b"content-type", b"application/json"), (b"content-length", length), *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": content})
