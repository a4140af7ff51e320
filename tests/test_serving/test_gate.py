"""serving/gate.py: counted in rounds of the event loop, on a clock of its own: no figure depends on the machine."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import OverloadError
from serving.gate import Admission, Gate


class Rounds:
    """Counts rounds of the loop; the gate's clock, a millisecond each."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> float:
        return self.count / 1000

    async def next(self) -> None:
        self.count += 1
        await asyncio.sleep(0)


class Run:
    """What became of requests: how many rounds each waited, or after how many it was refused."""

    def __init__(self, gate: Gate, rounds: Rounds) -> None:
        self.gate, self.rounds = gate, rounds
        self.served: list[int] = []
        self.refused: list[int] = []
        self.in_round: Counter[int] = Counter()
        self.tasks: set[asyncio.Task[None]] = set()

    def send(self) -> asyncio.Task[None]:
        async def request() -> None:
            begin = self.rounds.count
            try:
                await self.gate.turn()
            except OverloadError:
                self.refused.append(self.rounds.count - begin)
            else:
                self.in_round[self.rounds.count] += 1
                self.served.append(self.rounds.count - begin)

        task = asyncio.get_running_loop().create_task(request())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def drain(self) -> None:
        for _ in range(100_000):
            if not self.tasks:
                return
            await self.rounds.next()
        raise AssertionError("requests were left without an answer")


def arriving(per_round: Callable[[int], int], rounds: int, most: int = 128) -> Run:
    """Requests that come whatever becomes of them."""
    clock = Rounds()
    run = Run(Gate(most, clock=clock), clock)

    async def play() -> None:
        for _ in range(rounds):
            for _ in range(per_round(clock.count)):
                run.send()
            await clock.next()
        await run.drain()

    asyncio.run(play())
    return run


