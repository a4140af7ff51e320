"""Tables that both forms of the operators look numbers up in, so that they cannot differ by a bit."""

from __future__ import annotations

import math
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from features import money

UNITS: Final = float(money.UNITS)
_HALF_LIVES_KEPT: Final = 60


@cache
def weights(half_life_days: int) -> npt.NDArray[np.float64]:
    """Weight by age in days: halves every half-life, and ends after sixty of them, when nothing is left of it.

    >>> weights(7)[[0, 7, 14]].tolist()
    [1.0, 0.5, 0.25]
    """
    return np.array([0.5 ** (age / half_life_days) for age in range(_HALF_LIVES_KEPT * half_life_days + 1)])


@cache
def monthly(half_life_days: int) -> float:
    """What turns a faded sum into a monthly rate: of 1 on every day, it makes 30."""
    return 30.0 * (math.exp2(1.0 / half_life_days) - 1.0)


def n_log_n(most: int) -> npt.NDArray[np.float64]:
    """Table of n * log(n) for n up to ``most`` or some more.

    >>> n_log_n(2)[:3].round(3).tolist()
    [0.0, 0.0, 1.386]
    """
    return _n_log_n(max(most, 1).bit_length())


@cache
def _n_log_n(bits: int) -> npt.NDArray[np.float64]:
    return np.array([0.0, *(n * math.log(n) for n in range(1, 2**bits))])


@cache
def listed_weights(half_life_days: int) -> list[float]:
    """The same weights as Python's own numbers, which are quicker to look up one by one."""
    listed: list[float] = weights(half_life_days).tolist()
    return listed
