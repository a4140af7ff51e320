from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from retention.uplift.measured import LEVEL, Measured, above_zero


def test_above_zero_is_what_the_interval_says() -> None:
    assert Measured(1.97, 1.0).p_above < LEVEL < Measured(1.95, 1.0).p_above
    assert Measured(1.97, 1.0).low > 0 > Measured(1.95, 1.0).low
    assert Measured(0.7, 0.5).p_above == pytest.approx(norm.sf(1.4))


def test_what_cannot_vary_proves_nothing() -> None:
    assert Measured(0.0, 0.0).p_above == Measured(1.0, 0.0).p_above == Measured(1.0, math.nan).p_above == 1.0


@settings(max_examples=25)
@given(st.lists(st.floats(-1, 5), min_size=1, max_size=5))
def test_holm_is_between_one_test_and_bonferroni(values: list[float]) -> None:
    figures = [Measured(value, 1.0) for value in values]
    found = above_zero(figures)
    single = [figure.p_above <= LEVEL for figure in figures]
    strict = [figure.p_above <= LEVEL / len(figures) for figure in figures]
    assert all(one or not many for one, many in zip(single, found, strict=True))
    assert all(many or not one for one, many in zip(strict, found, strict=True))


def test_of_twenty_null_figures_few_are_told_wrongly() -> None:
    rng = np.random.default_rng(1)
    wrong = np.mean([any(above_zero([Measured(z, 1.0) for z in rng.normal(size=20).tolist()])) for _ in range(2_000)])
    assert 0.015 < wrong < 0.035
