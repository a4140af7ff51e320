"""serving/http/protection.py: the settings, and the layers as one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from calls import Client
from starlette.responses import Response

from features.errors import ConfigError
from serving.database.engine import open_engine
from serving.database.tables import METADATA
from serving.http.gate import Gate
from serving.http.protection import Protection, layers, protection, wrapped
from serving.privacy.keys import Keyring, make


def test_defaults() -> None:
    found = protection({})
    assert (found.with_keys, found.rate, found.queue, found.log) == (True, 0, 128, "errors")
    assert len(found.log_salt) == 32
    assert found.log_salt != protection({}).log_salt
    assert repr(found.log_salt) not in repr(found)


def test_all_can_be_set() -> None:
    found = protection(
        {
            "TIERCAST_WITHOUT_KEYS": "1",
            "TIERCAST_RATE": "2.5",
            "TIERCAST_BURST": "10",
            "TIERCAST_QUEUE": "16",
            "TIERCAST_LOG": "all",
            "TIERCAST_LOG_SALT": "s" * 32,
        }
    )
    assert found == Protection(False, 2.5, 10, 16, "all", b"s" * 32)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIERCAST_RATE", "-1"),
        ("TIERCAST_RATE", "many"),
        ("TIERCAST_RATE", "nan"),
        ("TIERCAST_RATE", "inf"),
        ("TIERCAST_RATE", "1e-320"),
        ("TIERCAST_RATES", "1"),
        ("TIERCAST_BURST", "0.5"),
        ("TIERCAST_QUEUE", "0"),
        ("TIERCAST_QUEUE", "1.5"),
        ("TIERCAST_LOG", "some"),
        ("TIERCAST_LOG_SALT", "short"),
        ("TIERCAST_WITHOUT_KEYS", "yes"),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        protection({name: value})


@pytest.fixture
def service(tmp_path: Path) -> tuple[Client, str, Gate]:
    """An app in all layers, a key with the scope 'forecast', and the gate."""
    engine = open_engine(f"sqlite:///{tmp_path / 'store.sqlite'}")
    METADATA.create_all(engine)
    _, text = make(engine, "shop", ["forecast"])
    ring, gate = Keyring(engine), Gate()
    ring.refresh()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/v1/model":
            raise KeyError("0042")
        page = scope["path"] == "/docs"
        await Response("<p>" if page else "{}", media_type="text/html" if page else "application/json")(scope, receive, send)

    chosen = Protection(rate=1, burst=4, log="off")
    return Client(wrapped(app, layers(chosen, ring, gate, 100))), text, gate


def test_every_answer_has_an_id_and_the_headers_and_every_refusal_the_shape(
    service: tuple[Client, str, Gate],
) -> None:
    client, text, _ = service
    key = {"authorization": f"Bearer {text}"}
    answers = {
        "fine": (client.post("/v1/forecast", json={}, headers=key), 200),
        "page": (client.get("/docs"), 200),
        "no key": (client.post("/v1/forecast", json={}), 401),
        "scope": (client.get("/v1/members", headers=key), 403),
        "no route": (client.get("/none", headers=key), 404),
        "method": (client.get("/v1/forecast", headers=key), 405),
        "large": (client.post("/v1/forecast", content=b"x" * 101, headers=key), 413),
        "crash": (client.get("/v1/model", headers=key), 500),
        "one more": (client.post("/v1/forecast", json={}, headers=key), 200),
        "rate": (client.post("/v1/forecast", json={}, headers=key), 429),
    }
    for name, (answer, status) in answers.items():
        assert answer.status_code == status, name
        assert len(answer.headers.get_list("x-request-id")) == 1, name
        for header in ("x-content-type-options", "cache-control", "content-security-policy", "referrer-policy"):
            assert len(answer.headers.get_list(header)) == 1, (name, header)
        if status >= 400:
            assert set(answer.json()) == {"error"}, name
            assert set(answer.json()["error"]) == {"code", "message", "details"}, name
            assert text not in answer.text
    assert len({answer.headers["x-request-id"] for answer, _ in answers.values()}) == len(answers)


def test_a_refusal_at_the_gate_leaves_in_the_shape(
    service: tuple[Client, str, Gate], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, text, gate = service

    async def closed() -> None:
        from features.errors import OverloadError

        raise OverloadError("this service takes less")

    monkeypatch.setattr(gate, "turn", closed)
    answer = client.post("/v1/forecast", json={}, headers={"authorization": f"Bearer {text}"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert orjson.loads(answer.content)["error"]["code"] == "overload"
