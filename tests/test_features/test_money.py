from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import by_hand

from features.money import MAX_AMOUNT, UNITS, to_currency, to_units


@pytest.mark.parametrize(
    ("amount", "expected"),
    [(0.0, 0), (-0.0, 0), (12.34, 123_400), (0.1 + 0.2, 3_000), (0.00005, 1), (-0.00005, 0), (-0.00015, -1), (1e11, 10**15)],
)
def test_units_of_an_amount(amount: float, expected: int) -> None:
    assert to_units(amount) == expected


@given(st.floats(-MAX_AMOUNT, MAX_AMOUNT, allow_nan=False))
def test_units_agree_with_decimal_arithmetic(amount: float) -> None:
    assert to_units(amount) == by_hand.units(amount)


@given(st.integers(-(10**14), 10**14))
def test_four_decimals_survive_the_way_there_and_back(units: int) -> None:
    amount = float(Decimal(units) / UNITS)
    assert to_units(amount) == units
    assert to_currency(np.array([units])).tolist() == [amount]


def test_nine_thousand_lines_of_the_largest_amount_fit() -> None:
    assert 9_000 * to_units(MAX_AMOUNT) < np.iinfo(np.int64).max
