from __future__ import annotations

import base64
import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from features.errors import ArtifactError, NoModelError, TrackingError
from serving.desk.registry_alias import champion_version
from training.mlflow_session import connected
from training.registry import CHALLENGER, CHAMPION, MODEL, VERSION_TAG, find, name_of

FIRST, SECOND = "2020-01-01-00000001", "2020-01-02-00000002"


def add(mlflow: Any, tags: dict[str, str]) -> str:
    return str(mlflow.MlflowClient().create_model_version(MODEL, "file:///nowhere", tags=tags).version)


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('registry')}/mlflow.db"


def test_mlflows_own_registry_as_its_alias_moves(uri: str) -> None:
    assert champion_version(uri) is None
    with connected(uri) as mlflow:
        client = mlflow.MlflowClient()
        client.search_registered_models()  # makes the tables
        assert champion_version(uri) is None
        client.create_registered_model("another")
        client.set_registered_model_alias(
            "another", CHAMPION, client.create_model_version("another", "file:///nowhere").version
        )
        assert champion_version(uri) is None
        client.create_registered_model(MODEL)
        numbers = [add(mlflow, {VERSION_TAG: name, "tiercast.format": "4"}) for name in (FIRST, SECOND)]
        with pytest.raises(NoModelError, match="none that has"):
            champion_version(uri)
        client.set_registered_model_alias(MODEL, CHALLENGER, numbers[1])
        for number in (*numbers, *numbers):
            client.set_registered_model_alias(MODEL, CHAMPION, number)
            assert champion_version(uri) == name_of(find(mlflow, CHAMPION))
        client.set_registered_model_alias(MODEL, CHAMPION, add(mlflow, {}))
        with pytest.raises(ArtifactError, match="carries its version in the tag"):
            champion_version(uri)
        client.set_registered_model_alias(MODEL, CHAMPION, add(mlflow, {VERSION_TAG: "../../etc"}))
        with pytest.raises(ArtifactError):
            champion_version(uri)
        client.delete_registered_model_alias(MODEL, CHAMPION)
        with pytest.raises(NoModelError):
            champion_version(uri)


def test_a_database_of_something_else_is_no_registry(tmp_path: Path) -> None:
    place = tmp_path / "other.db"
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("CREATE TABLE mine (x)")
        connection.commit()
    before = place.read_bytes()
    assert champion_version(f"sqlite:///{place}") is None
    assert place.read_bytes() == before
    assert champion_version(f"sqlite:///{tmp_path}/none.db") is None
    assert champion_version("sqlite://") is None
    assert {path.name for path in tmp_path.iterdir()} == {"other.db"}


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ml:secret@127.0.0.1:9/runs",
        "http://ml:secret@127.0.0.1:9",
        "https://ml:secret@127.0.0.1:9/mlflow/",
        "mysql://ml:secret@127.0.0.1/runs",
        "databricks",
        "file:///runs",
        "nonsense",
    ],
)
def test_a_registry_that_is_away_or_of_another_kind(address: str) -> None:
    with pytest.raises(TrackingError) as caught:
        champion_version(address)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    place = tmp_path / "mlflow.db"
    place.write_bytes(b"no database " * 100)
    with pytest.raises(TrackingError, match="DatabaseError"):
        champion_version(f"sqlite:///{place}")


class Server:
    """Answers as told; remembers what it was asked."""

    def __init__(self) -> None:
        self.status, self.body, self.headers = 200, b"", {"Content-Type": "application/json"}
        self.asked: list[tuple[str, dict[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append((self.path, dict(self.headers)))
                self.send_response(outer.status)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.uri = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join(10)


def answer(tags: Any) -> bytes:
    """As MLflow 3.17 writes it."""
    told = {"name": MODEL, "version": "3", "current_stage": "None", "run_id": "4f", "status": "READY", "tags": tags}
    return json.dumps({"model_version": told}).encode()


GOOD = answer([{"key": "tiercast.format", "value": "4"}, {"key": VERSION_TAG, "value": SECOND}])


def test_a_server_is_asked_by_its_public_call(server: Server) -> None:
    server.body = GOOD
    assert champion_version(server.uri + "/mlflow/", {}) == SECOND
    path, headers = server.asked[0]
    assert path == "/mlflow/api/2.0/mlflow/registered-models/alias?name=tiercast&alias=champion"
    assert "Authorization" not in headers


@pytest.mark.parametrize(
    ("user", "environment", "expected"),
    [
        ("", {"MLFLOW_TRACKING_TOKEN": "t1"}, "Bearer t1"),
        ("", {"MLFLOW_TRACKING_USERNAME": "ml", "MLFLOW_TRACKING_PASSWORD": "s:1", "MLFLOW_TRACKING_TOKEN": "t1"}, "ml:s:1"),
        ("ml:s%21@", {}, "ml:s!"),
        ("", {"MLFLOW_TRACKING_USERNAME": "ml"}, None),
    ],
)
def test_a_server_is_told_who_asks(server: Server, user: str, environment: dict[str, str], expected: str | None) -> None:
    server.body = GOOD
    assert champion_version(server.uri.replace("://", f"://{user}"), environment) == SECOND
    if expected is not None and not expected.startswith("Bearer"):
        expected = "Basic " + base64.b64encode(expected.encode()).decode()
    assert server.asked[0][1].get("Authorization") == expected


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (404, b'{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such model"}', None),
        (400, b'{"error_code": "INVALID_PARAMETER_VALUE", "message": "no such alias"}', NoModelError),
        (404, b"<html>no such page</html>", TrackingError),
        (401, b"", TrackingError),
        (500, b'{"error_code": "INTERNAL_ERROR"}', TrackingError),
        (200, b"", TrackingError),
        (200, b"[1]", TrackingError),
        (200, b'{"model_version": 7}', TrackingError),
        (200, b"[" * 200_000, TrackingError),
        (200, GOOD + b" " * 1_000_001, TrackingError),
        (200, answer(None), ArtifactError),
        (200, answer([]), ArtifactError),
        (200, answer([7, {"key": VERSION_TAG, "value": 7}]), ArtifactError),
    ],
)
def test_what_a_server_may_answer(server: Server, status: int, body: bytes, expected: type[Exception] | None) -> None:
    server.status, server.body = status, body
    if expected is None:
        assert champion_version(server.uri, {}) is None
    else:
        with pytest.raises(expected):
            champion_version(server.uri, {})


def test_no_password_follows_to_another_address(server: Server) -> None:
    server.status, server.headers["Location"] = 302, server.uri + "/elsewhere"
    with pytest.raises(TrackingError, match="status 302"):
        champion_version(server.uri, {"MLFLOW_TRACKING_TOKEN": "t1"})
    assert len(server.asked) == 1


def test_mlflow_is_not_imported() -> None:
    code = "import sys, serving.desk.registry_alias; print('mlflow' in sys.modules, 'pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
