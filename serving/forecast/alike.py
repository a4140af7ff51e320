"""Which reasons are told in the same words, as whole numbers: a thousand members share a few hundred sentences.

A number may stand for one wording alone; where it is in doubt (a value so near the middle of two tenths that multiplying
it may have moved it, or one beyond all bounds) there is none, and the reason is worded by itself.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from features.operators import Floats
from serving.forecast.pace import RHYTHM_FROM, TENTHS_BELOW
from serving.forecast.wording import WHOLE_FROM

Codes = npt.NDArray[np.int64]
NO_CODE: Final = -1
_MOST: Final = 2.0**21
_SURE: Final = 0.5 - 1e-6
"""As far from the next tenth, or the next whole number, as it is certain which one a value is rounded to."""


def values_alike(values: Floats, in_tenths: npt.NDArray[np.bool_]) -> Codes:
    """A number for what is told of each value; ``NO_CODE`` where there is none.

    Parameters
    ----------
    values, in_tenths : (n,); whether a value that is not whole is told to a tenth, and from ``WHOLE_FROM`` on whole

    >>> values_alike(np.array([7.0, 0.512, 0.496, 0.25, -3.0]), np.array([True] * 5)).tolist()
    [14, 11, 11, -1, -1]
    """
    with np.errstate(invalid="ignore"):
        whole = np.rint(values)
        tenth = np.rint(values * 10.0)
        exact = values == whole
        by_tenth = in_tenths & (values < WHOLE_FROM) & (np.abs(values * 10.0 - tenth) < _SURE)
        known = ~np.signbit(values) & (values < _MOST) & (exact | by_tenth)
        return np.where(known, np.where(exact, 2.0 * whole, 2.0 * tenth + 1.0), NO_CODE).astype(np.int64)


def paces_alike(paces: Floats, raises: npt.NDArray[np.bool_]) -> Codes:
    """A number for what is heard of each pace (``serving.forecast.pace.heard``); ``NO_CODE`` where there is none.

    Parameters
    ----------
    paces : (n, 3) as ``Pace``
    raises : (n,)

    >>> paces = np.array([[30.0, 11.6, 45.0], [31.0, 12.3, 45.0], [30.0, 11.6, 46.0]])
    >>> first, second, third = paces_alike(paces, np.array([True] * 3)).tolist()
    >>> first == second != third
    True
    """
    shopping_days, gap_days, silence_days = paces.T
    with np.errstate(invalid="ignore"):
        few = (shopping_days <= RHYTHM_FROM) | np.isnan(gap_days)
        by_tenth = gap_days < TENTHS_BELOW
        scaled = np.where(by_tenth, gap_days * 10.0, gap_days)
        rounded = np.rint(scaled)
        told = np.where(few, shopping_days, rounded)
        silent = few | (raises == (silence_days > gap_days))
        silence = np.where(silent, silence_days, 0.0)
        known = few | (np.abs(scaled - rounded) < _SURE)
        for part in (told, silence):
            known &= ~np.signbit(part) & (part < _MOST) & (part == np.rint(part))
        kind = 4.0 * few + 2.0 * by_tenth + silent
        return np.where(known, (kind * _MOST + told) * _MOST + silence, NO_CODE).astype(np.int64)
