"""Routes that take one JSON body: FastAPI describes them, pydantic reads them straight from the bytes.

FastAPI's own way parses the body twice over and solves dependencies that there are none of, which costs a third of a
look-up's time. A large body is read in a thread: 8 MB of lines take more than a second, and nobody else would be answered.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Final, get_type_hints

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.types import Receive, Scope, Send

from features.errors import TiercastError
from serving.http.errors import body, error_body, headers_of, status_of, validation_body
from serving.http.gate import Gate

_LARGE: Final = 64 * 1024
"""Bytes that are read within a millisecond or two."""
_MOST_FOUND: Final = 1_000
_NOT_JSON = "a request body is a JSON object, sent with the header 'content-type: application/json'"
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def refusal(error: TiercastError) -> Response:
    """A project error as an answer."""
    return Response(error_body(error), status_of(error), headers_of(error), media_type="application/json")


class BodyRoute(APIRoute):
    """A route whose endpoint is called with the body as ``asked`` and the header ``accept_language``.

    ``gate`` has threads for large bodies (``behind``).
    """

    gate: ClassVar[Gate]

    @classmethod
    def behind(cls, gate: Gate) -> type[BodyRoute]:
        """Routes of a service with a gate."""
        return type("BodyRoute", (cls,), {"gate": gate})

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        handler = self.get_route_handler()

        async def straight(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                response = await handler(Request(scope, receive, send))
            except TiercastError as error:
                response = refusal(error)
            except ValidationError as error:
                response = Response(_invalid(error), 422, media_type="application/json")
            await response(scope, receive, send)

        # In place of FastAPI's, which keeps stacks of what dependencies leave to be cleaned up.
        self.app = straight

    def get_route_handler(self) -> Handler:
        """What answers a request; called once, when the route is made."""
        check = TypeAdapter(get_type_hints(self.endpoint, include_extras=True)["asked"]).validate_json
        endpoint = self.endpoint

        async def answer(request: Request) -> Response:
            headers = request.headers
            kind = headers.get("content-type", "")
            if kind.partition(";")[0].strip().lower() != "application/json":
                return Response(body("unsupported_media_type", _NOT_JSON), 415, media_type="application/json")
            sent = await request.body()
            asked = check(sent) if len(sent) <= _LARGE else await self.gate.run_in_thread(lambda: check(sent))
            response: Response = await endpoint(request, asked, headers.get("accept-language"))
            return response

        return answer


def _invalid(error: ValidationError) -> bytes:
    if error.error_count() > _MOST_FOUND:  # a million names that are none: telling each takes longer than finding them
        rule = f"{error.error_count():,} places break the description of the request"
        return body("invalid_request", f"{rule}. See /docs for its shape.")
    return validation_body(error.errors(include_url=False, include_context=False, include_input=False))
