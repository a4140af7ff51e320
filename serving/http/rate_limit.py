"""Requests a second for each key: a token bucket, paid for the members afterwards.

A bucket holds at most ``burst`` tokens and gains ``rate`` a second. A request is let in where there is a whole token, and
takes it; when it is done, every 20 members that it asked about take one more, so that a large one may leave a debt. How many
those are is known only once the body has been read, and reading it for somebody who is over the limit would be a gift.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

from serving.http.answering import refuse
from serving.http.errors import App, Receive, Scope, Send
from serving.http.note import Note, note_of

MEMBERS_A_TOKEN: Final = 20
_MOST: Final = 1024


class Buckets:
    """One bucket a key. A full one is the same as none, so full ones are dropped when there are many."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self.burst = burst
        self._clock = clock
        self._held: dict[str, tuple[float, float]] = {}

    def __len__(self) -> int:
        return len(self._held)

    def take(self, key: str) -> float:
        """Take a token; 0, or the seconds until there is one.

        >>> buckets = Buckets(rate=2, burst=1, clock=lambda: 0.0)
        >>> buckets.take("a"), buckets.take("a"), buckets.take("b")
        (0.0, 0.5, 0.0)
        """
        now = self._clock()
        tokens = self._tokens(key, now)
        if tokens < 1:
            return (1 - tokens) / self.rate
        self._held[key] = (tokens - 1, now)
        if len(self._held) > _MOST:
            self._drop(now)
        return 0.0

    def charge(self, key: str, tokens: float) -> None:
        """Take tokens that may not be there."""
        now = self._clock()
        self._held[key] = (self._tokens(key, now) - tokens, now)

    def _tokens(self, key: str, now: float) -> float:
        tokens, then = self._held.get(key, (self.burst, now))
        return min(self.burst, tokens + (now - then) * self.rate)

    def _drop(self, now: float) -> None:
        self._held = {key: held for key, held in self._held.items() if self._tokens(key, now) < self.burst}


class RateLimit:
    """ASGI middleware: 429 with Retry-After to a key that asks too often. A rate of 0 sets no limit."""

    def __init__(self, app: App, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.app = app
        self.buckets = Buckets(rate, burst, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if not self.buckets.rate or scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        note: Note = note_of(scope)
        if not note.key:  # health checks and the documentation need none
            await self.app(scope, receive, send)
            return
        wait = self.buckets.take(note.key)
        if wait:
            note.refused = "rate"
            rule = f"a key may send {self.buckets.rate:g} requests a second, {self.buckets.burst:g} at once"
            more = f"and every {MEMBERS_A_TOKEN} members count as one more"
            later = (b"retry-after", str(math.ceil(wait)).encode())
            await refuse(send, 429, "too_many_requests", f"{rule}, {more}", later)
            return
        try:
            await self.app(scope, receive, send)
        finally:
            if note.members > MEMBERS_A_TOKEN:
                self.buckets.charge(note.key, note.members / MEMBERS_A_TOKEN - 1)
