"""How many requests wait for the event loop, and who is sent away when they are too many.

Handlers never overlap in one event loop, so what counts is how many wait for their turn. Between two turns the loop goes
round until no new request comes, so that all wait here, and not unseen in the system's queues: uvloop accepts one
connection a round, and a turn in each would let thousands pile up before it. Normally the first in line goes first. When
the queue is full, requests come faster than they can be answered, and first-come-first-served would make everybody wait the
whole queue: for two seconds, the newest goes first, the queue is kept short, and the oldest are refused. Then it is tried
again the normal way. This is adaptive LIFO: B. Maurer, 'Fail at Scale', ACM Queue 13 (8), 2015.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

from features.errors import OverloadError
from serving.http.answering import answer
from serving.http.errors import App, Receive, Scope, Send, error_body
from serving.http.note import note_of

T = TypeVar("T")
MOST_WAITING: Final = 128
_ALERT_S: Final = 2.0
_ENOUGH: Final = 2
"""In an alert, the door is shut while so many wait (serving.http.door)."""
_SHORT: Final = 16
"""In an alert, the queue is so many times shorter: who is not served in the next rounds hardly ever is, and is told."""
_SHED_A_ROUND: Final = 8
_QUIET_ROUNDS: Final = 2
"""From a connection to its request it takes two rounds, so in two without a request nobody is on the way."""
_MOST_ROUNDS: Final = 8
"""At most so many rounds between two turns."""
_TURNS: Final = 4
"""Given one after another, out of an alert, before it is looked again who has come: looking takes time too."""
_LARGE_S: Final = 25.0


class Gate:
    """Turns in one event loop, and a few threads for what is too large for a turn.

    Parameters
    ----------
    most : requests that may wait for a turn
    threads, most_large : large requests computed at a time, and present at a time
    large_s : seconds after which a large one is given up
    clock : seconds
    """

    def __init__(
        self,
        most: int = MOST_WAITING,
        *,
        threads: int = 1,
        most_large: int = 4,
        large_s: float = _LARGE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.most = most
        self.most_large = most_large
        self.refused = 0
        self._clock = clock
        self._large_s = large_s
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._at_work = False
        self._rounds = 0
        self._quiet = 0
        self._alert_until = -math.inf
        self._large = 0
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="tiercast-large")

    @property
    def waiting(self) -> int:
        """Requests that wait for a turn."""
        return len(self._waiting)

    @property
    def alert(self) -> bool:
        """Whether the newest go first."""
        return self._clock() < self._alert_until

    @property
    def full(self) -> bool:
        """Whether more requests should not even come in: there is an alert, and enough wait to be busy until it is over."""
        return len(self._waiting) >= _ENOUGH and self.alert

    async def turn(self) -> None:
        """Wait for the loop to be free; what follows belongs to one turn until it next waits for anything.

        Raises
        ------
        OverloadError
            others were more likely to be answered in time
        """
        loop = asyncio.get_running_loop()
        if not self._at_work:
            self._at_work = True
            loop.call_soon(self._next)
            return
        place = loop.create_future()
        self._waiting.append(place)
        self._quiet = 0
        if len(self._waiting) > self.most:
            self._alert_until = self._clock() + _ALERT_S
            self._send_away()
        await place

    async def run(self, call: Callable[[], T]) -> T:
        """The result of a short call, in its turn.

        Raises
        ------
        OverloadError
        """
        await self.turn()
        return call()

    async def run_in_thread(self, call: Callable[[], T]) -> T:
        """The result of a long call, made beside the event loop.

        Raises
        ------
        OverloadError
            as many are present as may be, or it took too long; a thread cannot be stopped, and is in the way until it ends
        """
        if self._large >= self.most_large:
            self.refused += 1
            raise _overload(f"{self.most_large} large requests at a time")
        loop = asyncio.get_running_loop()
        self._large += 1

        def leave() -> None:
            self._large -= 1

        def left(_: Future[T]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(leave)

        submitted = self._pool.submit(call)
        submitted.add_done_callback(left)
        result = asyncio.wrap_future(submitted)
        try:
            done, _ = await asyncio.wait({result}, timeout=self._large_s)
        except asyncio.CancelledError:
            result.cancel()
            raise
        if not done:
            result.cancel()
            raise _overload(f"a large request within {self._large_s:g} seconds")
        return result.result()

    def _next(self) -> None:
        """Give a turn, or a few, when all that came has been read, and come back in the next round."""
        if self._quiet < _QUIET_ROUNDS and self._rounds < _MOST_ROUNDS:
            self._quiet += 1
            self._rounds += 1
            asyncio.get_running_loop().call_soon(self._next)
            return
        self._quiet = self._rounds = 0
        alert = self.alert
        if alert:
            for _ in range(min(_SHED_A_ROUND, len(self._waiting) - self.most // _SHORT)):
                self._send_away()
        given = 0
        while self._waiting and given < (1 if alert else _TURNS):
            place = self._waiting.pop() if alert else self._waiting.popleft()
            if not place.done():  # whoever waited may have been cancelled
                place.set_result(None)
                given += 1
        if given:
            asyncio.get_running_loop().call_soon(self._next)
        else:
            self._at_work = False

    def _send_away(self) -> None:
        place = self._waiting.popleft()
        if not place.done():
            self.refused += 1
            place.set_exception(_overload("requests no faster than they can be answered"))


class Admission:
    """ASGI middleware: requests for forecasts take a turn; health checks, metrics and documentation do not."""

    def __init__(self, app: App, gate: Gate) -> None:
        self.app = app
        self.gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and "/v1/" in scope["path"]:
            try:
                await self.gate.turn()
            except OverloadError as error:
                note_of(scope).refused = "overload"
                await answer(send, 503, error_body(error), (b"retry-after", str(error.retry_after_s).encode()))
                return
        await self.app(scope, receive, send)


def _overload(rule: str) -> OverloadError:
    return OverloadError(f"this service takes {rule}")
