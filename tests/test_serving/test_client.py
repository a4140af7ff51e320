"""The typed client, against the service in this process and against made-up answers."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from homes import Shop, copied_store, service

from features.errors import TiercastError
from serving.client import Client, ServiceAwayError, ServiceError


class InProcess(httpx.BaseTransport):
    """Asks an ASGI app from synchronous code."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def call() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app)) as client:
                answer = await client.send(
                    httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
                )
                return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

        return asyncio.run(call())


@pytest.fixture
def client(shop: Shop, tmp_path: Path) -> Iterator[Client]:
    made = service(copied_store(shop.home, tmp_path))
    with Client("http://127.0.0.1", transport=InProcess(made.app)) as one:
        yield one
    made.desk.engine.dispose()


def answering(*answers: tuple[int, dict[str, str], Any]) -> tuple[Client, list[httpx.Request]]:
    """A client of a service that gives these answers, one after the other."""
    asked: list[httpx.Request] = []
    left = iter(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        status, headers, content = next(left)
        return httpx.Response(
            status, headers=headers, **({"text": content} if isinstance(content, str) else {"json": content})
        )

    return Client("http://127.0.0.1", "tc_a_b", transport=httpx.MockTransport(answer)), asked


def test_all_that_can_be_asked(client: Client, shop: Shop) -> None:
    found = client.forecast(["058", "stranger"], contributions=True)
    assert (found.unknown, [one.customer_id for one in found.forecasts]) == (["stranger"], ["058"])
    history = {"customer_id": "new", "transactions": [{"timestamp": "2020-08-20", "amount": 12.5}]}
    assert client.forecast(histories=[history], as_of=shop.as_of).forecasts[0].customer_id == "new"
    assert client.member("058").forecast == client.forecast(["058"]).forecasts[0]
    assert client.what_if("058").what_ifs == []
    (tried,) = client.what_if("058", [[{"date": "2020-08-30", "kind": "visit"}]]).what_ifs
    assert tried.imagined[0].usual
    listed = list(client.members(limit=7))
    assert [one.customer_id for one in listed] == [one.customer_id for one in client.members(limit=1_000)]
    assert {one.tier for one in client.members(tier="Top")} == {"Top"}
    assert client.model().version == shop.layout.model_version
    new = {"key": "a", "customer_id": "058", "timestamp": "2020-08-28T10:00", "amount": 5.0}
    assert client.post([new]).stored == 1
    assert client.post([new]).known == 1
    assert client.member("058").as_of == dt.date(2020, 8, 29)


def test_a_member_is_forgotten(client: Client) -> None:
    receipt = client.forget("058")
    assert receipt.counts["history"] == 1
    assert "058" not in receipt.model_dump_json()
    assert client.forecast(["058"]).unknown == ["058"]
    with pytest.raises(ServiceError) as raised:
        client.member("058")
    assert (raised.value.status, raised.value.code) == (404, "unknown_member")


def test_a_refusal_says_what_the_service_says(client: Client) -> None:
    with pytest.raises(ServiceError, match="at least 1 item") as raised:
        client.forecast([])
    assert raised.value.status == 422
    assert raised.value.details is not None
    assert raised.value.details[0]["place"] == "ids"


def test_a_question_refused_for_load_is_asked_again_as_late_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("serving.client.time.sleep", waited.append)
    busy = {"error": {"code": "overload", "message": "later", "details": None}}
    fine: dict[str, Any] = {"forecasts": [], "unknown": [], "silent": []}
    client, asked = answering((503, {"retry-after": "3"}, busy), (429, {"retry-after": "900"}, busy), (200, {}, fine))
    assert client.forecast([1]).forecasts == []
    assert waited == [3.0, 30.0]
    assert {request.headers["authorization"] for request in asked} == {"Bearer tc_a_b"}
    client, asked = answering(*[(503, {"retry-after": "1"}, busy)] * 3)
    with pytest.raises(ServiceError) as raised:
        client.forecast([1])
    assert (len(asked), raised.value.retry_after) == (3, 1.0)
    assert str(raised.value) == "the service refused (503 overload): later"
    client, asked = answering((503, {}, "<html>a proxy</html>"))
    with pytest.raises(ServiceError) as raised:
        client.forecast([1])
    assert (len(asked), raised.value.code) == (1, "unknown")


def failing(*errors: Exception | None) -> tuple[list[httpx.Request], httpx.MockTransport]:
    """A service that is away with these errors, one after the other; then it is back."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if (error := errors[len(asked) - 1]) is not None:
            raise error
        return httpx.Response(200, json={"forecasts": [], "unknown": [], "silent": []})

    return asked, httpx.MockTransport(answer)


def test_a_service_that_is_away_is_asked_again_and_then_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("serving.client.time.sleep", waited.append)
    asked, transport = failing(httpx.ConnectError("refused"), httpx.ReadTimeout("late"), None)
    with Client("http://127.0.0.1:3000", transport=transport) as client:
        assert client.forecast([1]).forecasts == []
    assert waited == [0.5, 1.0]
    asked, transport = failing(*[httpx.ConnectError("refused")] * 3)
    with (
        Client("http://me:secret@127.0.0.1:3000", "tc_a_b", transport=transport) as client,
        pytest.raises(ServiceAwayError, match="'tiercast serve' runs there") as raised,
    ):
        client.member(77_123)
    assert isinstance(raised.value, TiercastError)
    assert (len(asked), raised.value.tries) == (3, 3)
    assert "nothing from http://127.0.0.1:3000 in 3 tries (ConnectError)" in str(raised.value)
    assert not any(private in str(raised.value) for private in ("secret", "tc_a_b", "77123"))


@pytest.mark.parametrize(("error", "tries"), [(httpx.ReadTimeout("late"), 1), (httpx.ConnectError("refused"), 3)])
def test_an_erasure_that_was_sent_is_not_sent_again(
    error: httpx.TransportError, tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.client.time.sleep", lambda _: None)
    asked, transport = failing(*[error] * 3)
    with Client("http://127.0.0.1", transport=transport) as client, pytest.raises(ServiceAwayError) as raised:
        client.forget("a")
    assert len(asked) == raised.value.tries == tries


def test_what_no_try_can_mend_is_tried_once() -> None:
    with Client("ftp://127.0.0.1") as client, pytest.raises(ServiceAwayError, match="in 1 try") as raised:
        client.model()
    assert raised.value.tries == 1


@pytest.mark.parametrize("member", ["a/b", "a b?c#d", "客户", 7, "%2e%2e"])
def test_ids_reach_the_service_as_they_are(member: Any) -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path.removeprefix("/v1/members/"))
        return httpx.Response(404, json={"error": {"code": "unknown_member", "message": "no", "details": None}})

    with Client("http://127.0.0.1", transport=httpx.MockTransport(answer)) as client, pytest.raises(ServiceError):
        client.member(member)
    assert seen == [str(member)]
