from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from retention.effect.corrected import holm


@given(st.lists(st.floats(0, 1), max_size=8), st.floats(0.001, 0.999))
def test_holm_rejects_what_the_steps_reject(p: list[float], level: float) -> None:
    """Step down: reject the least p while it is at most level / (how many are left)."""
    left, rejected = sorted(range(len(p)), key=lambda i: p[i]), set()
    while left and p[left[0]] * len(left) <= level:
        rejected.add(left.pop(0))
    assert {i for i, one in enumerate(holm(p)) if one <= level} == rejected


def test_what_was_not_tested_does_not_count() -> None:
    found = holm([0.02, math.nan, 0.01])
    assert found[::2] == [0.02, 0.02]
    assert math.isnan(found[1])
