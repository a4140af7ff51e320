from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.feature import Unit
from serving.forecast.alike import NO_CODE, paces_alike, values_alike
from serving.forecast.pace import heard
from serving.forecast.wording import worded

OFF = st.sampled_from([0.0, 1e-13, -1e-13, 1e-9, -1e-9, 1e-4, 0.01])
NEAR = st.builds(lambda twentieths, off: twentieths / 20 + off, st.integers(-3, 2_003), OFF)
VALUES = st.lists(NEAR | st.floats(-200, 200) | st.sampled_from([math.nan, math.inf, -0.0, 99.96, 1e7, 1e300]), max_size=40)
PACES = st.tuples(st.integers(1, 6).map(float), NEAR | st.just(math.nan), st.integers(0, 30).map(float) | NEAR)


@given(VALUES)
def test_values_of_one_number_are_told_in_the_same_words(values: list[float]) -> None:
    codes = values_alike(np.array(values), np.ones(len(values), bool)).tolist()
    for unit in (Unit.DAYS, Unit.RATIO, Unit.COUNT):
        for language in ("en", "zh"):
            told = defaultdict(set)
            for code, value in zip(codes, values, strict=True):
                if code != NO_CODE:
                    told[code].add(worded(value, unit, language))
            assert all(len(words) == 1 for words in told.values())


@given(VALUES)
def test_what_is_not_told_to_a_tenth_shares_its_number_with_itself_alone(values: list[float]) -> None:
    for value, code in zip(values, values_alike(np.array(values), np.zeros(len(values), bool)).tolist(), strict=True):
        assert code == NO_CODE or code == 2 * value


@given(st.lists(st.tuples(PACES, st.booleans()), min_size=1, max_size=40))
def test_paces_of_one_number_are_heard_as_the_same(parts: list[tuple[tuple[float, float, float], bool]]) -> None:
    codes = paces_alike(np.array([pace for pace, _ in parts]), np.array([raises for _, raises in parts])).tolist()
    told = defaultdict(set)
    for code, (pace, raises) in zip(codes, parts, strict=True):
        if code != NO_CODE:
            told[code].add(repr(heard(pace, raises)))
    assert all(len(words) == 1 for words in told.values())


@pytest.mark.parametrize("tenths", [True, False])
def test_what_many_members_have_in_common_has_a_number(tenths: bool) -> None:
    values = np.array([0.0, 1.0, 364.0, 0.52, 3.31])
    assert (values_alike(values, np.full(5, tenths)) != NO_CODE).tolist() == [True, True, True, tenths, tenths]
    paces = np.array([[1.0, math.nan, 20.0], [30.0, 8.84, 75.0], [30.0, 40.2, 75.0], [30.0, 40.2, 7.0]])
    assert NO_CODE not in paces_alike(paces, np.full(4, tenths))
