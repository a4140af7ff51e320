"""The service beside MLflow's, BentoML's and a plain Starlette one: all at work in one run, asked in turns.

Every server has one core to itself and the generator (wrk) another. All but MLflow answer for one of a million members,
drawn at random; ours looks it up in its store and gives all fields and three reasons, with an API key and metrics. MLflow
scores a row of numbers with the trees of the same churn model and does nothing else, sent as arrays and as data frames.
BentoML's endpoint is empty. Where something else runs on the machine, answers a second sink for whoever is asked just
then; processor time per answer shows it.

Run by hand: ``make bench-serve``, or ``python benchmarks/bench_serve.py [ROUNDS]``; needs Linux, two cores and wrk
(``apt-get install wrk``). The first run makes the home with the members (see serve_home.py), which takes a few minutes.
"""

from __future__ import annotations

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # before anything that starts threads

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from serve_home import BenchHome, bench_home
from serve_load import Load, Running, Server, started, wrk
from serve_peers import BARE, BENTO, MLFLOW, MLFLOW_FRAMES, OURS, STARLETTE, ours, peers, save_for_mlflow

ROUNDS, BURST_S, WARM_S = 5, 3.0, 1.0
CLIENTS = (1, 32)
COLD_ROUNDS = 2


def main() -> None:
    """Print the table, the ratios, and which of them are as they should be."""
    wrk()
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    home = bench_home()
    with tempfile.TemporaryDirectory() as folder:
        others = peers(home, save_for_mlflow(home, Path(folder)))
        us = ours(home)
        cold = _cold([us, others[0]])
        with ExitStack() as stack:
            running = [stack.enter_context(started(server)) for server in (us, *others)]
            before_mb = running[0].anonymous_mb()
            loads = _rounds(running, rounds)
            memory = before_mb, running[0].anonymous_mb(), running[0].mapped_mb()
    names = [server.name for server in (us, *others)]
    medians = {key: _median(each) for key, each in loads.items()}
    print(f"\n{home.members:,} members, {rounds} interleaved rounds of {BURST_S:g} s; medians")
    print(f"{'':<22}{'1 client':>34}{'32 clients':>30}{'1,000 members':>16}")
    print(f"{'':<22}{'/s':>8}{'p50 ms':>9}{'p99 ms':>9}{'cpu µs':>8}{'/s':>10}{'cpu µs':>10}{'errors':>10}{'p50 ms':>16}")
    for name in names:
        one, many = medians[name, 1], medians[name, 32]
        failed = sum(load.errors for (who, _), each in loads.items() if who == name for load in each)
        thousand = f"{medians[name, 0].p50_ms:16.1f}" if (name, 0) in medians else ""
        print(
            f"{name:<22}{one.per_s:8,.0f}{one.p50_ms:9.2f}{one.p99_ms:9.2f}{one.cpu_us:8,.0f}"
            f"{many.per_s:10,.0f}{many.cpu_us:10,.0f}{failed:10}{thousand}"
        )
    print(f"memory of {OURS}: {memory[0]:.0f} MB at first, {memory[1]:.0f} MB after the load, beside {memory[2]:.0f} mapped")
    print(f"cold start to the first answer: {', '.join(f'{name} {seconds:.1f} s' for name, seconds in cold.items())}\n")
    _judge(medians, cold, memory[1])
    _reasons(home)


