"""Stored forecasts: by member, in microseconds; and as the desk's list, page by page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeAlias, get_args

from sqlalchemy import Engine

from features.errors import InputError
from serving.database.asking import ask, mark
from serving.database.cursors import read_cursor, write_cursor
from serving.database.engine import SQLITE
from serving.database.texts import storable

Sort: TypeAlias = Literal["value_at_risk", "temperature"]
MOST_KEYS: Final = 1_000
"""Members asked for in one statement."""
_ORDER: Final[dict[Sort, str]] = {"value_at_risk": "desk_order", "temperature": "temperature"}


class ForecastRow(NamedTuple):
    """One member's forecast as it is written; a value at risk that is not available is None."""

    member: str
    as_of: int
    stale: bool
    value_at_risk: float | None
    temperature: float
    tier: int | None
    stage: int
    near: int
    body: bytes


class Stored(NamedTuple):
    """One member's forecast as it is read: a day number, whether lines were posted that it does not know, the numbers."""

    as_of: int
    stale: bool
    body: bytes


@dataclass(frozen=True)
class Filters:
    """Who is on the list; what is None lets everyone pass.

    Parameters
    ----------
    tier : position in the policy
    temperature : half-open [from, below); infinity as the end of the hottest band
    stage : position in ``features.ladder.STAGES``
    near : 1 whoever may lose the tier for little, 2 whoever may reach the next, 3 either of them
    """

    tier: int | None = None
    temperature: tuple[float, float] | None = None
    stage: int | None = None
    near: int | None = None


@dataclass(frozen=True)
class Page:
    """Members with their forecasts, in the list's order; and where the next page begins, None at the end."""

    rows: tuple[tuple[str, Stored], ...]
    cursor: str | None


def look_up(engine: Engine, generation_id: int, keys: Sequence[str]) -> dict[str, Stored]:
    """Forecasts by member key; members without one are left out.

    Raises
    ------
    StoreError
    """
    rows = _by_member(engine, "member, as_of, stale, body", "forecast", generation_id, keys)
    return {member: Stored(as_of, stale != 0, body) for member, as_of, stale, body in rows}


def histories(engine: Engine, generation_id: int, keys: Sequence[str]) -> dict[str, bytes]:
    """Stored histories by member key; members that the log does not hold are left out.

    Raises
    ------
    StoreError
    """
    return dict(_by_member(engine, "member, body", "history", generation_id, keys))


def page(
    engine: Engine,
    generation_id: int,
    filters: Filters,
    sort: Sort = "value_at_risk",
    limit: int = 50,
    cursor: str | None = None,
) -> Page:
    """A part of the desk's list: ordered by value at risk, the largest first and none last, or by temperature, the coldest
    first; equals by member key.

    Parameters
    ----------
    cursor : of the page before, asked for with the same filters and sort

    Raises
    ------
    InputError
        the cursor is none of this list
    StoreError
    """
    if sort not in get_args(Sort):
        raise InputError("a list is sorted by value_at_risk or temperature", "another word", "leave sort out, or name one")
    order, sign = _ORDER[sort], mark(engine)
    conditions, values = _conditions(filters, sign)
    if cursor is not None:
        conditions.append(f"({order}, member) > ({sign}, {sign})")
        values += read_cursor(cursor, generation_id, filters, sort)
    where = " AND ".join([f"generation = {sign}", *conditions])
    statement = f"SELECT {order}, member FROM forecast WHERE {where} ORDER BY {order}, member LIMIT {sign}"  # noqa: S608
    found = ask(engine, statement, (generation_id, *values, limit + 1))
    members = [member for _, member in found[:limit]]
    stored = look_up(engine, generation_id, members)
    following = write_cursor(*found[limit - 1], generation_id, filters, sort) if len(found) > limit else None
    # One whose forecast was taken away between the two questions is left out.
    return Page(tuple((member, stored[member]) for member in members if member in stored), following)


def counted_from(engine: Engine, generation_id: int, temperatures: Sequence[float]) -> list[int]:
    """How many of a generation's forecasts have a temperature from each of some on, below the next.

    Parameters
    ----------
    temperatures : rising; from the last one on there is no end

    Raises
    ------
    StoreError
    """
    sign = mark(engine)
    statement = f"SELECT count(*) FROM forecast WHERE generation = {sign} AND temperature >= {sign}"  # noqa: S608
    from_on = [int(ask(engine, statement, (generation_id, low))[0][0]) for low in temperatures]
    return [here - above for here, above in zip(from_on, [*from_on[1:], 0], strict=True)]


def _conditions(filters: Filters, sign: str) -> tuple[list[str], list[Any]]:
    low, below = filters.temperature or (-math.inf, math.inf)
    asked = (
        (f"tier = {sign}", filters.tier),
        (f"stage = {sign}", filters.stage),
        (f"near & {sign} <> 0", filters.near),
        (f"temperature >= {sign}", low if math.isfinite(low) else None),
        (f"temperature < {sign}", below if math.isfinite(below) else None),
    )
    given = [(condition, value) for condition, value in asked if value is not None]
    return [condition for condition, _ in given], [value for _, value in given]


def _by_member(engine: Engine, columns: str, table: str, generation_id: int, keys: Sequence[str]) -> list[Any]:
    keys = [key for key in keys if storable(key)]
    if not keys:
        return []
    statement = f"SELECT {columns} FROM {table} WHERE generation = {mark(engine)} AND member "  # noqa: S608
    if len(keys) == 1:
        return ask(engine, f"{statement}= {mark(engine)}", (generation_id, keys[0]))
    rows: list[Any] = []
    for start in range(0, len(keys), MOST_KEYS):
        part = keys[start : start + MOST_KEYS]
        if engine.dialect.name == SQLITE:
            rows += ask(engine, f"{statement}IN ({', '.join('?' * len(part))})", (generation_id, *part))
        else:
            rows += ask(engine, f"{statement}= ANY(%s)", (generation_id, part))
    return rows
