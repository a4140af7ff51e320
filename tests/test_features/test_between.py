from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import strategies
from hypothesis import given
from hypothesis import strategies as st

from features.between import known_at, last_day, net_between, sum_between
from features.daily import Line
from features.snapshot import to_day

FIRST, LAST = to_day(strategies.FIRST.date()), to_day(strategies.LAST.date())
DAYS = st.integers(FIRST - 1, LAST + 2)


@given(strategies.logs(), DAYS, DAYS)
def test_sums_are_those_of_a_loop_over_days(log: dict[str, list[Line]], first: int, end: int) -> None:
    histories = strategies.histories(log)
    rows = histories.visits
    for position in range(len(histories)):
        own = range(int(rows.offsets[position]), int(rows.offsets[position + 1]))
        inside = [i for i in own if first <= rows.day[i] < end]
        assert sum_between(rows, None, first, end)[position] == len(inside)
        assert sum_between(rows, "orders", first, end)[position] == sum(int(rows.values["orders"][i]) for i in inside)
        before = [int(rows.day[i]) for i in own if rows.day[i] < end]
        assert last_day(rows, end)[position] == max(before, default=-1)


@given(strategies.logs(), DAYS)
def test_net_spend_is_what_was_bought_less_what_was_returned(log: dict[str, list[Line]], end: int) -> None:
    histories = strategies.histories(log)
    bought = sum_between(histories.visits, "gross", 0, end)
    assert (net_between(histories, 0, end) == bought - sum_between(histories.returns, "returned", 0, end)).all()


def test_whom_there_is_to_know_of() -> None:
    log = {
        "bought": [Line(dt.datetime(2016, 1, 5), 5.0)],
        "joined": [Line(dt.datetime(2016, 6, 1), 5.0)],
        "later": [Line(dt.datetime(2016, 6, 1), 5.0)],
        "returned": [Line(dt.datetime(2016, 1, 5), -5.0)],
    }
    histories = strategies.histories(log)
    day = to_day(dt.date(2016, 1, 6))
    assert known_at(histories, day).tolist() == [True, False, False, True]
    joined = replace(histories, joined=np.array([-1, day - 1, day, -1], np.int32))
    assert known_at(joined, day).tolist() == [True, True, False, True]
    assert known_at(histories, day - 1).tolist() == [False] * 4
