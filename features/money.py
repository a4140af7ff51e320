"""Money as whole numbers, so that a sum is the same in every order and on every engine.

An amount is kept in ten-thousandths of its currency unit: no currency of ISO 4217 has more than four
decimals. Sums of whole numbers do not depend on the order of rows, on threads or on the engine.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

UNITS: Final = 10_000
"""Fixed-point units in one unit of currency."""

MAX_AMOUNT: Final = 1e11
"""Largest amount of one line, exclusive: keeps nine thousand such lines of a member exact in int64."""


def to_units(amount: float) -> int:
    """An amount in fixed-point units, halves rounded up. The engine's fold uses the same formula.

    Parameters
    ----------
    amount : float, in currency, finite, ``abs(amount) < MAX_AMOUNT``

    >>> to_units(12.34), to_units(-0.5), to_units(0.00005)
    (123400, -5000, 1)
    """
    return math.floor(amount * UNITS + 0.5)


def to_currency(units: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Fixed-point units as currency, elementwise.

    >>> to_currency(np.array([123400, -5000])).tolist()
    [12.34, -0.5]
    """
    return units / float(UNITS)