def middle(counts: list[int]) -> int:
    return sorted(counts)[len(counts) // 2]


def test_an_idle_gate_lets_in_at_once() -> None:
    run = arriving(lambda now: now % 3 == 0, 300)
    assert (set(run.served), run.refused) == ({0}, [])


def test_below_capacity_nobody_is_refused_and_bursts_are_smoothed() -> None:
    run = arriving(lambda now: 100 if now % 200 == 0 else 0, 1000)
    assert (len(run.served), run.refused) == (500, [])
    assert max(run.in_round.values()) <= 2


def test_at_twice_the_capacity_the_accepted_hardly_wait_and_the_refused_hear_soon() -> None:
    run = arriving(lambda _: 2, 5000)
    assert len(run.served) > 0.45 * 10_000
    assert middle(run.served) <= 3
    assert middle(run.refused) <= 20
    assert max(run.served + run.refused) <= 300
    assert len(run.served) + len(run.refused) == 10_000


@pytest.mark.parametrize("many", [2, 10])
def test_what_waits_is_bounded(many: int) -> None:
    clock = Rounds()
    gate = Gate(16, clock=clock)
    run = Run(gate, clock)

    async def play() -> None:
        most = 0
        for _ in range(500):
            for _ in range(many):
                run.send()
            await clock.next()
            most = max(most, gate.waiting)
        assert most <= 16
        await run.drain()

    asyncio.run(play())
    assert gate.refused == len(run.refused) > 0


@pytest.mark.parametrize("clients", [1, 32, 64, 128])
def test_clients_that_wait_for_their_answers_are_never_refused(clients: int) -> None:
    clock = Rounds()
    gate = Gate(clock=clock)
    run = Run(gate, clock)

    async def client() -> None:
        for _ in range(40):
            await run.send()

    async def play() -> None:
        going = asyncio.gather(*(client() for _ in range(clients)))
        while not going.done():
            await clock.next()

    asyncio.run(play())
    assert (len(run.served), run.refused) == (40 * clients, [])
    assert max(run.served) <= 2 * clients + 2  # in turn: nobody is passed by more than the others


def test_when_it_is_over_the_line_is_a_line_again() -> None:
    run = arriving(lambda now: 4 if now < 400 else now % 2, 4000)
    refused_until = len(run.refused)
    assert refused_until > 0
    gate = run.gate
    assert not gate.alert
    clock = run.rounds
    order: list[int] = []

    async def request(i: int) -> None:
        await gate.turn()
        order.append(i)

    async def play() -> None:
        tasks = [asyncio.create_task(request(i)) for i in range(50)]
        while not all(task.done() for task in tasks):
            await clock.next()

    asyncio.run(play())
    assert order == list(range(50))


@given(st.lists(st.integers(0, 12), max_size=60), st.integers(1, 20))
@settings(max_examples=40, deadline=None)
def test_every_request_is_either_served_once_or_refused_once(arrivals: list[int], most: int) -> None:
    run = arriving(lambda now: arrivals[now] if now < len(arrivals) else 0, len(arrivals) + 1, most)
    assert len(run.served) + len(run.refused) == sum(arrivals)
    assert run.gate.waiting == 0


def test_whoever_leaves_the_line_takes_no_turn() -> None:
    clock = Rounds()
    run = Run(Gate(clock=clock), clock)

    async def play() -> None:
        tasks = [run.send() for _ in range(6)]
        await asyncio.sleep(0)
        for task in tasks[2:4]:
            task.cancel()
        await run.drain()

    asyncio.run(play())
    assert len(run.served) == 4


def test_run_gives_what_the_call_gives() -> None:
    def fail() -> int:
        raise KeyError("x")

    async def play() -> None:
        gate = Gate()
        assert await gate.run(lambda: 7) == 7
        with pytest.raises(KeyError):
            await gate.run(fail)
        assert await gate.run(lambda: 8) == 8

    asyncio.run(play())


def test_large_ones_are_few_at_a_time_and_beside_the_loop() -> None:
    async def play() -> None:
        gate, go = Gate(most_large=2), threading.Event()
        first = [asyncio.create_task(gate.run_in_thread(lambda: go.wait(10) and threading.get_ident())) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(OverloadError, match="2 large requests at a time"):
            await gate.run_in_thread(lambda: 1)
        assert await gate.run(lambda: 5) == 5
        go.set()
        assert threading.get_ident() not in await asyncio.gather(*first)
        await asyncio.sleep(0)
        assert await gate.run_in_thread(lambda: 3) == 3
        with pytest.raises(ZeroDivisionError):
            await gate.run_in_thread(lambda: 1 // 0)

    asyncio.run(play())


def test_a_large_one_is_given_up_after_a_time_and_counts_until_it_ends() -> None:
    async def play() -> None:
        gate, go = Gate(most_large=1, large_s=0.01), threading.Event()
        with pytest.raises(OverloadError, match=r"within 0\.01 seconds"):
            await gate.run_in_thread(lambda: go.wait(10))
        with pytest.raises(OverloadError, match="at a time"):
            await gate.run_in_thread(lambda: 1)
        go.set()
        for _ in range(1000):
            try:
                assert await gate.run_in_thread(lambda: 1) == 1
                return
            except OverloadError:
                await asyncio.sleep(0.005)
        raise AssertionError("its place was never free again")

    asyncio.run(play())


def test_the_middleware_refuses_with_retry_after_and_lets_health_checks_pass() -> None:
    class Closed(Gate):
        async def turn(self) -> None:
            raise OverloadError("this service takes less")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(scope["path"])

    def ask(path: str) -> list[Any]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(Admission(app, Closed())({"type": "http", "path": path}, None, send))  # type: ignore[arg-type]
        return sent

    start, body = ask("/v1/forecast")
    assert (start["status"], dict(start["headers"])[b"retry-after"]) == (503, b"1")
    assert orjson.loads(body["body"])["error"]["code"] == "overload"
    assert ask("/livez") == ["/livez"]
    assert ask("/metrics") == ["/metrics"]
