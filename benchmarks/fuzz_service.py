"""Ten thousand requests gone wrong, against a running service: no answer of 500 or above, none that never comes, no leak.

Routes and their examples are read from /openapi.json; a request is made from one, and one thing about it is made wrong
(serve_mutations.py). The seed and a request's number make it again. A few senders stop in the middle and wait; the service
has to end that by itself.

By hand: ``python benchmarks/fuzz_service.py [REQUESTS [SEED]]`` starts a service over 20,000 simulated members;
``python benchmarks/fuzz_service.py REQUESTS SEED PORT PID [KEY]`` takes one that runs, whose members it may change: lines
are posted where an example of that is let through. Needs Linux. Ends with 1 where something is not as it should be.
"""

from __future__ import annotations

import json
import random
import socket
import sys
import threading
import time
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from serve_home import bench_home
from serve_load import started
from serve_mutations import mutated
from serve_peers import ours
from serve_request import Request

REQUESTS, SEED, MEMBERS = 10_000, 7, 20_000
THREADS, WARM, HELD = 8, 1_000, 8
PATIENCE_S, HELD_S = 40.0, 60.0
MOST_GROWTH_MB = 48.0
CLOSED, HUNG, NOTHING = "closed", "hung", "not waited for"
Case = tuple[Request, Any]


def main() -> None:
    """Fuzz, print what came back, and fail where it should not have."""
    arguments = sys.argv[1:]
    count = int(arguments[0]) if arguments else REQUESTS
    seed = int(arguments[1]) if len(arguments) > 1 else SEED
    if len(arguments) > 3:
        _fuzz(count, seed, int(arguments[2]), int(arguments[3]), arguments[4] if len(arguments) > 4 else None)
        return
    server = ours(bench_home(MEMBERS))
    with started(server) as running:
        _fuzz(count, seed, running.port, running.process.pid, server.key)


def _fuzz(count: int, seed: int, port: int, pid: int, key: str | None) -> None:
    cases = _cases(port, key)
    print(f"{count:,} requests from seed {seed} on {', '.join(sorted({f'{c.method} {c.target}' for c, _ in cases}))}")
    held: list[threading.Thread] = []
    outcomes: Counter[tuple[str, str]] = Counter()
    bad: list[str] = []
    holding: list[list[str]] = []
    for i in range(HELD):
        holding.append([])
        bodied = [request for request, _ in cases if request.body] or [cases[0][0]]
        held.append(threading.Thread(target=_hold, args=(port, bodied[i % len(bodied)], holding[-1]), daemon=True))
        held[-1].start()
    before_mb, began = 0.0, time.perf_counter()

    def one(i: int) -> tuple[int, str, str]:
        rng = random.Random(f"{seed}:{i}")
        name, request = mutated(rng, *rng.choice(cases))
        return i, name, send(port, request)

    with ThreadPoolExecutor(THREADS) as pool:
        for i, name, outcome in pool.map(one, range(count)):
            outcomes[name, outcome] += 1
            if outcome == HUNG or (outcome.isdigit() and int(outcome) >= 500):
                bad.append(f"request {i} ({name}): {outcome}")
            if i == min(WARM, count - 1):
                before_mb = _anonymous_mb(pid)
    taken = time.perf_counter() - began
    for thread in held:
        thread.join(HELD_S)
    ends = Counter(found[0] if found else HUNG for found in holding)
    growth = _anonymous_mb(pid) - before_mb
    for outcome, number in sorted(Counter(o for (_, o), n in outcomes.items() for _i in range(n)).items()):
        kinds = sorted(((n, name) for (name, o), n in outcomes.items() if o == outcome), reverse=True)
        print(f"  {outcome:<15}{number:>7,}   {', '.join(f'{name} {n}' for n, name in kinds)}")
    print(f"  {HELD} senders who stopped in the middle: {dict(ends)}")
    print(
        f"  {count / taken:,.0f} a second; memory beside mapped pages {before_mb:.0f} MB after {WARM:,}, "
        f"then {growth:+.1f} MB"
    )
    bad += [f"a sender who stopped in the middle: {end}" for end in ends if end == HUNG or end.startswith("5")]
    if growth > MOST_GROWTH_MB:
        bad.append(f"memory grew by {growth:.0f} MB")
    ready = send(port, Request("GET", "/readyz"))
    if ready != "200":
        bad.append(f"/readyz afterwards: {ready}")
    if bad:
        raise SystemExit("\n".join(["not as it should be:", *bad[:20]]))
    print("PASS: no answer of 500 or above, none that never came, memory stays")


