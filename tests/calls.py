"""How tests call Tiercast: the routes in this process, a server or a command as a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from ports import free_port

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
READY_SECONDS = 90
ENVIRONMENT = {**os.environ, "BENTOML_DO_NOT_TRACK": "True", "MLFLOW_DISABLE_TELEMETRY": "true", "NO_COLOR": "1"}


@dataclass(frozen=True)
class Client:
    """Asks an ASGI app in this process."""

    app: Any

    def __call__(self, method: str, path: str, **request: Any) -> httpx.Response:
        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.request(method, path, **request)

        return asyncio.run(call())

    def get(self, path: str, **request: Any) -> httpx.Response:
        return self("GET", path, **request)

    def post(self, path: str, json: Any = None, **request: Any) -> httpx.Response:
        return self("POST", path, json=json, **request) if json is not None else self("POST", path, **request)


@dataclass(frozen=True)
class Server:
    """A server that answers at ``url``; what it prints goes to ``log``."""

    url: str
    log: Path

    def get(self, path: str, **request: Any) -> httpx.Response:
        return httpx.get(self.url + path, timeout=60, **request)

    def post(self, path: str, json: Any) -> httpx.Response:
        return httpx.post(self.url + path, json=json, timeout=60)


@contextmanager
def serving(
    command: Sequence[str | Path], log: Path, *, cwd: Path, home: Path, until: str = "/readyz", **environment: str
) -> Iterator[Server]:
    """Start a server on a free port of 127.0.0.1, wait until ``until`` answers, and end it and what it started."""
    port = free_port()
    arguments = [str(part) for part in command] + ["--host", "127.0.0.1", "--port", str(port)]
    variables = {**ENVIRONMENT, "TIERCAST_HOME": str(home), **environment}
    with log.open("wb") as output:
        process = subprocess.Popen(
            arguments, cwd=cwd, env=variables, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    server = Server(f"http://127.0.0.1:{port}", log)
    try:
        _wait(process, server, until)
        yield server
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # its own session: this process and its children
            process.wait(30)


def _wait(process: subprocess.Popen[bytes], server: Server, until: str) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, f"the server ended with {process.returncode}: {server.log.read_text()}"
        try:
            if httpx.get(server.url + until, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"not ready after {READY_SECONDS} s: {server.log.read_text()}")


def tiercast(
    *arguments: str | Path, cwd: Path, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The installed command, as a process of its own."""
    return subprocess.run(
        [str(BIN / "tiercast"), *map(str, arguments)],
        cwd=cwd,
        env={**ENVIRONMENT, **(variables or {})},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
