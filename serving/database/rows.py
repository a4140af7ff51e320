"""How forecasts are written as rows of the table."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table

from serving.database.engine import SQLITE
from serving.database.forecasts import ForecastRow
from serving.database.tables import FORECAST

COLUMNS: Final = ("member", "as_of", "stale", "desk_order", "temperature", "tier", "stage", "near", "body")


def desk_order(value_at_risk: float | None) -> float:
    """Where a member stands on the desk's list: the largest value at risk first, those without one last.

    >>> sorted([12.5, None, 300.0], key=desk_order)
    [300.0, 12.5, None]
    """
    # Layout's rows say nan for what is not available.
    return math.inf if value_at_risk is None or math.isnan(value_at_risk) else -value_at_risk


def values(row: ForecastRow) -> tuple[Any, ...]:
    """One row, in the order of ``COLUMNS``."""
    return (row.member, row.as_of, row.stale, desk_order(row.value_at_risk), *row[4:])  # the rest stands as in the table


def upsert(connection: Connection, table: Table) -> Any:
    """An insert that can say what happens where a row is there already."""
    if connection.dialect.name == SQLITE:
        from sqlalchemy.dialects.sqlite import insert

        return insert(table)
    from sqlalchemy.dialects.postgresql import insert as insert_postgresql

    return insert_postgresql(table)


def put(connection: Connection, generation: int, rows: Sequence[ForecastRow]) -> None:
    """Write forecasts in place of those that are there."""
    if not rows:
        return
    statement = upsert(connection, FORECAST)
    changes = {name: statement.excluded[name] for name in COLUMNS[1:]}
    statement = statement.on_conflict_do_update(index_elements=["generation", "member"], set_=changes)
    named = [{"generation": generation, **dict(zip(COLUMNS, values(row), strict=True))} for row in rows]
    connection.execute(statement, named)


def now() -> str:
    """The time as the store writes it."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
