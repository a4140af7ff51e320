"""Several tests at once: Holm's correction, by which a family of tests errs once in twenty times, not each of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def holm(p: Sequence[float]) -> list[float]:
    """Corrected p of a family of tests, in their order; NaN stays, and does not count (Holm 1979).

    >>> [round(one, 3) for one in holm([0.01, 0.04, 0.03, float("nan")])]
    [0.03, 0.06, 0.06, nan]
    """
    given = np.asarray(p, np.float64)
    counted = np.flatnonzero(~np.isnan(given))
    order = counted[np.argsort(given[counted], kind="stable")]
    raised = np.maximum.accumulate(given[order] * np.arange(len(order), 0, -1))
    found = given.copy()
    found[order] = np.minimum(raised, 1.0)
    return [float(one) for one in found]
