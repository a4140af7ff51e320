from __future__ import annotations

from serving.forecast.pace import Pace
from serving.forecast.row import AT, HEAD, PACE, STAGE_NAMES


def test_each_number_has_a_place_of_its_own() -> None:
    assert [HEAD[at] for at in AT.values()] == list(AT) == list(HEAD)


def test_the_pace_lies_as_it_is_read() -> None:
    assert HEAD[PACE] == Pace._fields


def test_stages_are_named_for_programs() -> None:
    assert STAGE_NAMES[:2] == ("prospect", "first_purchase")
    assert all(name.isidentifier() for name in STAGE_NAMES)