def send(port: int, request: Request) -> str:
    """The status of the answer, or how there came to be none."""
    wire = request.wire()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
            size = max(1, -(-len(wire) // request.pieces))
            for start in range(0, len(wire), size):
                connection.sendall(wire[start : start + size])
                if request.wait_s:
                    time.sleep(request.wait_s)
            if request.abandoned:
                return NOTHING
            # What the request announces and does not send, it will never send.
            if request.framing is not None or request.raw is not None:
                connection.shutdown(socket.SHUT_WR)
            return _status(connection)
    except TimeoutError:
        return HUNG
    except OSError:
        return CLOSED


def _status(connection: socket.socket) -> str:
    got = b""
    while b"\r\n" not in got or _is_interim(got):
        if _is_interim(got) and b"\r\n\r\n" in got:
            got = got.partition(b"\r\n\r\n")[2]
            continue
        part = connection.recv(65_536)
        if not part:
            return CLOSED
        got += part
    status = got[9:12].decode("latin-1")
    return status if got.startswith(b"HTTP/1.") and status.isdigit() else "no HTTP"


def _is_interim(got: bytes) -> bool:
    """Whether another answer follows, as after '100 Continue'."""
    return got.startswith(b"HTTP/1.1 1") and not got.startswith(b"HTTP/1.1 101")


def _hold(port: int, request: Request, found: list[str]) -> None:
    """Send half of a request and wait for what the service makes of that."""
    wire = request.wire()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=HELD_S) as connection:
            connection.sendall(wire[: len(wire) - max(1, len(request.body or b"1") // 2)])
            found.append(_status(connection))
    except TimeoutError:
        found.append(HUNG)
    except OSError:
        found.append(CLOSED)


def _cases(port: int, key: str | None) -> list[Case]:
    """A right request for every route of the service, from its own description."""
    url = f"http://127.0.0.1:{port}/openapi.json"
    with urllib.request.urlopen(urllib.request.Request(url, headers=_keyed(key)), timeout=30) as response:
        described = json.load(response)
    headers = ((b"content-type", b"application/json"), *((n.lower().encode(), v.encode()) for n, v in _keyed(key).items()))
    cases: list[Case] = []
    for path, methods in described["paths"].items():
        for method, route in methods.items():
            if method not in {"get", "post", "put", "patch", "delete"}:
                continue
            target = path
            for parameter in route.get("parameters", ()):
                if parameter["in"] == "path":
                    # Nobody whom a right request to forget could be about.
                    target = target.replace("{" + parameter["name"] + "}", "nobody" if method == "delete" else "17")
            target = target.replace(":path", "")
            schema = route.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            content = None if schema is None else _example(schema, described)
            body = None if schema is None else json.dumps(content).encode()
            cases.append((Request(method.upper(), target, body, headers), content))
    return cases


def _keyed(key: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


def _example(schema: dict[str, Any], described: dict[str, Any], depth: int = 0) -> Any:
    """The example that a schema gives, or the plainest value that it describes."""
    if "$ref" in schema:
        found: Any = described
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return _example(found, described, depth + 1)
    if "example" in schema:
        return schema["example"]
    for name in ("examples", "enum"):
        if schema.get(name):
            return schema[name][0]
    for name in ("anyOf", "oneOf", "allOf"):
        if schema.get(name):
            return _example(schema[name][0], described, depth + 1)
    if schema.get("type") == "object" and depth < 8:
        needed = schema.get("required") or list(schema.get("properties", ()))
        return {name: _example(schema["properties"][name], described, depth + 1) for name in needed}
    if schema.get("type") == "array":
        return [_example(schema.get("items", {}), described, depth + 1)]
    return {"integer": 1, "number": 1.5, "boolean": True, "null": None}.get(str(schema.get("type")), "a")


def _anonymous_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) / 1024


if __name__ == "__main__":
    main()
