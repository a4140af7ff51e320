from __future__ import annotations

import pytest
from programmes import SCORE

from features.metrics import Events, Points, Score, in_units


def test_what_is_kept_in_ten_thousandths() -> None:
    assert in_units(Score.model_validate(SCORE))
    assert in_units("profit")
    assert not in_units(Events(events=("referral",)))


@pytest.mark.parametrize(
    ("content", "expiries"),
    [({}, ()), ({"per_unit": 2.0, "expire_days": 3}, ("expire_days",))],
)
def test_expiries(content: dict[str, float], expiries: tuple[str, ...]) -> None:
    assert Points.model_validate(content).expiries == expiries


def test_a_part_is_written_back_without_what_is_not_said() -> None:
    assert Points(expire_days=3).model_dump() == {"expire_days": 3}
