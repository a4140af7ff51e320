"""Which features move a forecast most: one of each family before a second of any, since features of a family say nearly
the same, and three reasons are to be three. What moves nothing is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from features.operators import Floats

Places = npt.NDArray[np.int64]
NONE = -1
"""Stands where a member has fewer that move the forecast than were asked for."""


def largest(contributions: Floats, families: Sequence[str], most: int) -> Places:
    """Positions of the features that move each of some forecasts most, largest first; of equals the first.

    Parameters
    ----------
    contributions : (n_members, n_features)
    families : (n_features,)

    Returns
    -------
    (n_members, most), ``NONE`` where there are no more

    >>> largest(np.array([[0.1, -0.3, 0.2, 0.0], [0.0, 0.0, 0.0, 0.5]]), ["a", "a", "b", "c"], 3)
    array([[ 1,  2,  0],
           [ 3, -1, -1]])
    """
    _, codes = np.unique(np.asarray(families, str), return_inverse=True)
    unlike = (codes[:, None] != codes[None, :]).astype(np.float64)
    left, every = np.abs(contributions), np.arange(len(contributions))
    found = np.full((len(contributions), most), NONE)
    for k in range(most):
        best = left.argmax(axis=1)
        found[:, k] = np.where(left[every, best] > 0.0, best, NONE)
        left *= unlike[best]
    for row in np.flatnonzero((found == NONE).any(axis=1)).tolist():  # rarely, so few families are there
        of_one = largest_of_one(contributions[row].tolist(), families, most)
        found[row, : len(of_one)] = of_one
    return found


def largest_of_one(contributions: Sequence[float], families: Sequence[Any], most: int) -> list[int]:
    """The same for one forecast, in plain Python, which is done before numpy has begun; no longer than it has to be.

    >>> largest_of_one([0.1, -0.3, 0.2, 0.0], ["a", "a", "b", "c"], 3)
    [1, 2, 0]
    """
    order = sorted(range(len(contributions)), key=[-abs(part) for part in contributions].__getitem__)
    chosen: list[int] = []
    told = set()
    for place, i in enumerate(order):
        if len(chosen) >= most or contributions[i] == 0.0:
            break
        if families[i] not in told:
            told.add(families[i])
            chosen.append(place)
    if len(chosen) < most:
        left = [place for place, i in enumerate(order) if contributions[i] != 0.0 and place not in chosen]
        chosen = sorted(chosen + left[: most - len(chosen)])
    return [order[place] for place in chosen]
