from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from homes import Shop, app
from hypothesis import given
from hypothesis import strategies as st

from features.errors import ConfigError
from serving import schemas
from serving.predictor import Predictor
from serving.settings import Limits

SECRET = "secret-4711"
AMOUNT = 8642.97531
LINE = {"timestamp": "2020-08-11T10:11:12", "amount": AMOUNT, "order_id": SECRET}
JSON = {"content-type": "application/json"}


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
    assert schemas.FaultAnswer.model_validate(answer.json())
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


def test_a_forecast_has_the_documented_shape(shop: Shop) -> None:
    member = shop.log.customer_id.iloc[-1]
    client = app(shop.home.path)
    for path in (f"/v1/forecasts/{member}", f"/v1/forecasts/{member}?contributions=true&language=zh&reasons=20"):
        answer = client.get(path)
        assert answer.status_code == 200
        forecast = schemas.Forecast.model_validate(answer.json(), extra="forbid")
        assert forecast.customer_id == member
        assert (forecast.contributions is None) == ("contributions" not in path)
    found = client.post("/v1/forecasts", json={"customer_ids": [member, "nobody"]})
    assert schemas.Found.model_validate(found.json(), extra="forbid").unknown == ["nobody"]
    scored = client.post("/v1/score", content=sent(LINE), headers=JSON)
    assert schemas.Scored.model_validate(scored.json(), extra="forbid").forecasts[0].customer_id == SECRET


def test_an_answer_without_amounts_has_the_documented_shape(visits_shop: Shop) -> None:
    client = app(visits_shop.home.path)
    member = int(visits_shop.log.customer_id.iloc[-1])
    forecast = schemas.Forecast.model_validate(client.get(f"/v1/forecasts/{member}").json(), extra="forbid")
    assert (forecast.expected_spend, forecast.tier, forecast.needs) == (None, None, None)
    scored = client.post("/v1/score", content=sent({"timestamp": "2020-08-01"}), headers=JSON)
    assert scored.json()["forecasts"][0]["expected_spend"] is None
    error = shaped(client.post("/v1/score", content=sent(LINE), headers=JSON), 422, "input")
    assert "a line has no amount" in error["message"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/forecasts/nobody", 404, "unknown_member"),
        ("GET", "/v1/forecasts/%20", 404, "unknown_member"),
        ("GET", "/v1/forecasts/%FF%00", 404, "unknown_member"),
        ("GET", "/v1/forecasts/' OR 1=1 --", 404, "unknown_member"),
        ("GET", "/v1/forecasts/" + "x" * 201, 422, "invalid_request"),
        ("GET", "/v1/forecasts/059?reasons=-1", 422, "invalid_request"),
        ("GET", "/v1/forecasts/059?reasons=many", 422, "invalid_request"),
        ("GET", "/v1/forecasts/059?language=fr", 422, "invalid_request"),
        ("GET", "/v1/forecasts/059?contributions=perhaps", 422, "invalid_request"),
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/v1", 404, "not_found"),
        ("GET", "/v1/forecasts/a/b", 404, "unknown_member"),
        ("GET", "/v1/forecasts/1?lang=zh", 422, "input"),
        ("GET", "/../../etc/passwd", 404, "not_found"),
        ("DELETE", "/v1/forecasts", 405, "method_not_allowed"),
        ("PUT", "/v1/forecasts/059", 405, "method_not_allowed"),
        ("GET", "/v1/score", 405, "method_not_allowed"),
    ],
)
def test_addresses_that_give_nothing(shop: Shop, method: str, path: str, status: int, code: str) -> None:
    shaped(app(shop.home.path)(method, path), status, code)


