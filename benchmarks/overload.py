"""Twice as much load as the service can answer, for a minute: what happens to those who are answered, and to the rest.

Capacity is what wrk's 32 clients get. Requests then come at twice that rate, each from a caller who does not wait for the
others (serve_open_loop.py). A refusal is a 429 or a 503.

By hand: ``python benchmarks/overload.py [SECONDS]``; needs Linux, two cores and wrk (see bench_serve.py).
"""

from __future__ import annotations

import os
import re
import resource
import statistics
import sys
import time

import numpy as np
import uvloop
from serve_home import bench_home
from serve_load import Running, cores, started
from serve_open_loop import CONNECTIONS, Generator, Outcome, as_bytes
from serve_peers import ours

SECONDS, TIMES = 60.0, 2.0


def main() -> None:
    """Print latency, refusals, failures and memory: before, under load, after."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, CONNECTIONS + 200), most))
    server = ours(bench_home())
    with started(server) as running:
        running.load(32, 3.0, server.requests)
        unloaded = running.load(1, 5.0, server.requests)
        capacity = statistics.median(running.load(32, 3.0, server.requests, seed=i).per_s for i in range(3))
        print(f"1 client: p50 {unloaded.p50_ms:.2f} ms, p99 {unloaded.p99_ms:.2f} ms; 32 clients: {capacity:,.0f} a second")
        before_mb, began_s = running.anonymous_mb(), running.cpu_s()
        os.sched_setaffinity(0, {cores()[0]})
        at_first = _answered(running)
        generator = Generator(running.port, as_bytes(server.requests, server.path, server.key))
        worked, clock = time.process_time(), time.perf_counter()
        outcome = uvloop.run(generator.run(TIMES * capacity, seconds))
        busy = (time.process_time() - worked) / (time.perf_counter() - clock)
        served = (running.cpu_s() - began_s) / (time.perf_counter() - clock)
        after_mb = running.anonymous_mb()
        _report(outcome, seconds, unloaded.p50_ms)
        print(f"  by the service's own clock, accepted and refused by it: {_middle(at_first, _answered(running))}")
        print(f"processor: the service {served:.0%} of its core, the generator {busy:.0%} of the other")
        print(f"memory beside mapped pages: {before_mb:.0f} MB before, {after_mb:.0f} MB after")
        again = running.load(1, 5.0, server.requests, seed=9)
        print(f"afterwards, 1 client: p50 {again.p50_ms:.2f} ms, {again.p50_ms / unloaded.p50_ms:.2f} x before")


def _report(outcome: Outcome, seconds: float, unloaded_ms: float) -> None:
    sent, late = max(outcome.sent, 1), np.percentile(outcome.late, [50, 99]) * 1e3
    print(f"asked {outcome.sent / seconds:,.0f} times a second for {seconds:g} s; answered by status: {outcome.statuses}")
    print(f"  sent later than due by p50 {late[0]:.2f} ms, p99 {late[1]:.2f} ms: the generator's own part of what follows")
    for name, taken in {"accepted": outcome.accepted, "refused": outcome.refused}.items():
        if taken:
            p50, p99, worst = np.percentile(taken, [50, 99, 100]) * 1e3
            print(
                f"  {name:<9}{len(taken) / sent:7.1%}  {len(taken) / seconds:8,.0f} a second"
                f"  p50 {p50:.1f} ms ({p50 / unloaded_ms:.1f} x unloaded)  p99 {p99:.1f} ms  longest {worst:.1f} ms"
            )
    other = sum(count for status, count in outcome.statuses.items() if status != 200) - len(outcome.refused)
    print(f"  other answers {other}, broken connections {outcome.broken}, not answered at all {outcome.unanswered}")


def _answered(running: Running) -> dict[float, int]:
    """Requests for forecasts that were answered within so many seconds of their coming in, by the service's metrics."""
    text = (running.ask("/metrics") or b"").decode()
    found = re.findall(r'^tiercast_request_seconds_bucket\{le="([^"]+)",route="/v1/forecast"\} (\S+)$', text, re.MULTILINE)
    return {float(bound.replace("+Inf", "inf")): int(float(count)) for bound, count in found}


def _middle(before: dict[float, int], after: dict[float, int]) -> str:
    """Where the median lies, as exactly as a histogram tells."""
    counts = {bound: count - before.get(bound, 0) for bound, count in after.items()}
    low = 0.0
    for bound, count in counts.items():
        if 2 * count >= max(counts.values()):
            break
        low = bound
    return f"half within {low * 1e3:g} to {bound * 1e3:g} ms"


if __name__ == "__main__":
    main()
