"""The service's routes: each asks for an answer and writes it down. No rule lives here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Body, FastAPI, Header, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response

from features.errors import InputError, TiercastError
from serving import answered, answered_pages
from serving.answers import Answers, Chosen
from serving.asked import ByIds, ForecastAsked, Post, WhatIf
from serving.body_route import BodyRoute
from serving.docs_page import docs_page
from serving.errors import error_body, headers_of, status_of, validation_body
from serving.fields import MAX_TEXT
from serving.language import language_of
from serving.openapi import described
from serving.predictor import Ask

_SMALL: Final = 16
"""Members of a look-up that are answered in the loop itself; more would keep others waiting."""
_FAULTS: Final[dict[int, str]] = {
    400: "The request cannot be read",
    401: "No key, or none that is in force",
    403: "The key has not this scope",
    404: "The member is not known",
    409: "The request does not fit the model or the store in place, as a date before its own does not",
    413: "More bytes than are taken at once",
    415: "The body is not JSON",
    422: "The request breaks its description; the message says where",
    429: "The key asks more than it may; Retry-After says when to ask again",
    503: "No forecasts are in place, the store is away or the service is full; Retry-After says when to ask again",
}
_Accept = Annotated[str | None, Header(alias="accept-language", description="Language of the sentences: en or zh.")]
_Id = Annotated[str, Path(min_length=1, max_length=MAX_TEXT, description="The member, as in the transaction log.")]
_Reasons = Annotated[int, Query(ge=0, le=10, description="Most reasons for each member.")]


@dataclass(frozen=True)
class Work:
    """How a piece of work is run: at once in the event loop when its turn comes, or, if it is long, in a thread."""

    short: Callable[[Callable[[], Any]], Awaitable[Any]]
    long: Callable[[Callable[[], Any]], Awaitable[Any]]


def create_app(answers: Answers, work: Work) -> FastAPI:
    """The routes as an ASGI app.

    Parameters
    ----------
    answers : what is asked
    work : runs it
    """
    app = FastAPI(
        title="Tiercast",
        summary="Who is about to leave, which tier each member will hold next, why, and what would keep them.",
        version="1",
        # Their pages load scripts from other hosts; ours does not.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.openapi = lambda: described(app)  # type: ignore[method-assign]
    app.include_router(_forecasts(answers, work))
    app.include_router(_members(answers, work))

    @app.get("/", include_in_schema=False)
    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(docs_page(app.openapi()))

    @app.exception_handler(TiercastError)
    async def refused(_: Request, error: TiercastError) -> Response:
        return Response(error_body(error), status_of(error), headers_of(error), media_type="application/json")

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        return Response(validation_body(error.errors()), 422, media_type="application/json")

    return app


def _forecasts(answers: Answers, work: Work) -> APIRouter:
    routes = APIRouter(route_class=BodyRoute)

    @routes.post("/v1/forecast", response_model=answered.Forecasts, responses=_faults(), tags=["forecasts"])
    async def forecast(
        request: Request, asked: Annotated[ForecastAsked, Body()], accept_language: _Accept = None
    ) -> Response:
        """Forecasts of members by id, from the store; or of histories sent with the request."""
        ask = Ask(asked.reasons, language_of(accept_language), asked.contributions)
        if not isinstance(asked, ByIds):
            return _json(await work.long(lambda: answers.of_histories(asked, ask)), request)
        run = work.short if len(asked.ids) <= _SMALL and asked.as_of is None else work.long
        return _json(await run(lambda: answers.of_ids(asked.ids, asked.as_of, ask)), request)

    @routes.post("/v1/what-if", response_model=answered_pages.WhatIfAnswer, responses=_faults(404), tags=["forecasts"])
    async def what_if(request: Request, asked: Annotated[WhatIf, Body()], accept_language: _Accept = None) -> Response:
        """What would become of a member by imagined purchases, visits or returns; and what it takes to keep or reach each
        tier, with the probability that the member does it unaided.
        """
        language = language_of(accept_language)
        return _json(await work.long(lambda: answers.what_if(asked, language)), request)

    @routes.post("/v1/transactions", response_model=answered.Posted, responses=_faults(), tags=["transactions"])
    async def post(request: Request, asked: Annotated[Post, Body()], accept_language: _Accept = None) -> Response:
        """New lines of known members, all or none. What is acknowledged is on disk, and in the members' forecasts.

        A line that is sent again with the same key and content is not counted again; another content is refused.
        """
        ask = Ask(asked.reasons, language_of(accept_language))
        return _json(await work.long(lambda: answers.post(asked, ask)), request)

    return routes


def _members(answers: Answers, work: Work) -> APIRouter:
    routes = APIRouter()

    @routes.get("/v1/members", response_model=answered.Members, responses=_faults(but=(404, 413, 415)), tags=["members"])
    async def members(
        request: Request,
        tier: Annotated[str | None, Query(max_length=MAX_TEXT, description="Tier held.")] = None,
        temperature: Annotated[Literal["hot", "warm", "cool", "cold"] | None, Query(description="Band.")] = None,
        stage: Annotated[
            Literal["first_purchase", "repeat", "loyal", "advocate"] | None, Query(description="Rung of the ladder.")
        ] = None,
        near_miss: Annotated[
            Literal["keep", "reach"] | None, Query(description="Little is missing to keep the tier, or to reach the next.")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=1_000, description="Members a page.")] = 100,
        cursor: Annotated[str | None, Query(max_length=500, description="What the page before gave as 'next'.")] = None,
        reasons: _Reasons = 3,
        accept_language: _Accept = None,
    ) -> Response:
        """The desk's list: members with a forecast, most value at risk first, page by page."""
        _only(request, "tier", "temperature", "stage", "near_miss", "limit", "cursor", "reasons")
        ask, chosen = Ask(reasons, language_of(accept_language)), Chosen(tier, temperature, stage, near_miss)
        return _json(await work.long(lambda: answers.members(chosen, limit, cursor, ask)), request)

    @routes.get(
        "/v1/members/{customer_id:path}",
        response_model=answered_pages.Member,
        responses=_faults(404, but=(413, 415)),
        tags=["members"],
    )
    async def member(request: Request, customer_id: _Id, reasons: _Reasons = 3, accept_language: _Accept = None) -> Response:
        """All there is to say of a member: standing, tier with its history and reasons, forecast, what keeps and lifts."""
        _only(request, "reasons")
        ask = Ask(reasons, language_of(accept_language))
        return _json(await work.long(lambda: answers.member(customer_id, ask)), request)

    @routes.delete(
        "/v1/members/{customer_id:path}",
        response_model=answered.Erased,
        responses=_faults(404, but=(413, 415)),
        tags=["members"],
    )
    async def forget(request: Request, customer_id: _Id) -> Response:
        """Erase a member from store, forecasts and plans. The receipt does not say whom."""
        _only(request)
        return _json(await work.long(lambda: answers.forget(customer_id)), request)

    @routes.get("/v1/model", response_model=answered_pages.Model, responses=_faults(but=(404, 413, 415)), tags=["model"])
    async def model(request: Request) -> Response:
        """What answers: version, data span, figures, policy."""
        _only(request)
        return _json(await work.short(answers.model), request)

    return routes


def _faults(*more: int, but: tuple[int, ...] = (404,)) -> dict[int | str, dict[str, Any]]:
    left = [status for status in _FAULTS if status in more or status not in but]
    return {status: {"model": answered.FaultAnswer, "description": _FAULTS[status]} for status in left}


def _only(request: Request, *names: str) -> None:
    """Refuse parameters that are not described: a misspelt filter would otherwise be passed over in silence."""
    if unknown := len(set(request.query_params) - set(names)):
        what = f"the parameters are {', '.join(names)}" if names else "there are no parameters"
        raise InputError(what, f"{unknown} other{'s' if unknown > 1 else ''}", "check their spelling")


def _json(content: Any, request: Request) -> Response:
    language = language_of(request.headers.get("accept-language"))
    return Response(
        content, headers={"content-language": language, "vary": "accept-language"}, media_type="application/json"
    )