NESTED = b"[" * 50_000
BAD_BODIES = {
    "none": (b"", 422, "invalid_request"),
    "cut off": (sent(LINE)[:-3], 422, "invalid_request"),
    "no json": (b"customer_id,amount", 422, "invalid_request"),
    "a list": (b"[1, 2]", 422, "invalid_request"),
    "a number": (b"7", 422, "invalid_request"),
    "null": (b"null", 422, "invalid_request"),
    "no utf-8": (b'{"histories": "\xff"}', 400, "bad_request"),
    "nested": (NESTED, 400, "bad_request"),
    "endless number": (sent(LINE).replace(b"8642.97531", b"1" * 5_000), 400, "bad_request"),
    "NaN": (sent({**LINE, "amount": float("nan")}), 422, "invalid_request"),
    "Infinity": (sent({**LINE, "amount": float("inf")}), 422, "invalid_request"),
    "-Infinity": (sent({**LINE, "amount": float("-inf")}), 422, "invalid_request"),
    "1e400": (sent(LINE).replace(b"8642.97531", b"1e400"), 422, "invalid_request"),
    "absurd": (sent({**LINE, "amount": -1e300}), 422, "invalid_request"),
    "text amount": (sent({**LINE, "amount": f"{AMOUNT}"}), 422, "invalid_request"),
    "true amount": (sent({**LINE, "amount": True}), 422, "invalid_request"),
    "null amount": (sent({**LINE, "amount": None}), 422, "input"),
    "missing amount": (sent(LINE, {"timestamp": "2020-08-12"}), 422, "input"),
    "missing time": (sent({"amount": AMOUNT}), 422, "invalid_request"),
    "text time": (sent({**LINE, "timestamp": f"the day of {SECRET}"}), 422, "invalid_request"),
    "old time": (sent({**LINE, "timestamp": "0001-01-01"}), 422, "invalid_request"),
    "line after as_of": (sent(LINE, as_of="2020-08-01"), 422, "cutoff"),
    "line on as_of": (sent({**LINE, "timestamp": "2020-08-01T10:11:12"}, as_of="2020-08-01"), 422, "cutoff"),
    "line after the store's day": (sent({**LINE, "timestamp": "2031-01-01T10:11:12"}), 422, "cutoff"),
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
    shaped(app(shop.home.path).post("/v1/score", content=content, headers=JSON), status, code)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data"]
)
@pytest.mark.parametrize("path", ["/v1/score", "/v1/forecasts"])
def test_a_body_of_another_kind(shop: Shop, kind: str, path: str) -> None:
    error = shaped(
        app(shop.home.path).post(path, content=sent(LINE), headers={"content-type": kind}), 422, "invalid_request"
    )
    assert "content-type: application/json" in error["message"]


def test_an_id_twice(shop: Shop) -> None:
    client = app(shop.home.path)
    for ids in (("a", "a"), (7, "7"), (7, 7.0)):
        histories = [{"customer_id": member, "transactions": [LINE]} for member in ids]
        error = shaped(client.post("/v1/score", json={"histories": histories}), 422, "input")
        assert "each member is sent once" in error["message"]


def test_a_finding_names_the_place_and_not_the_value(shop: Shop) -> None:
    body = sent(LINE, {**LINE, "amount": SECRET}, {**LINE, "timestamp": SECRET})
    error = shaped(app(shop.home.path).post("/v1/score", content=body, headers=JSON), 422, "invalid_request")
    assert [detail["place"] for detail in error["details"]] == [
        "histories.0.transactions.1.amount",
        "histories.0.transactions.2.timestamp",
    ]


def test_too_many_ids_histories_and_lines(shop: Shop) -> None:
    client = app(shop.home.path, Limits(ids=3, lines=5))
    assert client.post("/v1/forecasts", json={"customer_ids": ["059", "a", "b"]}).status_code == 200
    error = shaped(client.post("/v1/forecasts", json={"customer_ids": ["059", "a", "b", "c"]}), 413, "limit")
    assert "at most 3 customer_ids; got 4" in error["message"]
    four = [{"customer_id": i, "transactions": [LINE]} for i in range(4)]
    assert (
        "at most 3 histories; got 4" in shaped(client.post("/v1/score", json={"histories": four}), 413, "limit")["message"]
    )
    assert client.post("/v1/score", content=sent(*[LINE] * 5), headers=JSON).status_code == 200
    error = shaped(client.post("/v1/score", content=sent(*[LINE] * 6), headers=JSON), 413, "limit")
    assert "at most 5 transaction lines; got 6" in error["message"]


