from __future__ import annotations

import programmes
import pytest

from features.counting import evaluate, highest, part
from features.metrics import Score
from features.policy import TierPolicy
from features.rulebook import FAR, KEEP, REACH, rulebook
from features.steps import BOOKED, EXTRA, FLIP, HIGH, STATE, VALUE, begin

DAYS, FLAGS, SPEND = [10, 20, 30], [0, 0, 0], [0, 1_000_000, 1_500_000, 1_200_000]
TIERS = [{"name": "A"}, {"name": "B", "reach": 100, "keep": 90}, {"name": "C", "reach": 140}]


def at(**rules: object) -> tuple[list[int], list[int], list[int]]:
    policy = TierPolicy.from_dict({"programme": "P", "tiers": TIERS, "metric": "spend", "window": "lifetime", **rules})
    state = [0] * STATE
    begin(state, 0, 3, 0)
    state[HIGH] = 3
    return rulebook(policy).flat(3), [*DAYS, *FLAGS, *SPEND], state


@pytest.mark.parametrize(("start", "value"), [(0, 1_200_000), (10, 1_200_000), (11, 200_000), (31, 0)])
def test_a_sum_from_a_day_on(start: int, value: int) -> None:
    book, log, state = at()
    evaluate(book, log, state, start, 40)
    assert state[VALUE] == value


@pytest.mark.parametrize(
    ("table", "top", "start", "tier"), [(REACH, 2, 0, 1), (KEEP, 1, 0, 1), (REACH, 2, 11, 0), (KEEP, 0, 0, 0)]
)
def test_the_highest_tier_that_is_met(table: int, top: int, start: int, tier: int) -> None:
    book, log, state = at()
    assert highest(book, log, state, table, top, start, 40) == tier
    assert state[FLIP] == FAR


def test_a_trial_booking_tells_by_how_much_it_falls_short() -> None:
    book, log, state = at()
    state[BOOKED], state[EXTRA] = 35, 50_000
    assert highest(book, log, state, REACH, 2, 0, 40) == 1
    assert state[FLIP] == 1_400_000 - 1_250_000
    assert highest(book, log, state, REACH, 2, 0, 35) == 1  # not booked yet on that morning


def test_parts_of_a_score() -> None:
    assert Score.model_validate(programmes.SCORE).score.loyalty is not None
    assert [part(5_000, value, 1_000) for value in (-5, 0, 500, 1_000, 2_000)] == [0, 0, 250_000, 500_000, 500_000]
