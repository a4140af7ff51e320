"""The difference of two rates where few came back, or few did not: Newcombe's interval, from Wilson's of each rate.

An interval of the normal kind is too narrow there, and of no width where nobody came back. Newcombe 1998, Statistics in
Medicine 17, method 10; Wilson 1927.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import special  # type: ignore[import-untyped]

from features.operators import Floats

FEW: Final = 15
"""Events, or members without one, in either arm: with fewer a rate's interval is Newcombe's."""


def few_events(y: Floats, treated: npt.NDArray[np.bool_]) -> bool:
    """Whether an arm has few members with the event, or few without it."""
    return any(min(float(own.sum()), len(own) - float(own.sum())) < FEW for own in (y[treated], y[~treated]))


def wilson(rate: float, count: float, z: float) -> tuple[float, float]:
    """Ends of the score interval of a rate.

    >>> low, high = wilson(0.0, 10, 1.96)
    >>> round(low, 4), round(high, 4)
    (0.0, 0.2775)
    """
    centre = rate + z * z / (2.0 * count)
    half = z * math.sqrt(rate * (1.0 - rate) / count + z * z / (4.0 * count * count))
    return max((centre - half) / (1.0 + z * z / count), 0.0), min((centre + half) / (1.0 + z * z / count), 1.0)


def newcombe(rate: float, count: float, base: float, base_count: float, level: float) -> tuple[float, float, float]:
    """Difference of two rates, and the ends of its interval.

    Parameters
    ----------
    count, base_count : members, or as many as the weighted rate is worth

    >>> [round(end, 4) for end in newcombe(56 / 70, 70, 48 / 80, 80, 0.95)]
    [0.2, 0.0524, 0.3339]
    """
    return _ends(rate, count, base, base_count, float(special.ndtri(0.5 + level / 2)))


def newcombe_p(rate: float, count: float, base: float, base_count: float) -> float:
    """Two-sided p: one less the level of the interval that just touches 0."""
    least, most = 0.0, 40.0
    for _ in range(50):
        z = (least + most) / 2.0
        _, low, high = _ends(rate, count, base, base_count, z)
        least, most = (least, z) if low <= 0.0 <= high else (z, most)
    return float(2.0 * special.ndtr(-(least + most) / 2.0)) if rate != base else 1.0


def _ends(rate: float, count: float, base: float, base_count: float, z: float) -> tuple[float, float, float]:
    low, high = wilson(rate, count, z)
    base_low, base_high = wilson(base, base_count, z)
    value = rate - base
    return (
        value,
        value - math.hypot(rate - low, base_high - base),
        value + math.hypot(high - rate, base - base_low),
    )
