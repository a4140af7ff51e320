"""The retention manager's page: its files as they lie in ``serving/pages``, read once.

They hold nothing but the page itself and need no key; the page asks the other routes for what it shows, with its reader's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Header
from fastapi.responses import Response

_FOLDER: Final = Path(__file__).resolve().parent.parent / "pages"
_KINDS: Final = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
}
_SCRIPTS: Final = (
    *("app", "ask", "charts", "dom", "door", "filters", "glance", "listing", "map", "member"),
    *("panel", "say", "sections", "table", "trouble", "try"),
)
FILES: Final = {
    "/desk": "desk.html",
    **{f"/desk/{name}.js": f"{name}.js" for name in _SCRIPTS},
    **{f"/desk/{name}": name for name in ("desk.css", "member.css", "print.css", "icon.svg", "words.json")},
}
"""Addresses, and the file that each is answered with."""
ADDRESSES: Final = (*FILES, "/desk/")
POLICY: Final = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        # Text never becomes markup, not even by a mistake of ours: the browser refuses innerHTML and its like.
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
)
"""What the page may: its own files and the service's answers, from this address alone."""


def desk_page() -> APIRouter:
    """Routes for the page and its files. They are no part of the API's description."""
    routes = APIRouter()
    for address, name in FILES.items():
        routes.add_api_route(address, _answer(name), methods=["GET"], include_in_schema=False)
    routes.add_api_route("/desk/", _without_slash, methods=["GET"], include_in_schema=False)
    return routes


def same(asked: str | None, tag: str) -> bool:
    """Whether an If-None-Match header names what is there (RFC 9110, 13.1.2: compared weakly).

    >>> same('"a", W/"b"', '"b"'), same("*", '"b"'), same('"a"', '"b"'), same(None, '"b"')
    (True, True, False, False)
    """
    named = [one.strip().removeprefix("W/") for one in (asked or "").split(",")]
    return tag in named or "*" in named


def _answer(name: str) -> Callable[..., Awaitable[Response]]:
    content = (_FOLDER / name).read_bytes()
    tag = f'"{hashlib.sha256(content).hexdigest()[:24]}"'
    # Asked again each time, which costs 304 and no content: after a new release no old file meets a new one.
    headers = {"etag": tag, "cache-control": "no-cache", "content-security-policy": POLICY}
    kind = _KINDS[name.rpartition(".")[2]]

    async def answer(if_none_match: Annotated[str | None, Header()] = None) -> Response:
        if same(if_none_match, tag):
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type=kind)

    return answer


async def _without_slash() -> Response:
    """To where the page's own links are right, whatever the service is mounted below."""
    return Response(status_code=308, headers={"location": "../desk"})
