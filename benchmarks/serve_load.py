"""Load from one core onto a server on another, by wrk, and what the server spends on it.

wrk is a closed-loop generator in C (https://github.com/wg/wrk): every client asks again as soon as it is answered.
Install it with ``apt-get install wrk`` (Debian, Ubuntu), ``dnf install wrk`` (Fedora) or ``brew install wrk``.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

LIMIT_S = 180
_SCRIPT = r"""
local requests, at = {}, 0
function init(args)
  math.randomseed(tonumber(args[4]))
  local headers = { ["Content-Type"] = "application/json" }
  if args[3] ~= "" then headers["Authorization"] = "Bearer " .. args[3] end
  for line in io.lines(args[1]) do
    if line:sub(1, 1) == "/" then
      requests[#requests + 1] = wrk.format("GET", line, headers)
    else
      requests[#requests + 1] = wrk.format("POST", args[2], headers, line)
    end
  end
  at = math.random(#requests)
end
function request()
  at = at % #requests + 1
  return requests[at]
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "errors": %d}\n', summary.requests,
    summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


class Load(NamedTuple):
    """One burst of load: answers a second, latency in milliseconds, answers that were none, processor time of the server."""

    per_s: float
    p50_ms: float
    p99_ms: float
    errors: int
    cpu_us: float


@dataclass(frozen=True)
class Server:
    """A server to be started and asked.

    ``requests`` are bodies to POST to ``path``, or paths to GET; ``many`` are such that ask for 1,000 members.
    """

    name: str
    command: Sequence[str]
    path: str
    requests: Sequence[str]
    many: Sequence[str] = ()
    key: str | None = None
    environment: dict[str, str] = field(default_factory=dict)


@functools.cache
def cores() -> tuple[int, int]:
    """A core for the generator and one for servers."""
    found = sorted(os.sched_getaffinity(0))
    if len(found) < 2:
        raise SystemExit("the generator and the server each need a core: this machine offers one")
    return found[0], found[-1]


def wrk() -> str:
    """Where wrk is."""
    found = shutil.which("wrk")
    if found is None:
        raise SystemExit("the load generator wrk is missing. On Debian and Ubuntu: apt-get install wrk; else see its docs")
    return found


@dataclass
class Running:
    """A server at work on its core."""

    server: Server
    process: subprocess.Popen[bytes]
    port: int
    cold_s: float

    def load(self, clients: int, seconds: float, requests: Sequence[str], seed: int = 1) -> Load:
        """Ask for so long, every client as fast as it is answered."""
        with tempfile.TemporaryDirectory() as folder:
            script, lines = Path(folder) / "ask.lua", Path(folder) / "requests"
            script.write_text(_SCRIPT)
            lines.write_text("\n".join(requests))
            command = [wrk(), "-t1", f"-c{clients}", f"-d{seconds:g}s", "--timeout", "10s", "-s", str(script)]
            command += [
                f"http://127.0.0.1:{self.port}",
                "--",
                str(lines),
                self.server.path,
                self.server.key or "",
                str(seed),
            ]
            was = self.cpu_s()
            with _on(cores()[0]):
                told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            spent = self.cpu_s() - was
        found = json.loads(told.splitlines()[-1])
        done = max(int(found["requests"]), 1)
        return Load(done / found["seconds"], found["p50"], found["p99"], int(found["errors"]), spent / done * 1e6)

    def ask(self, line: str, timeout_s: float = 30.0) -> bytes | None:
        """One answer of 200; None where there is none yet."""
        path, body = (line, None) if line.startswith("/") else (self.server.path, line.encode())
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, {"Content-Type": "application/json"})
        if self.server.key:
            request.add_header("Authorization", f"Bearer {self.server.key}")
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as response:
                return bytes(response.read())
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return None

    def cpu_s(self) -> float:
        """Processor time of all its processes so far."""
        total = 0
        for pid in _tree(self.process.pid):
            for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
                total += int(task.read_text().split()[0])
        return total / 1e9

    def anonymous_mb(self) -> float:
        """Memory beside mapped files: RssAnon of all its processes."""
        total = 0
        for pid in _tree(self.process.pid):
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("RssAnon:"):
                    total += int(line.split()[1])
        return total / 1024

    def mapped_mb(self) -> float:
        """Pages of mapped files that it has touched, shared ones divided."""
        total = 0
        for pid in _tree(self.process.pid):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss_File:"):
                    total += int(line.split()[1])
        return total / 1024


@contextmanager
def started(server: Server) -> Iterator[Running]:
    """A server on its core, from its start to its first answer; stopped at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [part.replace("PORT", str(port)) for part in server.command]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **server.environment}
    with tempfile.TemporaryFile() as log:
        began = time.perf_counter()
        with _on(cores()[1]):
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        running = Running(server, process, port, 0.0)
        try:
            while running.ask(server.requests[0]) is None:
                if process.poll() is not None or time.perf_counter() - began > LIMIT_S:
                    log.seek(0)
                    raise SystemExit(f"{server.name} did not answer: {log.read().decode()[-2000:]}")
                time.sleep(0.01)
            running.cold_s = time.perf_counter() - began
            yield running
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@contextmanager
def _on(core: int) -> Iterator[None]:
    """What is started within stays on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _tree(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    found = [int(child) for child in children.read_text().split()]
    return [pid, *(grandchild for child in found for grandchild in _tree(child))]
