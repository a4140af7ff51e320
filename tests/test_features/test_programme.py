from __future__ import annotations

import pytest
from by_example import Day, feature_at_cutoff

from features import programme
from features.policy import TierPolicy

# A window of 60 days and a horizon of 20: what is 40 days old or younger carries over.
CASES: list[tuple[str, list[Day], float, float]] = [  # feature, days, value with returns net, and with returns ignored
    ("tier_metric", [(61, 500.0), (60, 80.0), (1, 40.0), (2, -30.0)], 90.0, 120.0),
    ("tier_carry", [(41, 80.0), (40, 40.0), (1, 5.0), (2, -30.0)], 15.0, 45.0),
    ("tier_carry", [(41, 80.0), (2, -30.0)], -30.0, 0.0),
    ("need_to_keep", [(41, 120.0), (1, 40.0)], 60.0, 60.0),
    ("need_to_keep", [(41, 120.0), (1, 40.0), (2, -10.0)], 70.0, 60.0),
    ("need_to_keep", [(1, 250.0)], 0.0, 0.0),
    ("need_to_keep", [(1, 40.0)], 0.0, 0.0),  # the first tier is kept with nothing
    ("need_to_rise", [(1, 40.0)], 60.0, 60.0),
    ("need_to_rise", [(41, 120.0), (1, 40.0)], 260.0, 260.0),
    ("need_to_rise", [(41, 50.0), (1, 99.0), (2, -60.0)], 61.0, 201.0),  # net, a tier lower
    ("tier", [(41, 120.0), (2, -30.0)], 0.0, 1.0),
    ("tier", [(1, 300.0)], 2.0, 2.0),
    ("days_to_review", [(1, 40.0)], 1.0, 1.0),  # reviewed every day
    ("need_to_rise", [(41, 300.0), (1, 50.0)], 0.0, 0.0),  # 0 at the top, even where the top is about to be lost
]


@pytest.mark.parametrize(("feature", "days", "net", "ignored"), CASES)
def test_programme(feature: str, days: list[Day], net: float, ignored: float) -> None:
    for returns, expected in (("net", net), ("ignore", ignored)):
        policy = TierPolicy.from_dict(
            {
                "programme": "P",
                "tiers": [{"name": "A"}, {"name": "B", "reach": 100.0}, {"name": "C", "reach": 300.0}],
                "metric": "spend",
                "returns": returns,
                "window": {"rolling_days": 60},
            }
        )
        assert feature_at_cutoff(feature, days, horizon=20, policy=policy) == expected, returns


def test_every_feature_has_an_example() -> None:
    assert {feature.name for feature in programme.FEATURES} == {name for name, *_ in CASES}
