from __future__ import annotations

import pytest
from by_example import Day, feature_at_cutoff

from features import frequency

CASES: list[tuple[str, list[Day], float]] = [
    ("visits_total", [(4000, 5.0), (1, 0.0), (2, -1.0)], 2.0),
    ("visits_28d", [(29, 5.0), (28, 5.0), (1, 5.0)], 2.0),
    ("visits_91d", [(92, 5.0), (91, 5.0)], 1.0),
    ("visits_364d", [(365, 5.0), (364, 5.0), (1, 1.0)], 2.0),
    ("orders_91d", [(92, 5.0, 9), (91, 5.0, 2), (1, 5.0, 3)], 5.0),
    ("visit_rate_14d", [(14, 5.0), (28, 5.0)], 0.75 * 30 * (2 ** (1 / 14) - 1)),
    ("visit_rate_42d", [(42, 9.0)], 0.5 * 30 * (2 ** (1 / 42) - 1)),
    ("visit_rate_126d", [(252, 9.0), (126, 9.0)], 0.75 * 30 * (2 ** (1 / 126) - 1)),
    ("visit_rate_378d", [(756, 1.0)], 0.25 * 30 * (2 ** (1 / 378) - 1)),
    ("visit_rate_14d", [(age, 1.0) for age in range(1, 400)], 30.0),
    ("visits_182d", [(183, 5.0), (182, 5.0), (1, 5.0), (2, -1.0)], 2.0),
    ("orders_per_visit", [(4000, 5.0, 3), (1, 5.0, 1), (2, -1.0)], 2.0),
]


@pytest.mark.parametrize(("feature", "days", "expected"), CASES)
def test_frequency(feature: str, days: list[Day], expected: float) -> None:
    assert feature_at_cutoff(feature, days) == pytest.approx(expected, rel=1e-6 if len(days) > 9 else 1e-12)


def test_every_feature_has_an_example() -> None:
    assert {feature.name for feature in frequency.FEATURES} == {name for name, _, _ in CASES}
