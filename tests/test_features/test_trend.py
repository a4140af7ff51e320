from __future__ import annotations

import pytest
from by_example import ABSENT, Day, feature_at_cutoff

from features import trend

# What is the same every day has a trend of 1, so each sum is divided by that of a one on every day.
FASTER = (2 ** (1 / 42) - 1) / (2 ** (1 / 126) - 1)

CASES: list[tuple[str, list[Day], float]] = [
    ("visits_trend", [(126, 1.0)], FASTER * 0.125 / 0.5),
    ("visits_trend", [(2521, 1.0)], 0.0),
    ("spend_trend", [(126, 8.0)], FASTER * 1.0 / 4.0),
    ("spend_trend", [(5, 0.0)], ABSENT),
    ("spend_trend", [(126, 8.0), (1, -5.0)], FASTER * 0.25),
    ("visits_halves_trend", [(183, 1.0), (182, 1.0), (92, 1.0), (91, 1.0)], 0.5),
    ("visits_halves_trend", [(91, 1.0)], ABSENT),
    ("spend_halves_trend", [(183, 1.0), (182, 6.0), (92, 2.0), (91, 4.0), (3, -1.0)], 0.5),
    ("spend_halves_trend", [(92, 0.0), (91, 4.0)], ABSENT),
    ("last_visit_to_mean", [(900, 6.0), (1, 3.0)], 2 / 3),
    ("last_visit_to_mean", [(1, 0.0)], ABSENT),
]


@pytest.mark.parametrize(("feature", "days", "expected"), CASES)
def test_trend(feature: str, days: list[Day], expected: float) -> None:
    assert feature_at_cutoff(feature, days) == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_every_feature_has_an_example() -> None:
    assert {feature.name for feature in trend.FEATURES} == {name for name, _, _ in CASES}
