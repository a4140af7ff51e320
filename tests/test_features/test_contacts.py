from __future__ import annotations

import datetime as dt

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from features.contacts import About, Event, attach
from features.events import KINDS, attach_events, check_events
from features.histories import from_rows
from features.snapshot import to_day

DAY = dt.date(2017, 1, 1)
events = st.builds(
    Event,
    st.datetimes(dt.datetime(2017, 1, 1), dt.datetime(2017, 1, 9)).map(lambda time: time.replace(microsecond=0)),
    st.sampled_from([*KINDS, "visited"]),
    st.integers(-50, 100).map(lambda tenths: tenths / 10),
)
LOG = from_rows([(name, [(DAY, {"orders": 1, "gross": 0, "returned": 0})]) for name in "abc"], has_amounts=True)


@settings(max_examples=60)
@given(st.lists(st.lists(events, max_size=6), min_size=3, max_size=3))
def test_events_at_hand_are_those_of_an_event_log(own: list[list[Event]]) -> None:
    rows = [
        (name, event.timestamp, event.kind, event.score) for name, found in zip("abc", own, strict=True) for event in found
    ]
    here = attach(LOG, [About(found) for found in own])
    if not rows:
        assert {kind: len(part.day) for kind, part in here.events.items()} == dict.fromkeys(KINDS, 0)
        return
    names = ("customer_id", "timestamp", "kind", "score")
    table = pa.table(dict(zip(names, (list(column) for column in zip(*rows, strict=True)), strict=True)))
    there = attach_events(LOG, check_events(table))
    assert set(here.events) == set(there.events)
    for kind, part in there.events.items():
        assert here.events[kind].offsets.tolist() == part.offsets.tolist()
        assert here.events[kind].day.tolist() == part.day.tolist()
        assert {name: column.tolist() for name, column in here.events[kind].values.items()} == {
            name: column.tolist() for name, column in part.values.items()
        }


def test_nothing_said_is_nothing_known() -> None:
    assert attach(LOG, [About()] * 3) is LOG


def test_dates_of_joining() -> None:
    found = attach(LOG, [About(joined=dt.date(2016, 5, 1)), About(), About(events=[])])
    assert found.joined is not None
    assert found.joined.tolist() == [to_day(dt.date(2016, 5, 1)), -1, -1]
    assert set(found.events) == set(KINDS)
