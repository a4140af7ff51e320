"""serving/http/body_route.py: small bodies are read in the loop, large ones beside it; what is wrong is told in measure."""

from __future__ import annotations

import asyncio
import threading
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Body, FastAPI, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, field_validator

from serving.http.body_route import BodyRoute
from serving.http.gate import Gate


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    words: list[str] = Field(fail_fast=True)
    read_by: str = ""

    @field_validator("read_by", mode="before")
    @classmethod
    def note(cls, _: Any) -> str:
        return threading.current_thread().name


def answer(content: bytes) -> httpx.Response:
    app = FastAPI()

    async def endpoint(request: Request, asked: Annotated[Asked, Body()], accept_language: str | None = None) -> Response:
        return Response(asked.read_by)

    app.router.add_api_route("/", endpoint, methods=["POST"], route_class_override=BodyRoute.behind(Gate()))

    async def call() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.post("/", content=content, headers={"content-type": "application/json"})

    return asyncio.run(call())


@pytest.mark.parametrize(("size", "thread"), [(10, "MainThread"), (70_000, "tiercast-large_0")])
def test_a_large_body_is_read_beside_the_loop(size: int, thread: str) -> None:
    found = answer(b'{"words":["%b"],"read_by":""}' % (b"a" * size))
    assert (found.status_code, found.text) == (200, thread)


@pytest.mark.parametrize("size", [1, 70_000])
def test_what_is_wrong_is_told_from_wherever_it_was_read(size: int) -> None:
    found = answer(b'{"words":["%b", 1, 2, 3]}' % (b"a" * size))
    assert found.status_code == 422
    assert [detail["place"] for detail in found.json()["error"]["details"]] == ["words.1"]


def test_of_very_much_that_is_wrong_only_the_number_is_told() -> None:
    found = answer(b'{"words":[],' + b",".join(b'"%d":0' % i for i in range(2_000)) + b"}")
    assert found.status_code == 422
    assert found.json()["error"]["message"].startswith("2,000 places break the description of the request")
    assert found.json()["error"]["details"] is None
