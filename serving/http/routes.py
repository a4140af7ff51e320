"""The service's routes: each asks for an answer and writes it down. No rule lives here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import APIRouter, Body, FastAPI, Header, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response

from features.errors import TiercastError
from serving.desk.answers import Answers, Chosen
from serving.desk.asked import ByIds, ForecastAsked, Post, WhatIf
from serving.desk.fields import MAX_TEXT
from serving.desk.metrics import CONTENT_TYPE
from serving.forecast.language import language_of
from serving.forecast.members import MemberId, member_key
from serving.forecast.wording import Language
from serving.http import answered, answered_pages, answered_trials
from serving.http.body_route import BodyRoute, refusal
from serving.http.desk_page import desk_page
from serving.http.docs_page import docs_page
from serving.http.errors import validation_body
from serving.http.gate import Gate
from serving.http.note import note_of
from serving.http.openapi import described
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
_Endpoint = Callable[..., Awaitable[Response]]
_Accept = Annotated[str | None, Header(alias="accept-language", description="Language of the sentences: en or zh.")]
_Id = Annotated[str, Path(min_length=1, max_length=MAX_TEXT, description="The member, as in the transaction log.")]
_Reasons = Annotated[int, Query(ge=0, le=10, description="Most reasons for each member.")]


def create_app(answers: Answers, gate: Gate, *, in_loop: bool = True) -> FastAPI:
    """The routes as an ASGI app.

    Parameters
    ----------
    answers : what is asked
    gate : has threads for what is too long for the event loop
    in_loop : whether a look-up is short enough for it: the store is a file of this machine
    """
    app = FastAPI(
        title="Tiercast",
        summary="Who is about to leave, which tier each member will hold next, why, and what would keep them.",
        version="1",
        # Their pages load scripts from other hosts; ours does not.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # It is off until a provider is set up; asking whether one is takes time with each request.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.openapi = lambda: described(app)  # type: ignore[method-assign]
    _forecasts(app, answers, gate, _SMALL if in_loop else 0)
    app.include_router(_members(answers, gate))

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(answers.metrics.render(), media_type=CONTENT_TYPE)

    @app.get("/", include_in_schema=False)
    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(docs_page(app.openapi()))

    app.include_router(desk_page())

    @app.exception_handler(TiercastError)
    async def refused(_: Request, error: TiercastError) -> Response:
        return refusal(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        return Response(validation_body(error.errors()), 422, media_type="application/json")

    return app


def _forecasts(app: FastAPI, answers: Answers, gate: Gate, small: int) -> None:
    kind = BodyRoute.behind(gate)

    def post_route(path: str, answer: Any, tag: str, *more: int) -> Callable[[_Endpoint], None]:
        options = {"response_model": answer, "responses": _faults(*more), "tags": [tag], "methods": ["POST"]}
        # Not by a router of their own: asked through one, a route is looked for once more.
        return lambda endpoint: app.router.add_api_route(path, endpoint, route_class_override=kind, **options)

    @post_route("/v1/forecast", answered.Forecasts, "forecasts")
    async def forecast(
        request: Request, asked: Annotated[ForecastAsked, Body()], accept_language: _Accept = None
    ) -> Response:
        """Forecasts of members by id, from the store; or of histories sent with the request."""
        language, note = language_of(accept_language), note_of(request.scope)
        ask = Ask(asked.reasons, language, asked.contributions)
        if not isinstance(asked, ByIds):
            note.members = len(asked.histories)
            return await _long(gate, language, lambda: answers.of_histories(asked, ask))
        note.members = len(asked.ids)
        if len(asked.ids) <= small and asked.as_of is None:
            found = answers.at_once(asked.ids, ask)
            if found is not None:
                return _json(found, language)
        return await _long(gate, language, lambda: answers.of_ids(asked.ids, asked.as_of, ask))

    @post_route("/v1/what-if", answered_trials.WhatIfAnswer, "forecasts", 404)
    async def what_if(request: Request, asked: Annotated[WhatIf, Body()], accept_language: _Accept = None) -> Response:
        """What would become of a member by imagined purchases, visits or returns; and what it takes to keep or reach each
        tier, with the probability that the member does it unaided.
        """
        language = language_of(accept_language)
        _noted(request, asked.customer_id)
        return await _long(gate, language, lambda: answers.what_if(asked, language))

    @post_route("/v1/transactions", answered.Posted, "transactions")
    async def post(request: Request, asked: Annotated[Post, Body()], accept_language: _Accept = None) -> Response:
        """New lines of known members, all or none. What is acknowledged is on disk, and in the members' forecasts.

        A line that is sent again with the same key and content is not counted again; another content is refused.
        """
        language = language_of(accept_language)
        note_of(request.scope).members = len({line.customer_id for line in asked.lines})
        return await _long(gate, language, lambda: answers.post(asked, Ask(asked.reasons, language)))


def _members(answers: Answers, gate: Gate) -> APIRouter:
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
        sort: Annotated[
            Literal["value_at_risk", "temperature"] | None,
            Query(description="Largest first, or coldest first; left out: by value at risk, or else by temperature."),
        ] = None,
        limit: Annotated[int, Query(ge=1, le=1_000, description="Members a page.")] = 100,
        cursor: Annotated[str | None, Query(max_length=500, description="What the page before gave as 'next'.")] = None,
        reasons: _Reasons = 3,
        accept_language: _Accept = None,
    ) -> Response:
        """The desk's list, page by page: members with a forecast, most value at risk first, or the coldest first where the
        log has no amounts.
        """
        _only(request, "tier", "temperature", "stage", "near_miss", "sort", "limit", "cursor", "reasons")
        language, chosen = language_of(accept_language), Chosen(tier, temperature, stage, near_miss, sort)
        return await _long(gate, language, lambda: answers.members(chosen, limit, cursor, Ask(reasons, language)))

    @routes.get(
        "/v1/members/{customer_id:path}",
        response_model=answered_pages.Member,
        responses=_faults(404, but=(413, 415)),
        tags=["members"],
    )
    async def member(request: Request, customer_id: _Id, reasons: _Reasons = 3, accept_language: _Accept = None) -> Response:
        """All there is to say of a member: standing, tier with its history and reasons, forecast, what keeps and lifts."""
        _only(request, "reasons")
        language = language_of(accept_language)
        _noted(request, customer_id)
        return await _long(gate, language, lambda: answers.member(customer_id, Ask(reasons, language)))

    @routes.delete(
        "/v1/members/{customer_id:path}",
        response_model=answered.Erased,
        responses=_faults(404, but=(413, 415)),
        tags=["members"],
    )
    async def forget(request: Request, customer_id: _Id) -> Response:
        """Erase a member from store, forecasts and plans. The receipt does not say whom.

        Of whom nothing is kept: 404, and every batch from now on leaves them out all the same.
        """
        _only(request)
        note_of(request.scope).members = 1  # whose is not even noted by a pseudonym
        return await _long(gate, "en", lambda: answers.forget(customer_id))

    @routes.get("/v1/model", response_model=answered_pages.Model, responses=_faults(but=(404, 413, 415)), tags=["model"])
    async def model(request: Request) -> Response:
        """What answers: version, data span, figures, policy."""
        _only(request)
        return _json(answers.model(), "en")

    return routes


def _faults(*more: int, but: tuple[int, ...] = (404,)) -> dict[int | str, dict[str, Any]]:
    left = [status for status in _FAULTS if status in more or status not in but]
    return {status: {"model": answered.FaultAnswer, "description": _FAULTS[status]} for status in left}


def _only(request: Request, *names: str) -> None:
    """Refuse parameters that are not described: a misspelt filter would otherwise be passed over in silence.

    Raises
    ------
    RequestValidationError
    """
    if others := len(set(request.query_params) - set(names)):
        rule = (
            f"the parameters are {', '.join(names)}; {others} other{'s' if others > 1 else ''}" if names else "no parameters"
        )
        raise RequestValidationError([{"type": "extra_forbidden", "loc": ("query",), "msg": rule}])


def _noted(request: Request, member: MemberId) -> None:
    note = note_of(request.scope)
    note.members, note.member = 1, member_key(member)


async def _long(gate: Gate, language: Language, answer: Callable[[], dict[str, Any]]) -> Response:
    """An answer made in a thread, so that others are answered meanwhile."""
    return await gate.run_in_thread(lambda: _json(answer(), language))


def _json(content: dict[str, Any], language: Language) -> Response:
    headers = {"content-language": language, "vary": "accept-language"}
    return Response(orjson.dumps(content), headers=headers, media_type="application/json")
