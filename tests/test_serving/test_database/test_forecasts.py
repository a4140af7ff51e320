"""Look-ups and the desk's list, on SQLite and PostgreSQL, against lists sorted by hand."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from stores import DAY, fill, row

from features.errors import InputError
from serving.database.asking import ask
from serving.database.forecasts import (
    MOST_KEYS,
    Filters,
    ForecastRow,
    Sort,
    Stored,
    counted_from,
    histories,
    look_up,
    page,
)
from serving.database.generations import Generation

VALUES = [None, 0.0, 5.0, 5.0, 1e-300, -3.0, 1e12, math.nan]


def made(member: str, i: int) -> ForecastRow:
    kinds: dict[str, Any] = {"tier": (None, 0, 1, 2)[i % 4], "stage": i % 5, "near": (i // 3) % 4}
    return row(member, VALUES[i % len(VALUES)], temperature=float(i * 7 % 101), **kinds)


ROWS = [made(f"{'Mm界é'[i % 4]}-{i}", i) for i in range(150)]


@pytest.fixture
def generation(store: Engine) -> Generation:
    return fill(store, ROWS, silent=["silent"])


def by_hand(filters: Filters, sort: Sort) -> list[str]:
    low, below = filters.temperature or (-math.inf, math.inf)
    left = [
        one
        for one in ROWS
        if filters.tier in (None, one.tier)
        and filters.stage in (None, one.stage)
        and (filters.near is None or one.near & filters.near)
        and low <= one.temperature < below
    ]

    def order(one: ForecastRow) -> tuple[float, bytes]:
        value = one.value_at_risk
        none = value is None or math.isnan(value)
        return (math.inf if none else -(value or 0.0)) if sort == "value_at_risk" else one.temperature, one.member.encode()

    return [one.member for one in sorted(left, key=order)]


def walked(store: Engine, generation: Generation, filters: Filters, sort: Sort, limit: int) -> list[str]:
    found: list[str] = []
    cursor = None
    for _ in itertools.count():
        part = page(store, generation.id, filters, sort, limit, cursor)
        assert len(part.rows) <= limit
        found += [member for member, _ in part.rows]
        cursor = part.cursor
        if cursor is None:
            return found
        assert len(part.rows) == limit  # none but the last is short
    raise AssertionError


def test_a_look_up_gives_what_was_stored_and_leaves_out_the_rest(store: Engine, generation: Generation) -> None:
    found = look_up(store, generation.id, ["M-0", "silent", "nobody", "\0", "\ud800", ""])
    assert found == {"M-0": Stored(DAY, False, b"forecast of M-0")}
    assert look_up(store, generation.id + 1, ["M-0"]) == {}
    assert histories(store, generation.id, ["silent", "nobody"]) == {"silent": b"history of silent"}


def test_more_members_than_one_statement_takes(store: Engine) -> None:
    members = [f"{i}" for i in range(2 * MOST_KEYS + 1)]
    generation = fill(store, map(row, members))
    found = look_up(store, generation.id, members)
    assert {member: stored.body for member, stored in found.items()} == {m: f"forecast of {m}".encode() for m in members}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.builds(
        Filters,
        st.none() | st.integers(0, 3),
        st.none() | st.tuples(st.sampled_from([0.0, 7.0, 50.0]), st.sampled_from([51.0, 100.0, math.inf])),
        st.none() | st.integers(0, 4),
        st.none() | st.integers(1, 3),
    ),
    st.sampled_from(["value_at_risk", "temperature"]),
    st.integers(1, 60),
)
def test_pages_make_up_the_list(store: Engine, generation: Generation, filters: Filters, sort: Sort, limit: int) -> None:
    assert walked(store, generation, filters, sort, limit) == by_hand(filters, sort)


def test_a_cursor_fits_its_own_list_alone(store: Engine, generation: Generation) -> None:
    cursor = page(store, generation.id, Filters(tier=1), limit=3).cursor
    assert cursor is not None
    assert page(store, generation.id, Filters(tier=1), limit=5, cursor=cursor).rows
    others: list[tuple[int, Filters, Sort]] = [
        (generation.id, Filters(tier=2), "value_at_risk"),
        (generation.id, Filters(), "value_at_risk"),
        (generation.id, Filters(tier=1), "temperature"),
        (generation.id + 1, Filters(tier=1), "value_at_risk"),
    ]
    for number, filters, sort in others:
        with pytest.raises(InputError, match="a cursor continues the list that it came with"):
            page(store, number, filters, sort, 3, cursor)


def test_a_list_is_sorted_by_what_it_can_be(store: Engine, generation: Generation) -> None:
    with pytest.raises(InputError, match="sorted by"):
        page(store, generation.id, Filters(), "body")  # type: ignore[arg-type]


@pytest.mark.parametrize("sort", ["desk_order", "temperature"])
def test_a_page_is_read_from_an_index_alone(store: Engine, sort: str) -> None:
    where = f"generation = 1 AND tier = 1 AND near & 1 <> 0 AND ({sort}, member) > (1.0, 'm')"
    question = f"SELECT {sort}, member FROM forecast WHERE {where} ORDER BY {sort}, member LIMIT 50"
    if store.dialect.name == "sqlite":
        plan = ask(store, f"EXPLAIN QUERY PLAN {question}")
        assert len(plan) == 1
        assert "USING COVERING INDEX forecast_by_" in plan[0][3]
    else:
        for way in ("seqscan", "bitmapscan"):  # by which an empty table is read
            ask(store, f"SELECT set_config('enable_{way}', 'off', false)")
        plan = [line for (line,) in ask(store, f"EXPLAIN {question}")]
        assert "Index Only Scan using forecast_by_" in plan[1]
        assert not any("Sort" in line for line in plan)


def test_forecasts_are_counted_between_temperatures(store: Engine, generation: Generation) -> None:
    lows = [0.0, 20.0, 50.0, 80.0]
    for low, below, count in zip(lows, [*lows[1:], math.inf], counted_from(store, generation.id, lows), strict=True):
        assert count == len(by_hand(Filters(temperature=(low, below)), "temperature"))
    assert counted_from(store, generation.id + 1, lows) == [0, 0, 0, 0]
