"""What every answer tells the browser that may be reading it: nothing to run, to frame, to keep or to guess."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from serving.http.answering import Header
from serving.http.errors import App, Message, Receive, Scope, Send

_FOR_ALL: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_CLOSED: Final = b"default-src 'none'; frame-ancestors 'none'"
_PAGE: Final = _CLOSED + b"; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'"
"""For pages of ours: their styles stand in them; there is no script, no picture and no form to allow."""


class Headers:
    """ASGI middleware: security headers on every answer; one that the app has set itself stays.

    Parameters
    ----------
    policies : a Content-Security-Policy by path, for pages that need another one
    """

    def __init__(self, app: App, policies: Mapping[str, str] | None = None) -> None:
        self.app = app
        self.policies = {path: policy.encode() for path, policy in (policies or {}).items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers: list[Header] = list(message.get("headers", ()))
                kind = policy = storing = None
                for name, value in headers:
                    lower = name.lower()
                    if lower == b"content-type":
                        kind = value
                    elif lower == b"content-security-policy":
                        policy = value
                    elif lower == b"cache-control":
                        storing = value
                headers.extend(_FOR_ALL)
                if storing is None:
                    headers.append((b"cache-control", b"no-store"))
                if policy is None:
                    page = kind is not None and kind.startswith(b"text/html")
                    chosen = self.policies.get(scope["path"]) if self.policies else None
                    headers.append((b"content-security-policy", chosen or (_PAGE if page else _CLOSED)))
                message = {**message, "headers": headers}
            await send(message)

        await self.app(scope, receive, with_headers)
