"""What hypothesis draws from: lines, members' lines, cutoffs. Small enough to read when it shrinks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from features.daily import TIME, Line, fold, label_counts
from features.events import attach_events, check_events
from features.histories import Histories, Ragged, from_rows
from features.schema import LABELS, NUMBERS
from features.snapshot import to_day

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


numbers = st.one_of(st.none(), st.just(0.0), amounts)
labels = st.sampled_from([None, "", " ", "tea", "Tea", "茶", "coffee"])


def full_lines(
    amount: st.SearchStrategy[float] = amounts, number: st.SearchStrategy[float | None] = numbers
) -> st.SearchStrategy[Line]:
    """With all that a line may have."""
    more = {**dict.fromkeys(NUMBERS, number), **dict.fromkeys(LABELS, labels)}
    return st.builds(Line, timestamps, amount, orders, **more)


def full_logs(most_lines: int = 12, most_members: int = 3) -> st.SearchStrategy[dict[str, list[Line]]]:
    members = st.sampled_from([f"m{i}" for i in range(most_members)])
    return st.dictionaries(members, st.lists(full_lines(), min_size=1, max_size=most_lines), min_size=1)


def large_logs() -> st.SearchStrategy[dict[str, list[Line]]]:
    """Many members at once: an engine takes as long for one as for a hundred."""
    own = st.lists(full_lines(), min_size=1, max_size=8)
    return st.fixed_dictionaries({f"m{i:02d}": own for i in range(30)})


Events = dict[str, dict[str, list[tuple[dt.date, int, int]]]]
"""Kind → member → (day, count, sum of scores)."""


def events(most_members: int = 3) -> st.SearchStrategy[Events]:
    """Always a log of events, whose member or kind may have none."""
    one = st.tuples(st.dates(FIRST.date(), LAST.date()), st.integers(1, 3), st.integers(-5, 30))
    days = st.lists(one, max_size=4, unique_by=lambda event: event[0]).map(sorted)
    members = st.fixed_dictionaries({f"m{i}": days for i in range(most_members)})
    return st.fixed_dictionaries(
        {"survey": members}, optional=dict.fromkeys(("sent", "opened", "redeemed", "complaint"), members)
    )


def lines(amount: st.SearchStrategy[float] = amounts) -> st.SearchStrategy[Line]:
    return st.builds(Line, timestamps, amount, orders)


def logs(most_lines: int = 15, most_members: int = 4) -> st.SearchStrategy[dict[str, list[Line]]]:
    """Member → lines, at least one line in all."""
    members = st.sampled_from([f"m{i}" for i in range(most_members)])
    return st.dictionaries(members, st.lists(lines(), min_size=1, max_size=most_lines), min_size=1)


def histories(log: Mapping[str, Sequence[Line]]) -> Histories:
    return from_rows([(member, fold(own)) for member, own in sorted(log.items())], has_amounts=True)


FULL = frozenset({"amount", TIME, *NUMBERS, *LABELS})


def full_histories(log: Mapping[str, Sequence[Line]], happened: Events | None = None) -> Histories:
    """With all that lines have, and with events."""
    members = sorted(log)
    rows = [(member, fold(log[member], FULL)) for member in members]
    counts = {name: [label_counts(log[member], name) for member in members] for name in LABELS}
    found = from_rows(rows, has_amounts=True, columns=FULL, labels=counts)
    kinds = {
        kind: _events([by_member.get(member, []) for member in members]) for kind, by_member in (happened or {}).items()
    }
    return replace(found, events=kinds)


def _events(own: Sequence[Sequence[tuple[dt.date, int, int]]]) -> Ragged:
    rows = [row for days in own for row in days]
    offsets = np.cumsum([0, *(len(days) for days in own)]).astype(np.int64)
    return Ragged(
        offsets,
        np.array([to_day(day) for day, _, _ in rows], np.int32),
        {
            "count": np.array([count for _, count, _ in rows], np.int64),
            "score": np.array([score * 10_000 for _, _, score in rows], np.int64),
        },
    )


def table(
    log: Mapping[Any, Sequence[Line]], columns: Sequence[str] = ("amount", "order_id"), ids: pa.DataType | None = None
) -> pa.Table:
    """A log as its source has it: ``columns`` beside members and times."""
    found: dict[str, pa.Array] = {
        "customer_id": pa.array([member for member, own in log.items() for _ in own], ids or pa.string()),
        "timestamp": pa.array([line.timestamp for own in log.values() for line in own], pa.timestamp("us")),
    }
    for name in columns:
        kind = pa.float64() if name in ("amount", *NUMBERS) else pa.string()
        found[name] = pa.array([getattr(line, name) for own in log.values() for line in own], kind)
    return pa.table(found)


costed_lines = st.builds(
    Line,
    timestamps,
    exact_amounts,
    orders,
    cost=st.one_of(st.none(), exact_amounts),
    quantity=st.one_of(st.none(), st.integers(0, 9).map(float)),
)
"""Lines with costs and quantities."""


def costed_logs(most_members: int = 4) -> st.SearchStrategy[dict[str, list[Line]]]:
    """Member → lines with costs and quantities, at least one line in all."""
    members = st.sampled_from([f"m{i}" for i in range(most_members)])
    return st.dictionaries(members, st.lists(costed_lines, min_size=1, max_size=15), min_size=1)


def costed_histories(log: Mapping[str, Sequence[Line]]) -> Histories:
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
