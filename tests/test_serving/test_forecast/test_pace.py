from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.forecast.pace import Pace, heard, paced

ONCE, THRICE = Pace(1.0, math.nan, 20.0), Pace(3.0, 6.0, 1.0)


@pytest.mark.parametrize(
    ("pace", "raises", "en", "zh"),
    [
        (ONCE, True, "only 1 shopping day so far, the last 20 days ago", "至今只有 1 个购物日，最近一次在 20 天前"),
        (THRICE, False, "only 3 shopping days so far, the last 1 day ago", "至今只有 3 个购物日，最近一次在 1 天前"),
        (
            *(Pace(40.0, 8.84, 75.0), True),
            *("buys every 8.8 days on average, last 75 days ago", "平均每 8.8 天购买一次，最近一次在 75 天前"),
        ),
        (
            *(Pace(40.0, 9.96, 75.0), True),
            *("buys every 10 days on average, last 75 days ago", "平均每 10 天购买一次，最近一次在 75 天前"),
        ),
        (
            *(Pace(40.0, 1.04, 1.0), False),
            *("buys every day on average, last 1 day ago", "平均每 1 天购买一次，最近一次在 1 天前"),
        ),
        (Pace(9.0, 40.0, 40.0), True, "buys every 40 days on average", "平均每 40 天购买一次"),
        (Pace(99.0, 3.0, 7.0), False, "buys every 3 days on average", "平均每 3 天购买一次"),
    ],
)
def test_a_pace_in_words(pace: Pace, raises: bool, en: str, zh: str) -> None:
    assert paced(heard(pace, raises), "en") == en
    assert paced(heard(pace, raises), "zh") == zh


@given(st.integers(4, 5_000), st.floats(1, 5_000), st.integers(1, 5_000), st.booleans())
def test_the_silence_is_told_exactly_where_it_speaks_for_the_reason(
    days: int, gap: float, silence: int, raises: bool
) -> None:
    said = paced(heard(Pace(float(days), gap, float(silence)), raises), "en")
    assert ("ago" in said) == (raises == (silence > gap))
    assert "every 0" not in said
    assert "nan" not in said
