from __future__ import annotations

import pytest
from by_example import ABSENT, Day, feature_at_cutoff

from features import cadence

CASES: list[tuple[str, list[Day], float]] = [
    ("gap_last_days", [(30, 1.0), (10, 1.0), (3, 1.0)], 7.0),
    ("gap_mean_days", [(30, 1.0), (10, 1.0), (4, 1.0)], 13.0),
    ("gap_sd_days", [(30, 1.0), (10, 1.0), (4, 1.0)], 7.0),
    ("gap_median_days", [(60, 1.0), (50, 1.0), (30, 1.0)], 15.0),
    ("gap_p90_days", [(60, 1.0), (50, 1.0), (30, 1.0)], 19.0),
    ("gap_max_days", [(60, 1.0), (50, 1.0), (30, 1.0)], 20.0),
    ("gap_mean_days", [(10, 1.0), (7, -1.0), (4, 1.0)], 6.0),
    ("silence_to_median_gap", [(60, 1.0), (50, 1.0), (30, 1.0)], 2.0),
    ("silence_to_p90_gap", [(76, 1.0), (66, 1.0), (57, 1.0), (38, 1.0)], 38 / 17.2),
    ("silence_to_max_gap", [(60, 1.0), (50, 1.0), (30, 1.0)], 1.5),
    ("longer_silences", [(100, 1.0), (60, 1.0), (50, 1.0), (10, 1.0)], 3.0),
    ("longer_silences", [(10, 1.0)], 0.0),
    ("comeback_share", [(100, 1.0), (60, 1.0), (50, 1.0), (10, 1.0)], 1 / 3),
    ("comeback_share", [(40, 1.0), (20, 1.0), (19, 1.0)], 1.0),
    ("comeback_share", [(39, 1.0), (10, 1.0)], 1.0),  # on the last day of the horizon
    ("comeback_share", [(40, 1.0), (10, 1.0)], 0.0),  # on the day after
    ("comeback_share", [(12, 1.0), (11, 1.0)], ABSENT),
    ("gap_last_days", [(10, 1.0)], ABSENT),
    ("gap_mean_days", [(10, 1.0)], ABSENT),
    ("gap_sd_days", [(10, 1.0)], ABSENT),
    ("gap_median_days", [(10, 1.0)], ABSENT),
    ("gap_p90_days", [(10, 1.0)], ABSENT),
    ("gap_max_days", [(10, 1.0)], ABSENT),
    ("silence_to_median_gap", [(10, 1.0)], ABSENT),
    ("silence_to_p90_gap", [(10, 1.0)], ABSENT),
    ("silence_to_max_gap", [(10, 1.0)], ABSENT),
    ("comeback_share", [(10, 1.0)], ABSENT),
    ("gap_p25_days", [(60, 1.0), (50, 1.0), (30, 1.0)], 12.5),
    ("gap_p25_days", [(10, 1.0)], ABSENT),
    ("gap_p75_days", [(60, 1.0), (50, 1.0), (30, 1.0)], 17.5),
    ("gap_p75_days", [(10, 1.0)], ABSENT),
    ("gap_variation", [(30, 1.0), (10, 1.0), (4, 1.0)], 7 / 13),
    ("gap_variation", [(10, 1.0)], ABSENT),
    ("last_gap_to_median", [(60, 1.0), (50, 1.0), (30, 1.0)], 20 / 15),
    ("last_gap_to_median", [(10, 1.0)], ABSENT),
]


@pytest.mark.parametrize(("feature", "days", "expected"), CASES)
def test_cadence(feature: str, days: list[Day], expected: float) -> None:
    assert feature_at_cutoff(feature, days, horizon=20) == pytest.approx(expected, rel=1e-14, nan_ok=True)


def test_every_feature_has_an_example() -> None:
    assert {feature.name for feature in cadence.FEATURES} == {name for name, _, _ in CASES}
