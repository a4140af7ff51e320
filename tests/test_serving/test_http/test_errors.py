"""serving/http/errors.py: every error leaves in one shape, and holds nothing that was sent."""

from __future__ import annotations

import asyncio
import inspect
import logging
from typing import Any

import orjson
import pytest
from calls import Client
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from starlette.responses import PlainTextResponse

from features import errors
from features.errors import ArtifactError, TiercastError, UnknownMemberError
from serving.http.errors import OneShape, body, error_body, status_of, validation_body

EXPECTED = {
    "InputError": (409, "input"),
    "SourceError": (409, "source"),
    "ColumnError": (409, "column"),
    "UnusableLogError": (409, "unusable_log"),
    "PolicyError": (409, "policy"),
    "ConfigError": (409, "config"),
    "CutoffError": (409, "cutoff"),
    "LimitError": (413, "limit"),
    "ConflictError": (409, "conflict"),
    "StoreError": (503, "store"),
    "OverloadError": (503, "overload"),
    "NotFoundError": (404, "not_found"),
    "UnknownMemberError": (404, "unknown_member"),
    "NothingKeptError": (404, "nothing_kept"),
    "NoModelError": (503, "no_model"),
    "ArtifactError": (500, "artifact"),
    "TrackingError": (500, "tracking"),
    "BatchError": (500, "batch"),
}
CLASSES = [
    value
    for _, value in inspect.getmembers(errors, inspect.isclass)
    if issubclass(value, TiercastError) and value is not TiercastError
]


def made(kind: type[TiercastError]) -> TiercastError:
    special = {
        "PolicyError": ("tiers", "rule", "got", "fix"),
        "UnknownMemberError": (1,),
        "NothingKeptError": (1,),
        "OverloadError": ("rule",),
    }
    return kind(*special.get(kind.__name__, ("rule", "got", "fix")))


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_each_error_has_its_status_and_code(kind: type[TiercastError]) -> None:
    error = made(kind)
    code = orjson.loads(error_body(error))["error"]["code"]
    assert (status_of(error), code) == EXPECTED[kind.__name__]


def test_a_damaged_file_is_told_to_the_log_and_not_to_the_caller(caplog: pytest.LogCaptureFixture) -> None:
    answer = error_body(ArtifactError("a store can be read", "/srv/home/store.sqlite: malformed", "score again"))
    assert b"/srv" not in answer
    assert "/srv/home/store.sqlite: malformed" in caplog.text


def test_an_id_is_not_repeated() -> None:
    assert "1 id" in orjson.loads(error_body(UnknownMemberError(1)))["error"]["message"]


class Wanted(BaseModel):
    a: int
    b: dict[str, int] = {}


@given(st.dictionaries(st.text(max_size=5), st.text(min_size=12, max_size=12), min_size=1, max_size=40))
def test_findings_name_places_and_rules_and_no_value(sent: dict[str, str]) -> None:
    try:
        Wanted.model_validate({"b": sent})
    except ValidationError as error:
        found = error.errors()
    answer = orjson.loads(validation_body(found))["error"]
    assert answer["code"] == "invalid_request"
    assert 1 <= len(answer["details"]) <= 20
    assert all(set(detail) == {"place", "rule"} for detail in answer["details"])
    words = answer["message"] + "".join(detail["rule"] for detail in answer["details"])
    assert not any(value.strip() and value in words for value in sent.values())


def app() -> FastAPI:
    """Routes that fail in every way there is."""
    broken = FastAPI()

    @broken.get("/crash")
    async def crash() -> None:
        raise RuntimeError("amount 4711.25 of member secret-007")

    @broken.get("/plain")
    async def plain() -> PlainTextResponse:
        return PlainTextResponse("member secret-007 is unwell", 400)

    @broken.get("/shaped")
    async def shaped() -> PlainTextResponse:
        return PlainTextResponse(body("own", "own words").decode(), 409, headers={"x-kept": "1"})

    @broken.get("/fine")
    async def fine() -> PlainTextResponse:
        return PlainTextResponse("fine")

    return broken


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/crash", 500, "internal_server_error"),
        ("/plain", 400, "bad_request"),
        ("/shaped", 409, "own"),
        ("/nowhere", 404, "not_found"),
    ],
)
def test_every_failure_leaves_in_the_one_shape(path: str, status: int, code: str) -> None:
    answer = Client(OneShape(app())).get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message", "details"}
    assert answer.json()["error"]["code"] == code
    assert "secret-007" not in answer.text


def test_other_headers_stay_and_good_answers_pass() -> None:
    client = Client(OneShape(app()))
    assert client.get("/shaped").headers["x-kept"] == "1"
    assert client.get("/fine").text == "fine"


def test_a_crash_tells_the_log_its_kind_and_no_content(caplog: pytest.LogCaptureFixture) -> None:
    sent: list[Any] = []

    async def call() -> None:
        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        scope = {"type": "http", "method": "GET", "path": "/crash", "headers": [], "query_string": b"", "root_path": ""}
        # Nothing is raised to the server, which would print the exception with its message.
        await OneShape(app())(scope, receive, send)

    with caplog.at_level(logging.DEBUG):
        asyncio.run(call())
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert "RuntimeError" in caplog.text
    assert "secret-007" not in caplog.text
    assert "4711" not in caplog.text


def test_an_answer_that_breaks_off_is_not_passed_off_as_whole() -> None:
    async def breaks(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError

    async def call() -> None:
        async def send(message: Any) -> None:
            pass

        await OneShape(breaks)({"type": "http", "method": "GET"}, None, send)  # type: ignore[arg-type]

    with pytest.raises(RuntimeError):
        asyncio.run(call())
