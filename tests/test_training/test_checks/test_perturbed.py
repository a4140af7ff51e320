from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
import simulated
from hypothesis import given
from hypothesis import strategies as st

from features.daily import DailyRow
from features.histories import Histories, Ragged, from_rows
from training.checks.perturbed import absurd_future

DAYS = [simulated.FIRST + dt.timedelta(days=day) for day in (1, 100, 250, 419, 500)]


def parts(histories: Histories) -> dict[str, Ragged]:
    return {"visits": histories.visits, "returns": histories.returns, **histories.labels, **histories.events}


def alike(one: Ragged, other: Ragged) -> bool:
    columns = all(np.array_equal(one.values[name], other.values[name]) for name in one.values)
    return columns and np.array_equal(one.day, other.day) and np.array_equal(one.offsets, other.offsets)


@pytest.mark.parametrize("cutoff", DAYS)
def test_what_was_known_at_the_cutoff_stays(small: Histories, cutoff: dt.date) -> None:
    known, again = small.before(cutoff), absurd_future(small, cutoff).before(cutoff)
    assert all(alike(rows, parts(again)[name]) for name, rows in parts(known).items())


@pytest.mark.parametrize("cutoff", DAYS)
def test_every_member_is_given_a_future(small: Histories, cutoff: dt.date) -> None:
    changed = absurd_future(small, cutoff)
    for name, rows in parts(changed).items():
        more = np.diff(rows.offsets) - np.diff(parts(small.before(cutoff))[name].offsets)
        assert (more == 3).all()
        later = np.diff(rows.day) > 0
        within = np.ones(len(rows.day) - 1, bool)
        within[rows.offsets[1:-1] - 1] = False
        assert later[within].all(), "days rise within each member"
    assert changed.span[1] == cutoff + dt.timedelta(days=3)
    assert changed.visits.values["gross"].max() > 1e14


@given(
    st.dictionaries(st.sampled_from("abc"), st.lists(st.integers(0, 30), min_size=1, unique=True), min_size=1),
    st.integers(1, 40),
)
def test_of_any_log(days: dict[str, list[int]], ahead: int) -> None:
    log: dict[str, list[DailyRow]] = {
        member: [
            (simulated.FIRST + dt.timedelta(days=day), {"orders": 1, "gross": day, "returned": 0}) for day in sorted(own)
        ]
        for member, own in days.items()
    }
    histories, cutoff = simulated.histories(log), simulated.FIRST + dt.timedelta(days=ahead)
    changed = absurd_future(histories, cutoff)
    assert alike(changed.before(cutoff).visits, histories.before(cutoff).visits)
    assert len(changed.visits.day) == len(histories.before(cutoff).visits.day) + 3 * len(histories)


def test_labels_and_events_are_added_to_and_codes_stay_in_range() -> None:
    day = simulated.FIRST
    own = [[(day, "bread", 1, 100), (day, "milk", 2, 50)], [(day, "milk", 1, 25)], []]
    visit: list[DailyRow] = [(day, {"orders": 1, "gross": 100, "returned": 0})]
    members = [(name, visit) for name in "abc"]
    log = from_rows(members, has_amounts=True, columns={"category"}, labels={"category": own})
    log = replace(log, events={"sent": replace(log.visits, values={"events": log.visits.values["orders"]})})
    changed = absurd_future(log, day + dt.timedelta(days=7))
    category = changed.labels["category"]
    assert category.values["code"].tolist() == [0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert category.offsets.tolist() == [0, 5, 9, 12]
    assert len(changed.events["sent"].day) == 3 + 9
    assert alike(changed.before(day + dt.timedelta(days=7)).labels["category"], log.labels["category"])
