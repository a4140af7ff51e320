from __future__ import annotations

import math

from features import compiling
from features.calendars import months_on
from features.compiling import compiled
from features.counting import part


def test_helpers_are_compiled_with_what_calls_them() -> None:
    fast = compiled(months_on)
    assert [fast(day, 1) for day in (0, 30, 59)] == [months_on(day, 1) for day in (0, 30, 59)]
    assert compiled(months_on) is fast


def test_a_score_is_the_same_to_the_bit() -> None:
    fast = compiled(part)
    for value in range(0, 3_000_001, 7_919):
        assert (
            fast(3333, value, 2_999_999)
            == part(3333, value, 2_999_999)
            == math.floor(333_300 * (min(value, 2_999_999) / 2_999_999) + 0.5)
        )


def test_the_name_tells_the_code_of_the_helpers() -> None:
    assert compiling._digest(months_on) != compiling._digest(part)
    assert compiled(months_on).__name__ == f"months_on_{compiling._digest(months_on)}"