def _judge(medians: dict[tuple[str, int], Load], cold: dict[str, float], memory_mb: float) -> None:
    """Each target with its ratio, by answers a second and by processor time."""

    def faster(title: str, clients: int, peer: str, least: float) -> None:
        us, them = medians[OURS, clients], medians[peer, clients]
        _say(title, us.per_s / them.per_s, least, at_least=True, more=f"by processor time {them.cpu_us / us.cpu_us:.2f}")

    faster("1 client, answers a second / BentoML's empty endpoint", 1, BENTO, 2.0)
    faster("32 clients, answers a second / BentoML's empty endpoint", 32, BENTO, 2.5)
    for peer, given in ((MLFLOW, "arrays"), (MLFLOW_FRAMES, "data frames")):
        faster(f"32 clients, answers a second / MLflow's score of {given}", 32, peer, 6.0)
        us, them = medians[OURS, 0], medians[peer, 0]
        by_cpu = f"by processor time {us.cpu_us / them.cpu_us:.2f}"
        title = f"1,000 members, time / MLflow's score of 1,000 rows as {given}"
        _say(title, us.p50_ms / them.p50_ms, 0.6, at_least=False, more=by_cpu)
    _say("cold start / MLflow's", cold[OURS] / cold[MLFLOW], 0.5, at_least=False)
    _say("memory beside mapped pages, MB", memory_mb, 300.0, at_least=False)
    for clients in CLIENTS:
        ratio = medians[OURS, clients].per_s / medians[STARLETTE, clients].per_s
        print(f"          {clients} clients, answers a second / Starlette's without a store: {ratio:.2f}")
    spare = medians[BARE, 32].per_s / medians[OURS, 32].per_s
    print(f"          the generator can ask at least {spare:.1f} times as fast as {OURS} answers")


def _say(title: str, got: float, bound: float, *, at_least: bool, more: str = "") -> None:
    well = got >= bound if at_least else got <= bound
    sign = ">=" if at_least else "<="
    print(f"{'PASS' if well else 'short':<10}{title}: {got:.2f} ({sign} {bound:g}{'; ' + more if more else ''})")


def _cold(servers: Sequence[Server]) -> dict[str, float]:
    """Median seconds from process start to the first answer; a round goes first uncounted, so that files are warm."""
    taken: dict[str, list[float]] = {server.name: [] for server in servers}
    for i in range(COLD_ROUNDS + 1):
        for server in servers:
            with started(server) as running:
                if i:
                    taken[server.name].append(running.cold_s)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def _rounds(running: Sequence[Running], rounds: int) -> dict[tuple[str, int], list[Load]]:
    """Loads by (server, clients); 0 clients are one that asks for 1,000 members."""
    for each in running:
        each.load(8, WARM_S, each.server.requests)
    loads: dict[tuple[str, int], list[Load]] = {}
    for i in range(rounds):
        for each in running:
            for clients in CLIENTS:
                load = each.load(clients, BURST_S, each.server.requests, seed=i)
                loads.setdefault((each.server.name, clients), []).append(load)
            if each.server.many:
                loads.setdefault((each.server.name, 0), []).append(each.load(1, BURST_S, each.server.many, seed=i))
        print(f"round {i + 1} of {rounds}", file=sys.stderr, flush=True)
    return loads


def _median(loads: Sequence[Load]) -> Load:
    """The median of each figure; all errors."""
    middle = [statistics.median(values) for values in zip(*loads, strict=True)]
    return Load(middle[0], middle[1], middle[2], sum(load.errors for load in loads), middle[4])


def _reasons(home: BenchHome) -> None:
    """What explaining a row costs beside LightGBM's score of it, in one process."""
    import lightgbm
    import numpy as np

    from training.artifact import load, to_forecaster

    churn = to_forecaster(load(next(home.path.glob("models/*")))).churn
    booster = lightgbm.Booster(model_file=home.trees)
    x = np.load(home.rows)["x"]
    contenders: dict[str, Callable[[], object]] = {
        "LightGBM, score": lambda: booster.predict(x, num_threads=1),
        "LightGBM, contributions": lambda: booster.predict(x, num_threads=1, pred_contrib=True),
        "tables, score": lambda: churn.trees.score(x),
        "tables, contributions": lambda: churn.trees.contributions(x),
    }
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(7):
        for name, call in contenders.items():
            began = time.process_time()
            call()
            taken[name].append((time.process_time() - began) / len(x) * 1e6)
    peer = statistics.median(taken["LightGBM, score"])
    print(f"\nreasons, {booster.num_trees()} trees, {x.shape[1]} features, {len(x):,} rows, one core")
    for name, each in taken.items():
        print(f"  {name:<26}{statistics.median(each):8.2f} µs a row{statistics.median(each) / peer:8.2f} x LightGBM's score")


if __name__ == "__main__":
    main()
