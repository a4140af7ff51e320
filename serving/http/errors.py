"""Errors → HTTP: a status and one body shape, whichever layer of the service they come from."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import orjson

from features.errors import (
    ConflictError,
    InputError,
    LimitError,
    NoModelError,
    NotFoundError,
    OverloadError,
    StoreError,
    TiercastError,
)

_LOG = logging.getLogger("tiercast.service")
_STATUS: Final[tuple[tuple[type[TiercastError], int], ...]] = (
    (NoModelError, 503),
    (StoreError, 503),
    (OverloadError, 503),
    (NotFoundError, 404),
    (ConflictError, 409),
    (LimitError, 413),
    (InputError, 409),
    (TiercastError, 500),
)
_AWAY_S: Final = 2
"""After which a database that was away, or a first batch, is looked for again."""
_AWAY: Final = "the service's database does not answer just now; ask again in a few seconds"
_MOST_DETAILS: Final = 20
_MOST_PLACE: Final = 60

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def status_of(error: TiercastError) -> int:
    """The status that an error is answered with: 4xx where the caller can mend it.

    What breaks the description of the request is 422 (``validation_body``); what follows it and does not fit the model or
    the store in place, as a date before its own does, is 409.

    >>> from features.errors import UnknownMemberError
    >>> status_of(UnknownMemberError(1))
    404
    """
    return next(status for kind, status in _STATUS if isinstance(error, kind))


def headers_of(error: TiercastError) -> dict[str, str]:
    """When to ask again, where that helps.

    >>> from features.errors import OverloadError
    >>> headers_of(OverloadError("this service takes less", 2))
    {'retry-after': '2'}
    """
    if isinstance(error, OverloadError):
        return {"retry-after": str(error.retry_after_s)}
    return {"retry-after": str(_AWAY_S)} if status_of(error) == 503 else {}


def body(code: str, message: str, details: Sequence[dict[str, Any]] | None = None) -> bytes:
    """The one shape, as JSON.

    >>> body("not_found", "no such page")
    b'{"error":{"code":"not_found","message":"no such page","details":null}}'
    """
    return orjson.dumps({"error": {"code": code, "message": message, "details": details}})


def error_body(error: TiercastError) -> bytes:
    """A project error in that shape.

    >>> from features.errors import UnknownMemberError
    >>> orjson.loads(error_body(UnknownMemberError(1)))["error"]["code"]
    'unknown_member'
    """
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__.removesuffix("Error")).lower()
    status = status_of(error)
    if isinstance(error, OverloadError):  # not a fault, and a line of log for each would be one
        return body(name, str(error))
    if status >= 500:  # the caller cannot mend it, and it names places of this machine
        _LOG.error("%s", error)
        return body(name, _AWAY if isinstance(error, StoreError) else _plain(status))
    return body(name, str(error))


def validation_body(errors: Sequence[Any]) -> bytes:
    """Pydantic's findings in that shape: each place with its rule. What was sent is not repeated: it may be personal."""
    details = [{"place": _place(error), "rule": _rule(error)} for error in errors[:_MOST_DETAILS]]
    first = details[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    where = f"{first['place']}: " if first["place"] else ""
    return body("invalid_request", f"{where}{first['rule']}{more}. See /docs for the request's shape.", details)


def _place(error: dict[str, Any]) -> str:
    if error["type"] == "json_invalid":
        return ""
    parts = (str(part) for part in error["loc"])
    # '=ids' is no field, it says which of several kinds the object was taken for (serving.desk.asked).
    return ".".join(part[:_MOST_PLACE] for part in parts if part != "body" and not part.startswith("="))


def _rule(error: dict[str, Any]) -> str:
    whole = not [part for part in error["loc"] if part != "body" and not str(part).startswith("=")]
    if error["type"] == "json_invalid" or (whole and error["type"] != "missing"):
        return "a request body is a JSON object, sent with the header 'content-type: application/json'"
    return str(error["msg"]).removeprefix("Value error, ")


class OneShape:
    """ASGI middleware: every answer of 400 or above leaves in the one shape, every crash as a 500 without its inside."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        held: Message | None = None
        parts: list[bytes] = []
        started = complete = False

        async def hold(message: Message) -> None:
            nonlocal held, started, complete
            if message["type"] == "http.response.start" and message["status"] >= 400:
                held = message
            elif held is not None:
                parts.append(message.get("body", b""))
                if not message.get("more_body"):
                    await _emit(send, held, b"".join(parts))
                    started = complete = True
            else:
                started = True
                await send(message)

        try:
            await self.app(scope, receive, hold)
        except Exception as error:
            # Its type and place and no more: a message may hold what the caller sent.
            last = traceback.extract_tb(error.__traceback__)[-1]
            _LOG.error("unhandled %s at %s:%s", type(error).__name__, Path(last.filename).name, last.lineno)
            if not started:
                await _emit(send, {"status": 500, "headers": []}, b"")
            elif not complete:
                raise


async def _emit(send: Send, start: Message, raw: bytes) -> None:
    status = int(start["status"])
    shaped = raw if raw.startswith(b'{"error":{') else body(HTTPStatus(status).name.lower(), _plain(status))
    dropped = (b"content-type", b"content-length")
    headers = [(key, value) for key, value in start.get("headers", []) if key.lower() not in dropped]
    headers += [(b"content-type", b"application/json"), (b"content-length", str(len(shaped)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": shaped})


def _plain(status: int) -> str:
    if status == 400:
        return "the request cannot be read: a body is a JSON object in UTF-8; see /docs"
    if status == 404:
        return "there is nothing at this address; see /docs for the service's routes"
    if status == 405:
        return "this address takes another method; see /docs for the service's routes"
    if status == 503:
        return "no forecasts are in place yet: whoever runs the service has to run 'tiercast score' first"
    if status >= 500 and status != 504:
        return "the service failed; the cause is in its log"
    return HTTPStatus(status).phrase.lower()
