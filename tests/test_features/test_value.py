from __future__ import annotations

import pytest
from by_example import ABSENT, Day, Stop, feature_at_cutoff, feature_of_lines

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
    ("net_spend_91d", [(92, 5.0), (91, 6.5), (3, 1.0), (92, -3.0), (2, -2.0)], 5.5),
    ("net_spend_91d", [(92, 5.0), (2, -2.0)], -2.0),
    ("net_spend_364d", [(365, 5.0), (364, 6.5), (2, -2.0)], 4.5),
    ("spend_total", [(4_000, 9.0), (1, 3.0), (2, -1.0)], 12.0),
    ("spend_first_visit", [(4_001, -2.0), (4_000, 9.0), (1, 3.0)], 9.0),
]
LINES: list[tuple[str, list[Stop], float]] = [
    ("profit_91d", [(92, 9.0, {"cost": 1.0}), (91, 6.0, {"cost": 4.0}), (1, -1.5, {"cost": -1.0})], 1.5),
    ("profit_91d", [(91, 6.0, {"cost": -4.0}), (1, -1.5, {"cost": 1.0})], 1.5),  # the sign of a cost says nothing
    ("profit_364d", [(365, 9.0, {"cost": 1.0}), (364, 6.0, {"cost": 4.0}), (1, 1.0, {"cost": 2.0})], 1.0),
    ("margin_share", [(365, 9.0, {"cost": 1.0}), (364, 6.0, {"cost": 4.0}), (1, 2.0, {"cost": 2.0})], 0.25),
    ("margin_share", [(1, 0.0, {"cost": 2.0})], ABSENT),
    ("points_earned_91d", [(92, 1.0, {"points": 50.0}), (91, 1.0, {"points": 7.0}), (1, 1.0, {"points": -9.0})], 7.0),
    ("points_earned_91d", [(2, 1.0, {"points": 7.0}), (1, -1.0, {"points": 5.0})], 7.0),  # taken back, not earned
    ("points_used_share", [(900, 1.0, {"points": 50.0}), (1, 1.0, {"points": -5.0})], 0.1),
    ("points_used_share", [(1, 1.0, {"points": -5.0})], ABSENT),
]


@pytest.mark.parametrize(("feature", "days", "expected"), CASES)
def test_value(feature: str, days: list[Day], expected: float) -> None:
    assert feature_at_cutoff(feature, days) == pytest.approx(expected, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize(("feature", "stops", "expected"), LINES)
def test_value_of_lines(feature: str, stops: list[Stop], expected: float) -> None:
    assert feature_of_lines(feature, stops) == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_every_feature_has_an_example() -> None:
    assert {feature.name for feature in value.FEATURES} == {name for name, _, _ in [*CASES, *LINES]}
