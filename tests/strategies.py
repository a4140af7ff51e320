"""What hypothesis draws from: lines, members' lines, cutoffs. Small enough to read when it shrinks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pyarrow as pa
from hypothesis import strategies as st

from features.daily import Line, fold
from features.events import attach_events, check_events
from features.histories import Histories, from_rows

FIRST, LAST = dt.datetime(2015, 12, 20), dt.datetime(2016, 6, 30, 23, 59)  # across a year's end and a 29 February

units = st.integers(-3_000_000, 8_000_000)
exact_amounts = units.map(lambda unit: unit / 10_000)
"""With at most four decimals."""
amounts = st.one_of(
    exact_amounts,
    units.map(lambda unit: (unit + 0.5) / 10_000),  # halves of the smallest unit
    st.floats(-1e6, 1e6, allow_nan=False),
    st.sampled_from([0.0, -0.0, -0.00004, 0.00005, -0.00005]),
)
timestamps = st.datetimes(FIRST, LAST).map(lambda time: time.replace(microsecond=0, second=0))
orders = st.sampled_from([None, "", " ", "a", "b", "007"])


def lines(amount: st.SearchStrategy[float] = amounts) -> st.SearchStrategy[Line]:
    return st.builds(Line, timestamps, amount, orders)


def logs(most_lines: int = 15, most_members: int = 4) -> st.SearchStrategy[dict[str, list[Line]]]:
    """Member → lines, at least one line in all."""
    members = st.sampled_from([f"m{i}" for i in range(most_members)])
    return st.dictionaries(members, st.lists(lines(), min_size=1, max_size=most_lines), min_size=1)


def histories(log: Mapping[str, Sequence[Line]]) -> Histories:
    return from_rows([(member, fold(own)) for member, own in sorted(log.items())], has_amounts=True)


def table(log: Mapping[str, Sequence[Line]]) -> pa.Table:
    rows = [(member, line.timestamp, line.amount, line.order_id) for member, own in log.items() for line in own]
    types = {
        "customer_id": pa.string(),
        "timestamp": pa.timestamp("us"),
        "amount": pa.float64(),
        "order_id": pa.string(),
    }
    columns = zip(*rows, strict=True)
    return pa.table({name: pa.array(column, kind) for (name, kind), column in zip(types.items(), columns, strict=True)})


full_lines = st.builds(
    Line,
    timestamps,
    exact_amounts,
    orders,
    cost=st.one_of(st.none(), exact_amounts),
    quantity=st.one_of(st.none(), st.integers(0, 9).map(float)),
)
"""Lines with costs and quantities."""


def full_logs(most_members: int = 4) -> st.SearchStrategy[dict[str, list[Line]]]:
    """Member → lines with costs and quantities, at least one line in all."""
    members = st.sampled_from([f"m{i}" for i in range(most_members)])
    return st.dictionaries(members, st.lists(full_lines, min_size=1, max_size=15), min_size=1)


def full_histories(log: Mapping[str, Sequence[Line]]) -> Histories:
    columns = ("amount", "cost", "quantity")
    rows = [(member, fold(own, columns)) for member, own in sorted(log.items())]
    return from_rows(rows, has_amounts=True, columns=columns)


def with_events(histories: Histories, events: Sequence[tuple[str, dt.date, str, float]]) -> Histories:
    """Histories with (member, date, kind, score) events."""
    columns = {"customer_id": pa.string(), "timestamp": pa.timestamp("us"), "kind": pa.string(), "score": pa.float64()}
    rows = [(member, dt.datetime.combine(date, dt.time(9)), kind, score) for member, date, kind, score in events]
    values = zip(*rows, strict=True)
    log = pa.table({name: pa.array(own, kind) for (name, kind), own in zip(columns.items(), values, strict=True)})
    return attach_events(histories, check_events(log))
