"""How far two populations lie apart in one number."""

from __future__ import annotations

from typing import Final

import numpy as np

from features.operators import Floats, Integers
from training.checks.noise import Z_999, chi_squared

BINS: Final = 10


def stability(before: Floats, after: Floats) -> tuple[float, int]:
    """Population stability index of two samples, and how many bins there are; bins are tenths of ``before``.

    Conventionally up to .1 is no shift, from .25 on a large one (Siddiqi, 2006).

    Parameters
    ----------
    before, after : (n,) and (m,), NaN where missing, neither empty

    >>> stability(np.arange(100.0), np.arange(100.0))
    (0.0, 10)
    """
    edges = tenths(before)
    return index(binned(before, edges), binned(after, edges))


def tenths(values: Floats) -> Floats:
    """At most nine edges between tenths of what is known; fewer where values repeat, none where nothing is known.

    >>> tenths(np.array([1.0, 1.0, 2.0, 2.0, 2.0, np.nan])).tolist()
    [1.0, 2.0]
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return np.empty(0)
    return np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1], method="lower"))


def binned(values: Floats, edges: Floats) -> Integers:
    """(len(edges) + 2,) how many values are missing, and how many lie in each bin; a bin holds its lower edge.

    >>> binned(np.array([0.5, 1.0, 7.0, np.nan]), np.array([1.0, 2.0])).tolist()
    [1, 1, 1, 1]
    """
    missing = np.isnan(values)
    bins = np.where(missing, 0, np.searchsorted(edges, values, "right") + 1)
    return np.bincount(bins, minlength=len(edges) + 2).astype(np.int64)


def index(before: Integers, after: Integers) -> tuple[float, int]:
    """Population stability index, sum of (q - p) log(q / p) over bins, and how many of the bins anything lies in.

    Half a row is added to each of them, so that none is empty.

    Parameters
    ----------
    before, after : (n_bins,) counts
    """
    there = (before > 0) | (after > 0)
    p, q = before[there] + 0.5, after[there] + 0.5
    p, q = p / p.sum(), q / q.sum()
    return float(((q - p) * np.log(q / p)).sum()), len(p)


def by_chance(bins: int, before: int, after: int) -> float:
    """The index that two samples of one population of so many members each exceed once in a thousand.

    The index is about chi squared of bins - 1 degrees of freedom, times 1/before + 1/after (Yurdakul, 2018).
    """
    return chi_squared(bins - 1, Z_999) * (1.0 / before + 1.0 / after) if bins > 1 else 0.0


def expected(bins: int, before: int, after: int) -> float:
    """The index that two samples of one population have on average: chi squared has the mean bins - 1.

    >>> expected(11, 1_000, 1_000)
    0.02
    """
    return (bins - 1) * (1.0 / before + 1.0 / after)
