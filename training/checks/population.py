"""How far two populations lie apart in one number."""

from __future__ import annotations

from typing import Final

import numpy as np

from features.operators import Floats
from training.checks.noise import Z_999, chi_squared

BINS: Final = 10


def stability(before: Floats, after: Floats) -> tuple[float, int]:
    """Population stability index, sum of (q - p) log(q / p) over bins, and how many bins there are.

    Bins are tenths of ``before`` (fewer where values repeat) and one for what is missing; half a row is added to each, so
    that none is empty. Conventionally up to .1 is no shift, from .25 on a large one (Siddiqi, 2006).

    Parameters
    ----------
    before, after : (n,) and (m,), NaN where missing, neither empty

    >>> stability(np.arange(100.0), np.arange(100.0))
    (0.0, 10)
    """
    known = before[~np.isnan(before)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1], method="lower")) if len(known) else np.empty(0)
    p, q = (_counts(values, edges) for values in (before, after))
    there = (p > 0) | (q > 0)
    p, q = p[there] + 0.5, q[there] + 0.5
    p, q = p / p.sum(), q / q.sum()
    return float(((q - p) * np.log(q / p)).sum()), len(p)


def by_chance(bins: int, before: int, after: int) -> float:
    """The index that two samples of one population of so many members each exceed once in a thousand.

    The index is about chi squared of bins - 1 degrees of freedom, times 1/before + 1/after (Yurdakul, 2018).
    """
    return chi_squared(bins - 1, Z_999) * (1.0 / before + 1.0 / after) if bins > 1 else 0.0


def _counts(values: Floats, edges: Floats) -> Floats:
    missing = np.isnan(values)
    bins = np.where(missing, 0, np.searchsorted(edges, values, "right") + 1)
    return np.bincount(bins, minlength=len(edges) + 2).astype(np.float64)
