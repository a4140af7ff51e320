from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from features.bounds import StandingBounds
from features.errors import ConfigError


def test_what_is_left_out_follows_the_period() -> None:
    bounds = StandingBounds(period_days=30, periods=12)
    assert (bounds.window_days, bounds.recency) == (360, (10, 30, 60, 120))
    assert StandingBounds(recency_days=(7, 14, 21, 28)).recency == (7, 14, 21, 28)


def test_bounds_of_spend_follow_the_policy_where_none_are_set() -> None:
    assert StandingBounds(period_days=100).spend(2.0) == (100.0, 200.0, 400.0, 800.0)
    assert StandingBounds().spend(None) is None
    assert StandingBounds(spend_per_period=(1, 2, 3, 4)).spend(99.0) == (1, 2, 3, 4)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"recency_days": (30, 20, 40, 50)}, r"standing\.recency_days rise from one to the next; got \[30, 20, 40, 50\]"),
        ({"orders_per_period": (1, 1, 2, 3)}, r"standing\.orders_per_period rise"),
        ({"spend_per_period": (4, 3, 2, 1)}, r"standing\.spend_per_period rise"),
        ({"medium_from": 3, "high_from": 2}, r"standing\.high_from is above medium_from; got 2 and 3"),
        ({"loyal_periods": 5}, r"standing\.loyal_periods is at most standing\.periods; got 5 of 4"),
    ],
)
def test_bounds_that_contradict_each_other_are_refused(given: dict[str, Any], match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        StandingBounds(**given)


@pytest.mark.parametrize(
    "given",
    [
        {"period_days": 0},
        {"periods": 1},
        {"period_days": "91"},
        {"recency_days": (1, 2, 3)},
        {"near_share": 1.1},
        {"near_amount": -1},
        {"satisfaction": float("nan")},
        {"quantiles": True},
    ],
)
def test_a_bound_out_of_its_range_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(given))):
        StandingBounds(**given)
