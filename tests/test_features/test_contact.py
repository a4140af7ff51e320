from __future__ import annotations

import datetime as dt

import pytest
import strategies
from by_example import ABSENT, CUTOFF

from features import contact
from features.daily import Line
from features.feature_table import build
from features.registry import by_name

Happened = dict[str, list[tuple[int, int, int]]]
"""Kind → (days before the cutoff, how many, sum of their scores)."""

CASES: list[tuple[str, Happened, float]] = [
    ("sent_91d", {"sent": [(92, 9, 0), (91, 2, 0), (1, 1, 0), (0, 5, 0), (-9, 5, 0)]}, 3.0),
    ("sent_91d", {"opened": [(1, 1, 0)]}, 0.0),  # there is a log of events, and nothing was sent
    ("opened_91d", {"opened": [(92, 9, 0), (91, 2, 0)]}, 2.0),
    ("redeemed_364d", {"redeemed": [(365, 9, 0), (364, 2, 0)]}, 2.0),
    ("referral_364d", {"referral": [(365, 9, 0), (364, 2, 0)]}, 2.0),
    ("complaint_364d", {"complaint": [(365, 9, 0), (364, 2, 0)]}, 2.0),
    ("opened_share", {"sent": [(1, 8, 0), (365, 9, 0)], "opened": [(1, 2, 0)]}, 0.25),
    ("opened_share", {"sent": [(365, 9, 0)], "opened": [(1, 2, 0)]}, ABSENT),
    ("since_redeemed_days", {"redeemed": [(900, 1, 0), (7, 1, 0), (0, 1, 0)]}, 7.0),
    ("since_redeemed_days", {"sent": [(7, 1, 0)]}, ABSENT),
    ("survey_score", {"survey": [(900, 1, 10), (7, 2, 9), (0, 1, 1)]}, 4.5),  # two answers on one day
    ("survey_score", {"survey": [(7, 1, 0)]}, 0.0),
    ("survey_score", {"survey": [(0, 1, 5)]}, ABSENT),
]


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(("feature", "happened", "expected"), CASES)
def test_contact(feature: str, happened: Happened, expected: float, compiled: bool) -> None:
    events = {
        kind: {"m": sorted((CUTOFF - dt.timedelta(days=ago), count, score) for ago, count, score in days)}
        for kind, days in happened.items()
    }
    line = Line(dt.datetime.combine(CUTOFF, dt.time()) - dt.timedelta(days=1), 1.0)
    histories = strategies.full_histories({"m": [line]}, events)
    spans = {"horizon_days": 28, "lookback_days": 91}
    table = build(histories, [CUTOFF], **spans, features=by_name([feature]), compiled=compiled)
    assert table.x[0, 0] == pytest.approx(expected, nan_ok=True)


def test_every_feature_has_an_example() -> None:
    assert {feature.name for feature in contact.FEATURES} == {name for name, _, _ in CASES}
