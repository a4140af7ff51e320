from __future__ import annotations

import pytest
from by_example import Day, feature_at_cutoff

from features import recency

CASES: list[tuple[str, list[Day], float]] = [
    ("recency_days", [(1, 5.0)], 1.0),
    ("recency_days", [(90, 5.0), (12, 0.0)], 12.0),
    ("recency_days", [(12, 5.0), (3, -5.0)], 12.0),
    ("tenure_days", [(1, 5.0)], 1.0),
    ("tenure_days", [(400, 5.0), (12, 0.0)], 400.0),
    ("tenure_days", [(30, -1.0), (12, 5.0)], 12.0),
]


@pytest.mark.parametrize(("feature", "days", "expected"), CASES)
def test_recency(feature: str, days: list[Day], expected: float) -> None:
    assert feature_at_cutoff(feature, days) == pytest.approx(expected, rel=1e-14)


def test_every_feature_has_an_example() -> None:
    assert {feature.name for feature in recency.FEATURES} == {name for name, _, _ in CASES}
