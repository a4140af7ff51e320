"""serving/http/rate_limit.py: a key never gets more than its rate and burst, whenever it asks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.http.note import Note
from serving.http.rate_limit import MEMBERS_A_TOKEN, Buckets, RateLimit


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(
    st.integers(1, 50),
    st.integers(1, 20),
    st.lists(st.floats(0, 2, allow_nan=False), min_size=1, max_size=200),
)
def test_over_any_time_no_more_than_burst_and_rate_are_let_in(rate: int, burst: int, gaps: list[float]) -> None:
    clock = Clock()
    buckets = Buckets(rate, burst, clock)
    times = []
    for gap in gaps:
        clock.now += gap
        if not buckets.take("a"):
            times.append(clock.now)
    for i, begin in enumerate(times):
        for n, end in enumerate(times[i:], 1):
            assert n <= burst + (end - begin) * rate + 1e-6


@given(st.floats(0.1, 100), st.integers(1, 20))
def test_after_the_time_that_it_says_it_lets_in(rate: float, burst: int) -> None:
    clock = Clock()
    buckets = Buckets(rate, burst, clock)
    assert [buckets.take("a") for _ in range(burst)] == [0.0] * burst
    wait = buckets.take("a")
    assert wait > 0
    clock.now += wait * 0.9
    assert buckets.take("a") > 0
    clock.now += wait * 0.1 + 1e-9
    assert buckets.take("a") == 0


def test_keys_do_not_share() -> None:
    buckets = Buckets(1, 1, Clock())
    assert not buckets.take("a")
    assert buckets.take("a")
    assert not buckets.take("b")


def test_a_debt_is_paid_first() -> None:
    clock = Clock()
    buckets = Buckets(10, 5, clock)
    assert not buckets.take("a")
    buckets.charge("a", 50)
    assert buckets.take("a") == pytest.approx(4.7)  # 46 short of nothing, and one to take


def test_many_keys_do_not_stay() -> None:
    clock = Clock()
    buckets = Buckets(1, 2, clock)
    for i in range(5000):
        clock.now += 0.01
        buckets.take(str(i))
        assert len(buckets) <= 1025


def ask(limit: RateLimit, key: str, members: int = 1) -> Any:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "tiercast": Note(key=key, members=members)}
    asyncio.run(limit(scope, None, send))  # type: ignore[arg-type]
    return sent


async def app(scope: Any, receive: Any, send: Any) -> None:
    await send("answered")


def test_too_many_are_told_when_to_come_back() -> None:
    clock = Clock()
    limit = RateLimit(app, 0.25, 1, clock)
    assert ask(limit, "a") == ["answered"]
    start, body = ask(limit, "a")
    assert start["status"] == 429
    assert dict(start["headers"])[b"retry-after"] == b"4"
    assert b'"code":"too_many_requests"' in body["body"]
    clock.now += 4
    assert ask(limit, "a") == ["answered"]


def test_many_members_cost_more() -> None:
    limit = RateLimit(app, 1, 10, Clock())
    assert ask(limit, "a", 9 * MEMBERS_A_TOKEN) == ["answered"]
    assert ask(limit, "a") == ["answered"]
    assert ask(limit, "a")[0]["status"] == 429


def test_without_a_key_or_a_rate_there_is_no_limit() -> None:
    limit = RateLimit(app, 1, 1, Clock())
    assert [ask(limit, "") for _ in range(5)] == [["answered"]] * 5
    limit = RateLimit(app, 0, 1, Clock())
    assert [ask(limit, "a") for _ in range(5)] == [["answered"]] * 5