def test_a_body_too_large_announced_or_not(shop: Shop) -> None:
    client = app(shop.home.path, Limits(body_bytes=1_000))

    async def parts() -> Any:
        for _ in range(10):
            yield sent(LINE)

    shaped(client.post("/v1/score", content=sent(LINE) * 10, headers=JSON), 413, "limit")
    shaped(client.post("/v1/score", content=parts(), headers=JSON), 413, "limit")


def test_a_history_of_a_million_lines(shop: Shop) -> None:
    line = b'{"timestamp":"2020-08-11","amount":1},'
    body = b'{"histories":[{"customer_id":1,"transactions":[' + line * 999_999 + line[:-1] + b"]}]}"
    shaped(app(shop.home.path).post("/v1/score", content=body, headers=JSON), 413, "limit")


def test_no_store_yet(tmp_path: Path) -> None:
    client = app(tmp_path)
    shaped(client.get("/v1/forecasts/1"), 503, "no_model")
    shaped(client.post("/v1/forecasts", json={"customer_ids": [1]}), 503, "no_model")
    shaped(client.post("/v1/score", content=sent(LINE), headers=JSON), 503, "no_model")
    assert client.get("/docs").status_code == 200


def test_a_damaged_store(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite").write_bytes(b"no store" * 1_000)
    answer = app(tmp_path).get("/v1/forecasts/1")
    shaped(answer, 500, "artifact")
    assert str(tmp_path) not in answer.text


def test_a_store_whose_model_is_of_another_release(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(stored: Any) -> None:
        raise ConfigError("a feature is written in operators", "'gone_operator'", "train anew")

    monkeypatch.setattr("training.artifact.Feature.from_dict", gone)
    answer = app(shop.home.path).get("/v1/forecasts/059")
    shaped(answer, 500, "artifact")
    assert "gone_operator" not in answer.text


@pytest.mark.parametrize("path", ["/v1/score", "/v1/forecasts", "/v1/forecasts/059"])
def test_a_crash_keeps_its_inside(shop: Shop, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    def crash(*_: Any) -> None:
        raise RuntimeError(f"{SECRET} spent {AMOUNT}")

    monkeypatch.setattr(Predictor, "score", crash)
    monkeypatch.setattr(Predictor, "look_up", crash)
    client = app(shop.home.path)
    body = sent(LINE) if path == "/v1/score" else b'{"customer_ids": ["059"]}'
    answer = client.get(path) if path.endswith("9") else client.post(path, content=body, headers=JSON)
    error = shaped(answer, 500, "internal_server_error")
    assert "RuntimeError" not in error["message"]


ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(["2020-08-11"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["histories", "customer_id", "transactions", "timestamp", "amount", "as_of", "customer_ids"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@given(ANYTHING, st.sampled_from(["/v1/score", "/v1/forecasts"]))
def test_whatever_is_sent_the_answer_is_a_forecast_or_an_error_in_shape(shop: Shop, content: Any, path: str) -> None:
    body = json.dumps(content).encode()
    answer = app(shop.home.path).post(path, content=body, headers=JSON)
    if answer.status_code == 200:
        assert "forecasts" in answer.json()
    else:
        assert answer.status_code in {400, 404, 422}
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
    answer = app(shop.home.path).post("/v1/score", content=sent(*own, member="m"), headers=JSON)
    assert answer.status_code == 200, answer.text
    content = schemas.Scored.model_validate(answer.json())
    assert [forecast.customer_id for forecast in content.forecasts] + content.silent == ["m"]
    for forecast in content.forecasts:
        assert 0 < forecast.p_churn < 1
        assert sum(forecast.p_next_tier.values()) == pytest.approx(1.0, abs=1e-9)
