from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from features.bounds import StandingBounds
from features.daily import Line
from features.ladder import CLASSES, STAGES, frequency_classes, stages
from features.loyalty import loyalties
from features.snapshot import to_day

CUTOFF = dt.date(2020, 3, 10)
BOUNDS = StandingBounds(period_days=10, periods=4)


def stage(days: dict[int, float], events: tuple[tuple[int, str, float], ...] = ()) -> str:
    """The stage of a member with amounts so many days before the cutoff; another makes the log."""
    own = [Line(dt.datetime.combine(CUTOFF - dt.timedelta(days=ago), dt.time(9)), x) for ago, x in days.items()]
    histories = strategies.histories({"m": own})
    if events:
        rows = [("m", CUTOFF - dt.timedelta(days=ago), kind, score) for ago, kind, score in events]
        histories = strategies.with_events(histories, rows)
    day = to_day(CUTOFF)
    (found,) = stages(histories, day, loyalties(histories, day, BOUNDS), BOUNDS).tolist()
    return STAGES[found].en


LOYAL = {35: 5.0, 15: 5.0, 5: 5.0}


@pytest.mark.parametrize(
    ("days", "events", "name"),
    [
        ({0: 5.0}, (), "prospect"),
        ({1: 5.0}, (), "first purchase"),
        ({300: 5.0}, (), "first purchase"),
        ({1: -5.0}, (), "first purchase"),  # what is returned was bought, before the log began
        ({300: 5.0, 299: 5.0}, (), "repeat"),
        ({15: 5.0, 5: 5.0, 4: 5.0}, (), "repeat"),
        (LOYAL, (), "loyal"),
        (LOYAL, ((5, "survey", 8.9),), "loyal"),
        (LOYAL, ((5, "survey", 9.0),), "advocate"),
        (LOYAL, ((5, "referral", 0.0),), "advocate"),
        (LOYAL, ((41, "referral", 0.0),), "loyal"),
        (LOYAL, ((5, "complaint", 10.0),), "loyal"),
        ({5: 5.0}, ((5, "referral", 0.0),), "first purchase"),
    ],
)
def test_each_stage_by_its_rule(days: dict[int, float], events: tuple[tuple[int, str, float], ...], name: str) -> None:
    assert stage(days, events) == name


@pytest.mark.parametrize(("orders", "name"), [(0, "low"), (3, "low"), (4, "medium"), (11, "medium"), (12, "high")])
def test_the_frequency_class_by_orders_a_period(orders: int, name: str) -> None:
    (found,) = frequency_classes(np.array([1], np.int8), np.array([orders]), StandingBounds()).tolist()
    assert CLASSES[found].en == name


def test_every_word_is_there_in_both_languages() -> None:
    assert [phrase.zh for phrase in STAGES] == ["潜在", "首次", "重复", "忠诚", "倡导者"]
    assert [phrase.zh for phrase in CLASSES] == ["低", "中", "高"]


@given(st.dictionaries(st.integers(1, 60), st.floats(0, 9), min_size=1), st.integers(1, 60))
def test_one_more_purchase_never_leads_down(days: dict[int, float], more: int) -> None:
    names = [phrase.en for phrase in STAGES]
    assert names.index(stage({**days, more: 5.0})) >= names.index(stage(days))
