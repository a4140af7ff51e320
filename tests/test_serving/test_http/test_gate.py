"""serving/http/gate.py: counted in rounds of the event loop, on a clock of its own: no figure depends on the machine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import OverloadError
from serving.http.gate import Admission, Gate

TURN_MS, ROUND_MS = 1.0, 0.02


class Rounds:
    """The gate's clock: a round of the loop takes a millisecond if a request was answered in it, else next to nothing."""

    def __init__(self) -> None:
        self.ms = 0.0
        self.answered = 0

    def __call__(self) -> float:
        return self.ms / 1000

    async def next(self) -> None:
        before = self.answered
        await asyncio.sleep(0)
        self.ms += ROUND_MS + TURN_MS * (self.answered - before)


class Run:
    """What became of requests: how long each waited, or after how long it was refused, in milliseconds."""

    def __init__(self, most: int = 128) -> None:
        self.rounds = Rounds()
        self.gate = Gate(most, clock=self.rounds)
        self.served: list[float] = []
        self.refused: list[float] = []
        self.tasks: set[asyncio.Task[None]] = set()

    def send(self, since_ms: float | None = None) -> asyncio.Task[None]:
        begin = self.rounds.ms if since_ms is None else since_ms

        async def request() -> None:
            try:
                await self.gate.turn()
            except OverloadError:
                self.refused.append(self.rounds.ms - begin)
            else:
                self.rounds.answered += 1
                self.served.append(self.rounds.ms - begin)

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


def arriving(times_ms: Sequence[float], most: int = 128, *, accepted_a_round: int = 1000) -> Run:
    """Requests that come whatever becomes of them, on connections of their own."""
    run, backlog, idle = Run(most), list(reversed(times_ms)), 0

    async def play() -> None:
        nonlocal idle
        while backlog:
            for _ in range(accepted_a_round):
                if not backlog or backlog[-1] > run.rounds.ms:
                    break
                run.send(since_ms=backlog.pop())
            await run.rounds.next()
            idle = 0 if run.tasks else idle + 1
            if idle > 20 and backlog:
                run.rounds.ms = max(run.rounds.ms, backlog[-1])
        await run.drain()

    asyncio.run(play())
    return run


def every(ms: float, count: int) -> list[float]:
    return [i * ms for i in range(count)]


def middle(times: list[float]) -> float:
    return sorted(times)[len(times) // 2]


def test_an_idle_gate_lets_in_at_once() -> None:
    run = arriving(every(3, 100))
    assert (len(run.served), max(run.served) < 0.1, run.refused) == (100, True, [])


def test_below_capacity_nobody_is_refused() -> None:
    run = arriving([burst * 200 + i / 100 for burst in range(5) for i in range(100)])
    assert (len(run.served), run.refused) == (500, [])
    assert max(run.served) < 110


@pytest.mark.parametrize("accepted_a_round", [1, 1000])
def test_at_twice_the_capacity_the_accepted_hardly_wait_and_the_refused_hear_soon(accepted_a_round: int) -> None:
    run = arriving(every(0.5, 8000), accepted_a_round=accepted_a_round)
    assert len(run.served) + len(run.refused) == 8000
    assert len(run.served) > 0.4 * 8000
    assert middle(run.served) < 2
    assert middle(run.refused) < 20
    assert max(run.served + run.refused) < 300


@pytest.mark.parametrize("ms", [0.5, 0.1])
def test_what_waits_is_bounded(ms: float) -> None:
    run, times = Run(16), every(ms, 4000)[::-1]

    async def play() -> None:
        most = 0
        while times:
            while times and times[-1] <= run.rounds.ms:
                run.send(times.pop())
            await run.rounds.next()
            most = max(most, run.gate.waiting)
        assert most <= 16
        await run.drain()

    asyncio.run(play())
    assert run.gate.refused == len(run.refused) > 0


@pytest.mark.parametrize("clients", [1, 32, 64, 128])
def test_clients_that_wait_for_their_answers_are_never_refused(clients: int) -> None:
    run = Run()

    async def client() -> None:
        for _ in range(40):
            await run.send()

    async def play() -> None:
        going = asyncio.gather(*(client() for _ in range(clients)))
        while not going.done():
            await run.rounds.next()

    asyncio.run(play())
    assert (len(run.served), run.refused) == (40 * clients, [])
    assert max(run.served) <= 1.5 * clients  # in turn: nobody is passed by


def test_when_it_is_over_the_line_is_a_line_again() -> None:
    run = arriving([*every(0.25, 2000), *(600 + 2 * i for i in range(1000))])
    assert run.refused
    assert not run.gate.alert
    order: list[int] = []

    async def request(i: int) -> None:
        await run.gate.turn()
        order.append(i)

    async def play() -> None:
        tasks = [asyncio.create_task(request(i)) for i in range(50)]
        while not all(task.done() for task in tasks):
            await run.rounds.next()

    asyncio.run(play())
    assert order == list(range(50))


@given(st.lists(st.floats(0, 60), max_size=80), st.integers(1, 20))
@settings(max_examples=40, deadline=None)
def test_every_request_is_either_served_once_or_refused_once(times: list[float], most: int) -> None:
    run = arriving(sorted(times), most)
    assert len(run.served) + len(run.refused) == len(times)
    assert run.gate.waiting == 0


def test_whoever_leaves_the_line_takes_no_turn() -> None:
    run = Run()

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
