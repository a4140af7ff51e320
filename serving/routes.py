"""The service's routes: they check sizes, ask the predictor and write its answer down. No rule lives here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import orjson
from fastapi import FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response

from features.daily import Line
from features.errors import CutoffError, InputError, LimitError, TiercastError
from features.schema import NUMBERS
from features.zones import zone_of
from serving import schemas
from serving.desk import Desk
from serving.docs_page import docs_page
from serving.errors import error_body, status_of, validation_body
from serving.predictor import Ask
from serving.settings import Limits
from serving.store import MemberId, member_key

_FAULTS: dict[int | str, dict[str, Any]] = {
    status: {"model": schemas.FaultAnswer, "description": text}
    for status, text in {
        404: "No forecast is stored for the member",
        413: "More than is taken at once",
        422: "The request breaks a rule; the message says which and where",
        503: "No forecasts have been made yet",
    }.items()
}


def create_app(desk: Desk, limits: Limits) -> FastAPI:
    """The routes as an ASGI app.

    Parameters
    ----------
    desk : gives the predictor
    limits : most ids, histories and lines in one request
    """
    app = FastAPI(
        title="Tiercast",
        summary="Who is about to leave, which tier each member will hold next, and why.",
        version="1",
        # Their pages load scripts from other hosts; ours does not.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )

    @app.get("/v1/forecasts/{customer_id:path}", response_model=schemas.Forecast, responses=_FAULTS, tags=["forecasts"])
    async def forecast(
        request: Request,
        customer_id: Annotated[str, Path(max_length=200)],
        language: Literal["en", "zh"] = "en",
        reasons: Annotated[int, Query(ge=0, le=20)] = 3,
        contributions: bool = False,
    ) -> Response:
        """One member's stored forecast."""
        if unknown := set(request.query_params) - {"language", "reasons", "contributions"}:
            got = f"{len(unknown)} other{'s' if len(unknown) > 1 else ''}"
            raise InputError("the parameters are language, reasons and contributions", got, "check their spelling")
        answers, _ = desk.predictor().look_up([customer_id], Ask(reasons, language, contributions))
        return _json(answers[0])

    @app.post("/v1/forecasts", response_model=schemas.Found, responses=_FAULTS, tags=["forecasts"])
    def forecasts(asked: schemas.LookUp) -> Response:
        """Stored forecasts of many members, in the order asked for."""
        _at_most(limits.ids, len(asked.customer_ids), "customer_ids")
        answers, unknown = desk.predictor().look_up(asked.customer_ids, _ask(asked))
        return _json({"forecasts": answers, "unknown": unknown})

    @app.post("/v1/score", response_model=schemas.Scored, responses=_FAULTS, tags=["forecasts"])
    def score(asked: schemas.Score) -> Response:
        """Forecasts from histories sent with the request, by the model that made the stored ones."""
        _at_most(limits.ids, len(asked.histories), "histories")
        _at_most(limits.lines, sum(len(history.transactions) for history in asked.histories), "transaction lines")
        predictor = desk.predictor()
        as_of = asked.as_of or predictor.store.as_of
        _at_most(limits.lines, sum(len(history.events or ()) for history in asked.histories), "events")
        zone = zone_of(predictor.forecaster.settings.time_zone)
        histories = [
            (history.customer_id, [line.to_line(zone) for line in history.transactions]) for history in asked.histories
        ]
        _check(histories, as_of, predictor.forecaster.settings.has_amounts)
        _check_read(histories, predictor.forecaster.columns)
        about = {member_key(history.customer_id): history.about(zone) for history in asked.histories}
        answers, silent = predictor.score(histories, as_of, _ask(asked), about)
        return _json({"forecasts": answers, "silent": silent})

    @app.get("/", include_in_schema=False)
    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(docs_page(app.openapi()))

    @app.exception_handler(TiercastError)
    async def refused(_: Request, error: TiercastError) -> Response:
        return Response(error_body(error), status_of(error), media_type="application/json")

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        return Response(validation_body(error.errors()), 422, media_type="application/json")

    return app


def _ask(asked: schemas.Asked) -> Ask:
    return Ask(asked.reasons, asked.language, asked.contributions)


def _json(content: Any) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")


def _at_most(most: int, got: int, what: str) -> None:
    if got > most:
        raise LimitError(f"a request has at most {most:,} {what}", f"{got:,}", "split the request")


def _check(histories: Sequence[tuple[MemberId, Sequence[Line]]], as_of: dt.date, has_amounts: bool) -> None:
    """What no single field can know: ids once, lines before the as-of date, amounts exactly where the model has them."""
    keys = [member_key(member) for member, _ in histories]
    if len(set(keys)) < len(keys):
        raise InputError("each member is sent once", "an id twice", "put all its lines into one history")
    for i, (_, lines) in enumerate(histories):
        for j, line in enumerate(lines):
            place = f"histories.{i}.transactions.{j}"
            if line.timestamp.date() >= as_of:
                raise CutoffError(
                    f"{place}: a line lies before the as-of date {as_of}",
                    "one on that date or later",
                    "send 'as_of' with the day after the last line, or leave the line out",
                )
            if (line.amount is None) == has_amounts:
                rule = "has an amount, since the model was trained on amounts" if has_amounts else "has no amount"
                got = "none" if has_amounts else "one, for a model trained on a log without amounts"
                raise InputError(f"{place}: a line {rule}", got, "send every line alike")


def _check_read(histories: Sequence[tuple[MemberId, Sequence[Line]]], columns: frozenset[str]) -> None:
    """Refuse a member whose lines are silent about a number that the model or its policy reads: it would count as 0."""
    for name in NUMBERS:
        if name in columns:
            for i, (_, lines) in enumerate(histories):
                if all(getattr(line, name) is None for line in lines):
                    raise InputError(
                        f"histories.{i}: the lines say {name!r}, which the model reads",
                        "none that does",
                        f"send {name!r} with the lines, 0 where there is none",
                    )
