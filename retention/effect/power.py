"""What a campaign could have seen: the least true difference that it finds four times out of five.

A difference of (z(0.975) + z(0.8)) standard errors is found with a power of 80 % by a two-sided test at 5 %. Before a
campaign the standard error is planned, from the members in each arm and the outcome's variance; after it, it is
the one measured.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import special  # type: ignore[import-untyped]

from features.operators import Floats, Integers

POWER: Final = 0.8
_TWO_SIDED: Final = 0.05


def detectable(se: float, power: float = POWER) -> float:
    """The least difference found with this power, in the outcome's unit.

    >>> round(detectable(1.0), 4)
    2.8016
    """
    return float(special.ndtri(1.0 - _TWO_SIDED / 2.0) + special.ndtri(power)) * se


def planned_error(variance: Floats, treated: npt.NDArray[np.bool_], strata: Integers) -> float:
    """Standard error to expect of a difference weighted by strata; NaN where no stratum has both arms.

    Parameters
    ----------
    variance : (n_strata,) of the outcome in each stratum, in both arms alike
    treated, strata : (n,) as they were, or are to be, drawn

    >>> round(planned_error(np.array([0.25]), np.repeat([True, False], [900, 100]), np.zeros(1000, np.int64)), 6)
    0.052705
    """
    sizes = [np.bincount(strata[arm], minlength=len(variance)) for arm in (treated, ~treated)]
    both = (sizes[0] > 0) & (sizes[1] > 0)
    if not both.any():
        return math.nan
    weight = (sizes[0] + sizes[1])[both] / (sizes[0] + sizes[1])[both].sum()
    parts = weight**2 * variance[both] * (1.0 / sizes[0][both] + 1.0 / sizes[1][both])
    return float(np.sqrt(parts.sum()))


def variances(values: Floats, strata: Integers) -> Floats:
    """(n_strata,) variance of an outcome within strata; of a probability of it, that of the event.

    >>> variances(np.array([1.0, 3.0, 5.0]), np.array([0, 0, 1])).tolist()
    [2.0, 0.0]
    """
    counts = np.bincount(strata)
    means = np.bincount(strata, values) / np.maximum(counts, 1)
    return np.asarray(np.bincount(strata, (values - means[strata]) ** 2) / np.maximum(counts - 1, 1))
