"""The door before everything else: while requests come faster than they can be answered, most are sent away unread.

A refusal that passes through keys, limits and log costs two thirds of an answer, and at twice the load nothing would be left
for answers.
"""

from __future__ import annotations

from typing import Final

from features.errors import OverloadError
from serving.desk.metrics import Metrics
from serving.http.errors import App, Receive, Scope, Send, error_body, headers_of
from serving.http.gate import Gate

_ERROR: Final = OverloadError("this service takes requests no faster than they can be answered")
_BODY: Final = error_body(_ERROR)
_HEADERS: Final = [
    (b"content-type", b"application/json"),
    (b"content-length", str(len(_BODY)).encode()),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    *((name.encode(), value.encode()) for name, value in headers_of(_ERROR).items()),
]


REFUSAL: Final = b"HTTP/1.1 503 Service Unavailable\r\n%b\r\n%b" % (
    b"".join(b"%b: %b\r\n" % header for header in _HEADERS),
    _BODY,
)
"""The same as bytes on the wire."""


class Door:
    """ASGI middleware, the outermost: 503 at once to requests for forecasts while the gate has enough to do.

    They are counted, and not logged: a line for each would be one more thing to do.
    """

    def __init__(self, app: App, gate: Gate, metrics: Metrics) -> None:
        self.app = app
        self.gate = gate
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and self.gate.full and "/v1/" in scope["path"]:
            self.count()
            await send({"type": "http.response.start", "status": 503, "headers": list(_HEADERS)})
            await send({"type": "http.response.body", "body": _BODY})
            return
        await self.app(scope, receive, send)

    def count(self) -> None:
        """One more was sent away."""
        self.gate.refused += 1
        self.metrics.refusal("overload")
