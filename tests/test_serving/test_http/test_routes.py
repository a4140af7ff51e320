from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from homes import Shop, app
from hypothesis import given
from hypothesis import strategies as st

from serving.desk.answers import Answers
from serving.http import answered, answered_pages, answered_trials
from serving.settings import Limits

SECRET = "secret-4711"
AMOUNT = 8642.97531
LINE = {"timestamp": "2020-08-11T10:11:12", "amount": AMOUNT, "order_id": SECRET}
JSON = {"content-type": "application/json"}
served = cache(app)
"""One service a home: what is asked here changes nothing."""


def sent(*lines: dict[str, Any], member: Any = SECRET, **more: Any) -> bytes:
    """A request to score as bytes: what no JSON library would write can be sent, too."""
    return json.dumps({"histories": [{"customer_id": member, "transactions": list(lines)}], **more}).encode()


def shaped(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The error, after checking its shape and that it holds nothing of what was sent."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"error"}
    error: dict[str, Any] = answer.json()["error"]
    assert set(error) == {"code", "message", "details"}
    assert answered.FaultAnswer.model_validate(answer.json())
    assert error["code"] == code
    assert len(error["message"]) > 10
    for secret in (SECRET, "8642", "10:11", "2020-08-11"):
        assert secret not in answer.text
    return error


@pytest.fixture(autouse=True)
def quiet_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No line of the log holds what was sent, whatever the answer."""
    with caplog.at_level(logging.DEBUG):
        yield
    for secret in (SECRET, "8642", "10:11"):
        assert secret not in caplog.text


def test_an_answer_has_the_documented_shape(shop: Shop) -> None:
    member = shop.log.customer_id.iloc[-1]
    client = served(shop.home.path)
    for asked in ({}, {"contributions": True, "reasons": 10}):
        answer = client.post("/v1/forecast", json={"ids": [member, "nobody"], **asked}, headers={"accept-language": "zh"})
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-language"] == "zh"
        found = answered.Forecasts.model_validate(answer.json(), extra="forbid")
        assert (found.unknown, found.silent) == (["nobody"], [])
        (forecast,) = found.forecasts
        assert forecast.customer_id == member
        assert (forecast.contributions is None) == (not asked)
    scored = client.post("/v1/forecast", content=sent(LINE), headers=JSON)
    assert answered.Forecasts.model_validate(scored.json(), extra="forbid").forecasts[0].customer_id == SECRET
    assert answered_pages.Member.model_validate(client.get(f"/v1/members/{member}").json(), extra="forbid")
    page = answered.Members.model_validate(client.get("/v1/members?limit=2").json(), extra="forbid")
    assert len(page.members) == 2
    assert answered_pages.Model.model_validate(client.get("/v1/model").json(), extra="forbid")
    tried = {
        "customer_id": member,
        "trials": [[{"date": "2020-08-30", "amount": 50}], [{"date": "2020-08-30", "kind": "visit"}]],
    }
    assert answered_trials.WhatIfAnswer.model_validate(client.post("/v1/what-if", json=tried).json(), extra="forbid")


def test_an_answer_without_amounts_has_the_documented_shape(visits_shop: Shop) -> None:
    client = served(visits_shop.home.path)
    member = int(visits_shop.log.customer_id.iloc[-1])
    found = answered.Forecasts.model_validate(client.post("/v1/forecast", json={"ids": [member]}).json(), extra="forbid")
    (forecast,) = found.forecasts
    assert (forecast.expected_spend, forecast.tier, forecast.needs, forecast.near_miss) == (None, None, None, [])
    scored = client.post("/v1/forecast", content=sent({"timestamp": "2020-08-01"}), headers=JSON)
    assert scored.json()["forecasts"][0]["expected_spend"] is None
    assert answered_pages.Member.model_validate(client.get(f"/v1/members/{member}").json(), extra="forbid")
    error = shaped(client.post("/v1/forecast", content=sent(LINE), headers=JSON), 409, "input")
    assert "a line has no amount" in error["message"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/members/nobody", 404, "unknown_member"),
        ("GET", "/v1/members/%20", 404, "unknown_member"),
        ("GET", "/v1/members/%FF%00", 404, "unknown_member"),
        ("GET", "/v1/members/' OR 1=1 --", 404, "unknown_member"),
        ("GET", "/v1/members/a/b", 404, "unknown_member"),
        ("GET", "/v1/members/" + "x" * 201, 422, "invalid_request"),
        ("GET", "/v1/members/059?reasons=-1", 422, "invalid_request"),
        ("GET", "/v1/members/059?reasons=many", 422, "invalid_request"),
        ("GET", "/v1/members/059?lang=zh", 422, "invalid_request"),
        ("GET", "/v1/members?temperature=boiling", 422, "invalid_request"),
        ("GET", "/v1/members?tiers=Top", 422, "invalid_request"),
        ("GET", "/v1/members?tier=Platinum", 409, "input"),
        ("GET", "/v1/members?limit=0", 422, "invalid_request"),
        ("GET", "/v1/members?cursor=nonsense", 409, "input"),
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/v1", 404, "not_found"),
        ("GET", "/v1/forecasts/059", 404, "not_found"),
        ("GET", "/../../etc/passwd", 404, "not_found"),
        ("DELETE", "/v1/members/nobody", 404, "nothing_kept"),
        ("DELETE", "/v1/forecast", 405, "method_not_allowed"),
        ("PUT", "/v1/members/059", 405, "method_not_allowed"),
        ("GET", "/v1/forecast", 405, "method_not_allowed"),
    ],
)
def test_addresses_that_give_nothing(shop: Shop, method: str, path: str, status: int, code: str) -> None:
    shaped(served(shop.home.path)(method, path), status, code)


NESTED = b"[" * 50_000
BAD_BODIES = {
    "none": (b"", 422, "invalid_request"),
    "cut off": (sent(LINE)[:-3], 422, "invalid_request"),
    "no json": (b"customer_id,amount", 422, "invalid_request"),
    "a list": (b"[1, 2]", 422, "invalid_request"),
    "a number": (b"7", 422, "invalid_request"),
    "null": (b"null", 422, "invalid_request"),
    "no utf-8": (b'{"histories": "\xff"}', 422, "invalid_request"),
    "nested": (NESTED, 422, "invalid_request"),
    "endless number": (sent(LINE).replace(b"8642.97531", b"1" * 5_000), 422, "invalid_request"),
    "NaN": (sent({**LINE, "amount": float("nan")}), 422, "invalid_request"),
    "Infinity": (sent({**LINE, "amount": float("inf")}), 422, "invalid_request"),
    "-Infinity": (sent({**LINE, "amount": float("-inf")}), 422, "invalid_request"),
    "1e400": (sent(LINE).replace(b"8642.97531", b"1e400"), 422, "invalid_request"),
    "absurd": (sent({**LINE, "amount": -1e300}), 422, "invalid_request"),
    "text amount": (sent({**LINE, "amount": f"{AMOUNT}"}), 422, "invalid_request"),
    "true amount": (sent({**LINE, "amount": True}), 422, "invalid_request"),
    "null amount": (sent({**LINE, "amount": None}), 409, "input"),
    "missing amount": (sent(LINE, {"timestamp": "2020-08-12"}), 409, "input"),
    "missing time": (sent({"amount": AMOUNT}), 422, "invalid_request"),
    "text time": (sent({**LINE, "timestamp": f"the day of {SECRET}"}), 422, "invalid_request"),
    "old time": (sent({**LINE, "timestamp": "0001-01-01"}), 422, "invalid_request"),
    "line after as_of": (sent(LINE, as_of="2020-08-01"), 409, "cutoff"),
    "line on as_of": (sent({**LINE, "timestamp": "2020-08-01T10:11:12"}, as_of="2020-08-01"), 409, "cutoff"),
    "line after the store's day": (sent({**LINE, "timestamp": "2031-01-01T10:11:12"}), 409, "cutoff"),
    "bad as_of": (sent(LINE, as_of=SECRET), 422, "invalid_request"),
    "blank id": (sent(LINE, member="  "), 422, "invalid_request"),
    "no id": (sent(LINE, member=None), 422, "invalid_request"),
    "half a character as id": (sent(LINE, member="\ud800"), 422, "invalid_request"),
    "half a character as key": (sent({**LINE, "\ud800": 1}), 422, "invalid_request"),
    "no lines": (sent(), 422, "invalid_request"),
    "no histories": (b'{"histories": []}', 422, "invalid_request"),
    "negative reasons": (sent(LINE, reasons=-1), 422, "invalid_request"),
    "unknown field": (sent(LINE, extra=SECRET), 422, "invalid_request"),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_bodies_that_cannot_be_scored(shop: Shop, name: str) -> None:
    content, status, code = BAD_BODIES[name]
    shaped(served(shop.home.path).post("/v1/forecast", content=content, headers=JSON), status, code)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
@pytest.mark.parametrize("path", ["/v1/forecast", "/v1/what-if", "/v1/transactions"])
def test_a_body_of_another_kind(shop: Shop, kind: str, path: str) -> None:
    answer = served(shop.home.path).post(path, content=sent(LINE), headers={"content-type": kind})
    error = shaped(answer, 415, "unsupported_media_type")
    assert "content-type: application/json" in error["message"]


def test_an_id_twice(shop: Shop) -> None:
    client = served(shop.home.path)
    for ids in (("a", "a"), (7, "7"), (7, 7.0)):
        histories = [{"customer_id": member, "transactions": [LINE]} for member in ids]
        error = shaped(client.post("/v1/forecast", json={"histories": histories}), 409, "input")
        assert "each member is sent once" in error["message"]


def test_a_finding_names_the_place_and_not_the_value(shop: Shop) -> None:
    body = sent(LINE, {**LINE, "amount": SECRET, "timestamp": SECRET}, {**LINE, "timestamp": SECRET})
    error = shaped(served(shop.home.path).post("/v1/forecast", content=body, headers=JSON), 422, "invalid_request")
    assert [detail["place"] for detail in error["details"]] == [
        "histories.0.transactions.1.timestamp",
        "histories.0.transactions.1.amount",
    ]


def test_too_many_ids_histories_and_reasons(shop: Shop) -> None:
    client = served(shop.home.path)
    assert client.post("/v1/forecast", json={"ids": ["059", *range(999)]}).status_code == 200
    for body in (
        {"ids": ["059"] * 1_001},
        {"histories": [{"customer_id": i, "transactions": [LINE]} for i in range(101)]},
        {"histories": [{"customer_id": 1, "transactions": [LINE] * 20_001}]},
        {"ids": ["059"], "reasons": 11},
    ):
        shaped(client.post("/v1/forecast", json=body), 422, "invalid_request")


def test_a_body_too_large_announced_or_not(shop: Shop) -> None:
    client = app(shop.home.path, Limits(body_bytes=1_000))

    async def parts() -> Any:
        for _ in range(10):
            yield sent(LINE)

    shaped(client.post("/v1/forecast", content=sent(LINE) * 10, headers=JSON), 413, "limit")
    shaped(client.post("/v1/forecast", content=parts(), headers=JSON), 413, "limit")


def test_a_history_of_a_million_lines(shop: Shop) -> None:
    line = b'{"timestamp":"2020-08-11","amount":1},'
    body = b'{"histories":[{"customer_id":1,"transactions":[' + line * 999_999 + line[:-1] + b"]}]}"
    shaped(served(shop.home.path).post("/v1/forecast", content=body, headers=JSON), 413, "limit")


def test_no_store_yet(tmp_path: Path) -> None:
    client = app(tmp_path)
    for method, path, body in (
        ("GET", "/v1/members/1", None),
        ("GET", "/v1/model", None),
        ("POST", "/v1/forecast", b'{"ids": [1]}'),
        ("POST", "/v1/forecast", sent(LINE)),
    ):
        answer = client(method, path, content=body, headers=JSON)
        shaped(answer, 503, "no_model")
        assert int(answer.headers["retry-after"]) >= 1
    assert client.get("/docs").status_code == 200


@pytest.mark.parametrize("path", ["/v1/forecast", "/v1/members/059"])
def test_a_crash_keeps_its_inside(shop: Shop, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    def crash(*_: Any) -> None:
        raise RuntimeError(f"{SECRET} spent {AMOUNT}")

    for name in ("at_once", "of_histories", "member"):
        monkeypatch.setattr(Answers, name, crash)
    client = served(shop.home.path)
    bodies = (sent(LINE), b'{"ids": ["059"]}')
    tried = [client.post(path, content=body, headers=JSON) for body in bodies] if path.endswith("t") else [client.get(path)]
    for answer in tried:
        error = shaped(answer, 500, "internal_server_error")
        assert "RuntimeError" not in error["message"]


ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(["2020-08-11"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["histories", "customer_id", "transactions", "timestamp", "amount", "as_of", "ids"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@given(ANYTHING, st.sampled_from(["/v1/forecast", "/v1/what-if", "/v1/transactions"]))
def test_whatever_is_sent_the_answer_is_a_forecast_or_an_error_in_shape(shop: Shop, content: Any, path: str) -> None:
    body = json.dumps(content).encode()
    answer = served(shop.home.path).post(path, content=body, headers=JSON)
    if answer.status_code == 200:
        assert "forecasts" in answer.json() or "trials" in answer.json()
    else:
        assert answer.status_code in {404, 409, 422}
        assert set(answer.json()["error"]) == {"code", "message", "details"}


@given(
    st.lists(
        st.tuples(st.datetimes(dt.datetime(1980, 1, 2), dt.datetime(2020, 8, 1)), st.floats(-1e10, 1e10)),
        min_size=1,
        max_size=5,
    )
)
def test_every_history_within_the_rules_is_answered(shop: Shop, lines: list[tuple[dt.datetime, float]]) -> None:
    own = [{"timestamp": time.isoformat(), "amount": amount} for time, amount in lines]
    answer = served(shop.home.path).post("/v1/forecast", content=sent(*own, member="m"), headers=JSON)
    assert answer.status_code == 200, answer.text
    content = answered.Forecasts.model_validate(answer.json())
    assert [forecast.customer_id for forecast in content.forecasts] + content.silent == ["m"]
    for forecast in content.forecasts:
        assert 0 < forecast.p_churn < 1
        assert sum(forecast.p_next_tier.values()) == pytest.approx(1.0, abs=1e-9)
