"""The service as it is run: `tiercast serve`, `bentoml serve`, and a built bento in an environment of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from calls import BIN, ENVIRONMENT, ROOT, Server, serving, tiercast
from homes import Demo

SECRET = "secret-4711"
LINE = {"timestamp": "2017-12-02T10:11:12", "amount": 8642.97531, "order_id": SECRET}
HEAVY = ["mlflow", "shap", "sklearn", "pandas", "lightgbm", "ibis", "duckdb", "pyarrow", "matplotlib", "numba"]


def request(**change: Any) -> dict[str, Any]:
    return {"histories": [{"customer_id": SECRET, "transactions": [{**LINE, **change}]}]}


def in_shape(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message", "details"}
    assert answer.json()["error"]["code"] == code
    assert SECRET not in answer.text
    assert "8642" not in answer.text


@pytest.fixture(scope="module")
def server(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """``tiercast serve`` over the demo's home, which takes bodies of up to 20,000 bytes."""
    folder = tmp_path_factory.mktemp("serve")
    with serving(
        [BIN / "tiercast", "serve", "--without-keys"],
        folder / "log",
        cwd=folder,
        home=demo.place,
        TIERCAST_MAX_BODY_BYTES="20000",
    ) as up:
        yield up


def test_it_answers_what_the_routes_answer(server: Server, demo: Demo) -> None:
    for path in ("/v1/members/25", "/v1/members?limit=3&tier=Gold", "/v1/model", "/docs", "/openapi.json", "/desk"):
        answer = server.get(path)
        assert answer.status_code == 200
        assert answer.content == demo.client.get(path).content
    for body in ({"ids": [25, 1, "nobody"]}, {"ids": [25], "as_of": "2018-01-05"}, request()):
        answer = server.post("/v1/forecast", body)
        assert answer.status_code == 200
        assert answer.content == demo.client.post("/v1/forecast", json=body).content
    assert server.get("/livez").status_code == server.get("/readyz").status_code == 200
    assert "tiercast_champion_info" in server.get("/metrics").text


def test_errors_have_one_shape_over_the_wire(server: Server) -> None:
    in_shape(server.get("/v1/members/nobody"), 404, "unknown_member")
    in_shape(server.get("/nowhere"), 404, "not_found")
    in_shape(httpx.delete(server.url + "/v1/forecast"), 405, "method_not_allowed")
    in_shape(server.post("/v1/forecast", request(amount=SECRET)), 422, "invalid_request")
    in_shape(server.post("/v1/forecast", request(timestamp="2031-01-01")), 409, "cutoff")
    in_shape(httpx.post(server.url + "/v1/forecast", content=b"{"), 415, "unsupported_media_type")


def test_a_body_too_large_over_the_wire(server: Server) -> None:
    body = json.dumps(request()).encode() + b" " * 20_000

    def parts() -> Iterator[bytes]:
        yield from (body[start : start + 1_000] for start in range(0, len(body), 1_000))

    headers = {"content-type": "application/json"}
    in_shape(httpx.post(server.url + "/v1/forecast", content=body, headers=headers), 413, "limit")
    in_shape(httpx.post(server.url + "/v1/forecast", content=parts(), headers=headers), 413, "limit")
    assert server.get("/v1/members/25").status_code == 200


def test_its_log_holds_nothing_that_was_sent(server: Server) -> None:
    server.post("/v1/forecast", request())
    server.post("/v1/forecast", request(amount=SECRET))
    log = server.log.read_text()
    assert f"Tiercast answers on {server.url}" in log
    assert SECRET not in log
    assert "8642" not in log
    assert "Traceback" not in log


