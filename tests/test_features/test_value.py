from __future__ import annotations

import pytest

from examples import ABSENT, Day, feature_at_cutoff
from features import value

CASES: list[tuple[str, list[Day], float]] = [
    ("spend_28d", [(29, 5.0), (28, 6.5), (1, 0.25), (3, -2.0)], 6.75),
    ("spend_91d", [(92, 5.0), (91, 6.5)], 6.5),
    ("spend_364d", [(365, 5.0), (364, 6.5)], 6.5),
    ("spend_rate_42d", [(42, 10.0), (84, 10.0), (1, -3.0)], 7.5 * 30 * (2 ** (1 / 42) - 1)),
    ("spend_rate_126d", [(126, 10.0)], 5.0 * 30 * (2 ** (1 / 126) - 1)),
    ("spend_per_order", [(400, 9.0, 2), (1, 3.0, 1)], 4.0),
    ("spend_last_visit", [(400, 9.0), (5, 3.0), (1, -3.0)], 3.0),
    ("returned_share", [(400, 9.0), (5, 3.0), (1, -3.0)], 0.25),
    ("returned_share", [(5, 3.0)], 0.0),
    ("returned_share", [(5, 0.0)], ABSENT),
]


@pytest.mark.parametrize(("feature", "days", "expected"), CASES)
def test_value(feature: str, days: list[Day], expected: float) -> None:
    assert feature_at_cutoff(feature, days) == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_every_feature_has_an_example() -> None:
    assert {feature.name for feature in value.FEATURES} == {name for name, _, _ in CASES}
