"""The loops under the operators, in plain Python that numba can compile.

Each takes pairs (member, cutoff): ``start[p]`` and ``stop[p]`` bound the member's rows known at the cutoff, newest last,
and fills ``out`` of one row a pair. The same source runs compiled over many pairs and interpreted over a few; only
operations that IEEE 754 pins are used, so both give the same bits.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

# Arrays when compiled, lists when interpreted (indexing a list is several times faster than indexing an array).
Column = Any


def window_sum(start: Column, stop: Column, cutoff: Column, day: Column, value: Column, width: int, out: Column) -> None:
    """Σ value over rows with day in [cutoff - width, cutoff)."""
    for p in range(len(out)):
        total = 0
        i = stop[p] - 1
        first = cutoff[p] - width
        while i >= start[p] and day[i] >= first:
            total += value[i]
            i -= 1
        out[p] = total


def decayed_sum(
    start: Column, stop: Column, cutoff: Column, day: Column, value: Column, weight: Column, out: Column
) -> None:
    """Σ value * weight[age in days], newest first; rows older than the table weigh nothing."""
    oldest = len(weight) - 1
    for p in range(len(out)):
        total = 0.0
        i = stop[p] - 1
        while i >= start[p] and cutoff[p] - day[i] <= oldest:
            total += value[i] * weight[cutoff[p] - day[i]]
            i -= 1
        out[p] = total


def gap_moments(start: Column, stop: Column, day: Column, mean: Column, sd: Column) -> None:
    """Mean and population standard deviation of the days between consecutive rows; NaN without a gap."""
    for p in range(len(mean)):
        n = stop[p] - start[p] - 1
        if n < 1:
            mean[p] = math.nan
            sd[p] = math.nan
            continue
        total = 0
        squares = 0
        for i in range(start[p] + 1, stop[p]):
            gap = day[i] - day[i - 1]
            total += gap
            squares += gap * gap
        mean[p] = total / n
        sd[p] = math.sqrt((n * squares - total * total) / (n * n))


def gap_quantile(start: Column, stop: Column, day: Column, q: float, out: Column) -> None:
    """Quantile of the days between consecutive rows, interpolated linearly; NaN without a gap."""
    for p in range(len(out)):
        n = stop[p] - start[p] - 1
        if n < 1:
            out[p] = math.nan
            continue
        gaps = np.empty(n, np.float64)
        for k in range(n):
            gaps[k] = day[start[p] + k + 1] - day[start[p] + k]
        gaps.sort()
        position = (n - 1) * q
        low = int(position)
        high = min(low + 1, n - 1)
        out[p] = gaps[low] + (gaps[high] - gaps[low]) * (position - low)


def comebacks(
    start: Column, stop: Column, cutoff: Column, day: Column, horizon: int, longer: Column, returned: Column
) -> None:
    """Past gaps at least as long as the silence at the cutoff, and how many of them ended within the horizon.

    The silence is s = cutoff - last day. A past gap g counts when g >= s; it ended within the horizon when g < s + horizon.
    """
    for p in range(len(longer)):
        n_longer = 0
        n_returned = 0
        if stop[p] > start[p]:
            silence = cutoff[p] - day[stop[p] - 1]
            for i in range(start[p] + 1, stop[p]):
                gap = day[i] - day[i - 1]
                if gap >= silence:
                    n_longer += 1
                    if gap < silence + horizon:
                        n_returned += 1
        longer[p] = n_longer
        returned[p] = n_returned