def test_bentoml_serves_it_with_keys_and_takes_up_a_batch(demo: Demo, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    command, follow = [BIN / "bentoml", "serve", "serving.service:Tiercast"], {"TIERCAST_FOLLOW_SECONDS": "1"}
    with serving(command, tmp_path / "log", cwd=ROOT, home=home, until="/livez", **follow) as up:
        in_shape(up.get("/v1/members/25"), 401, "no_key")
        in_shape(up.get("/readyz"), 503, "service_unavailable")
        in_shape(up.get("/nowhere"), 401, "no_key")
        assert up.get("/desk/app.js").headers["content-type"].startswith("text/javascript")  # and the page needs none
        # The service may have the file open by now: it is filled through SQLite, not copied over.
        with (
            closing(sqlite3.connect(demo.place / "store.sqlite")) as full,
            closing(sqlite3.connect(home / "store.sqlite")) as own,
        ):
            full.backup(own)
        made = tiercast("keys", "make", "--name", "test", "--scope", "forecast", "--home", home, cwd=tmp_path)
        (key,) = re.findall(r"tc_[\w-]+", made.stdout)
        headers = {"authorization": f"Bearer {key}"}
        _until(lambda: up.get("/v1/members/25", headers=headers).status_code == 200)
        assert up.get("/readyz").status_code == 200
        assert up.get("/v1/members/25", headers=headers).content == demo.client.get("/v1/members/25").content
        in_shape(up.get("/v1/members/25"), 401, "no_key")
        in_shape(up.get("/v1/members", headers=headers), 403, "missing_scope")
    assert SECRET not in (tmp_path / "log").read_text()


def _until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not done():
        assert time.monotonic() < end
        time.sleep(0.2)


IMPORTS = """
import asyncio, json, sys
import serving.commands.serve
from serving.service import SERVICE
import httpx

async def ask(method, path, **sent):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(SERVICE.app), base_url="http://127.0.0.1") as client:
        return await client.request(method, path, **sent)

member, body = sys.argv[1], json.loads(sys.argv[2])
SERVICE.desk.look()
assert asyncio.run(ask("GET", f"/v1/members/{member}")).status_code == 200
asked = {"customer_id": int(member), "trials": [[{"date": "2018-01-09", "kind": "visit"}]]}
assert asyncio.run(ask("POST", "/v1/what-if", json=asked)).status_code == 200
answer = asyncio.run(ask("POST", "/v1/forecast", json=body))
assert answer.json()["forecasts"], answer.text
print(*sorted({".".join(name.split(".")[:2]) for name in sys.modules}))
"""


def test_the_serving_process_loads_nothing_heavy(demo: Demo) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS, "25", json.dumps(request())],
        cwd=ROOT,
        env={**ENVIRONMENT, "TIERCAST_HOME": str(demo.place), "TIERCAST_WITHOUT_KEYS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    modules = set(done.stdout.split())
    loaded = {name.partition(".")[0] for name in modules}
    assert {"bentoml", "fastapi", "numpy", "serving", "training", "features"} <= loaded
    assert loaded & set(HEAVY) == set()
    # The purchase process takes its functions from scipy.special, and nothing that fits or tests.
    assert "scipy.special" in modules
    assert not modules & {"scipy.optimize", "scipy.stats", "scipy.sparse", "scipy.linalg", "scipy.integrate"}


def test_a_built_bento_answers_in_an_environment_of_its_own(demo: Demo, tmp_path: Path) -> None:
    elsewhere, environment = tmp_path / "elsewhere", {**ENVIRONMENT, "BENTOML_HOME": str(tmp_path / "bentoml")}
    elsewhere.mkdir()
    subprocess.run(
        [str(BIN / "bentoml"), "build", "--version", "tested"],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        timeout=120,
    )
    bento = elsewhere / "bento"
    shutil.copytree(tmp_path / "bentoml" / "bentos" / "tiercast" / "tested", bento)
    packed = {path.relative_to(bento / "src").parts[0] for path in (bento / "src").rglob("*") if path.is_file()}
    assert {"features", "training", "serving"} <= packed
    assert not packed & {"tests", "demo-data", ".venv", ".git", "notebooks", "benchmarks"}
    clean = elsewhere / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(clean)], check=True, timeout=120)
    pip = [str(clean / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run(
        [*pip, "-r", str(bento / "env" / "python" / "requirements.txt")], check=True, capture_output=True, timeout=400
    )
    isolated = {"PYTHONPATH": "", "VIRTUAL_ENV": str(clean), "BENTOML_HOME": str(elsewhere / "own")}
    isolated["TIERCAST_WITHOUT_KEYS"] = "1"
    command = [clean / "bin" / "bentoml", "serve", bento]
    with serving(command, elsewhere / "log", cwd=elsewhere, home=demo.place.absolute(), **isolated) as up:
        assert up.get("/v1/members/25").content == demo.client.get("/v1/members/25").content
        for body in ({"ids": [25, 1], "contributions": True}, request()):
            assert up.post("/v1/forecast", body).content == demo.client.post("/v1/forecast", json=body).content
        in_shape(up.get("/v1/members/nobody"), 404, "unknown_member")


def test_bentomls_usage_reports_are_off_even_if_it_was_asked_before() -> None:
    code = """
        from bentoml._internal.utils.analytics.usage_stats import do_not_track
        print(do_not_track())
        import serving.service
        print(do_not_track())
    """
    environment = {name: value for name, value in os.environ.items() if "TRACK" not in name}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True"]
