from __future__ import annotations

import math

import pytest
from by_example import ABSENT, CUTOFF, Day, Stop, feature_at_cutoff, feature_of_lines

from features import rhythm

# The cutoff is a Tuesday, 10 March 2020: 1 day before is a Monday, 3 days before is Saturday 7 March.
CASES: list[tuple[str, list[Day], float]] = [
    ("weekend_share", [(4, 1.0), (3, 1.0), (2, 1.0), (1, 1.0)], 0.5),
    ("weekend_share", [(4, 1.0), (3, -1.0)], 0.0),
    ("weekend_share", [(367, 1.0), (4, 1.0)], 0.0),
    ("weekend_share", [(367, 1.0)], ABSENT),
    ("weekday_entropy", [(1, 1.0), (8, 9.0), (15, 1.0)], 0.0),
    ("weekday_entropy", [(1, 1.0), (2, 9.0)], math.log(2)),
    ("weekday_entropy", [(ago, 1.0) for ago in range(1, 29)], math.log(7)),
    ("weekday_entropy", [(365, 1.0)], ABSENT),
    ("weekday_top_share", [(1, 1.0), (8, 9.0), (2, 1.0)], 2 / 3),
    ("weekday_top_share", [(365, 1.0)], ABSENT),
    ("month_start_share", [(10, 1.0), (9, 1.0), (3, 1.0), (2, 1.0)], 0.5),  # 29 February, 1 March, 7 March, 8 March
    ("month_start_share", [(365, 1.0)], ABSENT),
    ("season_visits", [(365, 1.0), (364, 1.0), (337, 1.0), (336, 1.0), (1, 1.0)], 2.0),
    ("season_visits", [(365, 1.0), (340, -1.0), (1, 1.0)], 0.0),
    ("season_visits", [(364, 1.0), (1, 1.0)], ABSENT),  # not known before that season
    ("season_visits", [(365, -1.0), (364, 1.0), (1, 1.0)], ABSENT),
    ("season_spend", [(365, 1.0), (364, 2.0), (337, 4.0), (336, 8.0), (1, 16.0)], 6.0),
    ("season_spend", [(364, 2.0), (1, 16.0)], ABSENT),
]
LINES: list[tuple[str, list[Stop], float]] = [
    ("evening_share", [(0.25, 1.0), (1.5, 1.0)], 0.5),  # 18:00, and noon
    ("evening_share", [(0.25 + 1 / 1440, 1.0)], 0.0),  # 17:59
    ("evening_share", [(0.25, 1.0), (0.5, 1.0)], 0.0),  # the first purchase of the day was at noon
    ("evening_share", [(0.25, 1.0), (0.5, -1.0)], 1.0),
    ("evening_share", [(364.2, 1.0)], ABSENT),
]


@pytest.mark.parametrize(("feature", "days", "expected"), CASES)
def test_rhythm(feature: str, days: list[Day], expected: float) -> None:
    assert CUTOFF.strftime("%A") == "Tuesday"
    assert feature_at_cutoff(feature, days) == pytest.approx(expected, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize(("feature", "stops", "expected"), LINES)
def test_rhythm_of_lines(feature: str, stops: list[Stop], expected: float) -> None:
    assert feature_of_lines(feature, stops) == pytest.approx(expected, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize(("horizon", "expected"), [(1, 1.0), (28, 2.0), (29, 3.0), (364, 4.0), (400, 4.0)])
def test_a_season_is_as_long_as_the_horizon(horizon: int, expected: float) -> None:
    days: list[Day] = [(365, 1.0), (364, 1.0), (337, 1.0), (336, 1.0), (1, 1.0)]
    assert feature_at_cutoff("season_visits", days, horizon=horizon) == expected


def test_every_feature_has_an_example() -> None:
    assert {feature.name for feature in rhythm.FEATURES} == {name for name, _, _ in [*CASES, *LINES]}
