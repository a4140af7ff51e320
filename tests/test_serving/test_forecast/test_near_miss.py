from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.forecast.near_miss import missed, rounded_up


@pytest.mark.parametrize(("need", "text"), [(86.2, "86.20"), (86.2001, "86.21"), (0.0001, "0.01"), (1234.0, "1,234.00")])
def test_a_need_is_never_understated(need: float, text: str) -> None:
    assert rounded_up(need) == text


@given(st.integers(1, 10**9))
def test_what_is_told_suffices_and_not_by_more_than_a_hundredth(units: int) -> None:
    told = float(rounded_up(units / 10_000).replace(",", ""))
    assert units / 10_000 <= told + 1e-9
    assert told < units / 10_000 + 0.01


@pytest.mark.parametrize(
    ("kind", "whole", "language", "text"),
    [
        ("keep", False, "en", "needs 3.00 more by 2018-03-31 to keep Gold"),
        ("reach", True, "en", "needs 3 more by 2018-03-31 to reach Gold"),
        ("keep", True, "zh", "2018-03-31 前（含当日）还需 3，可保 Gold"),
        ("reach", False, "zh", "2018-03-31 前（含当日）还需 3.00，可升 Gold"),
    ],
)
def test_said_in_both_languages(kind: str, whole: bool, language: str, text: str) -> None:
    assert missed(kind, "Gold", 3.0, "2018-03-31", whole=whole, language=language) == text
