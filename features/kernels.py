"""The loops under the operators, compiled by numba over many pairs (member, cutoff).

``start[p]`` and ``stop[p]`` bound the rows of pair p known at its cutoff, newest last. Only whole numbers and operations
that IEEE 754 pins are used, so that features.single gives the same bits from the same history.
"""

from __future__ import annotations

import math
from typing import Any

Column = Any


def first_from(pair: Column, day: Column, start: Column, stop: Column, target: Column, out: Column) -> None:
    """Of rows [start, stop), the first on day ``target`` or later.

    Pairs are visited in the order ``pair``: from one to the next of the same rows and a later day, it is a step or two.
    """
    for k in range(len(pair)):
        p = pair[k]
        low = start[p]
        high = stop[p]
        if k > 0 and low == start[pair[k - 1]] and target[p] >= target[pair[k - 1]]:
            low = min(out[pair[k - 1]], high)
            while low < high and day[low] < target[p]:
                low += 1
            high = low
        step = 1
        while high - step >= low and day[high - step] >= target[p]:  # most windows are short: look from their end
            high -= step
            step *= 2
        low = max(low, high - step)
        while low < high:
            middle = (low + high) // 2
            if day[middle] < target[p]:
                low = middle + 1
            else:
                high = middle
        out[p] = low


def seen_since(offsets: Column, day: Column, cutoffs: Column, lookback: int, out: Column) -> None:
    """Whether members have a row in [cutoff - lookback, cutoff), for rising cutoffs: (n_cutoffs, n_members)."""
    for m in range(len(offsets) - 1):
        i = offsets[m]
        for c in range(len(cutoffs)):
            while i < offsets[m + 1] and day[i] < cutoffs[c]:
                i += 1
            out[c, m] = i > offsets[m] and day[i - 1] >= cutoffs[c] - lookback


def faded(offsets: Column, day: Column, value: Column, weight: Column, out: Column) -> None:
    """After each row, the sum of the member's values so far, each times weight[its age in days]; no weight, nothing.

    Each row's sum follows from the one before, so it is the same whichever cutoffs are asked for.
    """
    oldest = len(weight) - 1
    for m in range(len(offsets) - 1):
        total = 0.0
        for i in range(offsets[m], offsets[m + 1]):
            if i > offsets[m]:
                gap = day[i] - day[i - 1]
                total = total * weight[gap] if gap <= oldest else 0.0
            total += value[i]
            out[i] = total


def faded_until(
    start: Column, stop: Column, cutoff: Column, day: Column, after: Column, weight: Column, factor: float, out: Column
) -> None:
    """What is left at each cutoff of the sum ``after`` the last row, times a factor."""
    for p in range(len(out)):
        kept = 0.0
        if stop[p] > start[p]:
            age = cutoff[p] - day[stop[p] - 1]
            if age < len(weight):
                kept = weight[age] * after[stop[p] - 1]
        out[p] = kept * factor


def difference(sums: Column, low: Column, high: Column, scale: float, out: Column) -> None:
    """Sum over rows [low, high) from the sums of all rows before each, in units of ``scale``."""
    for p in range(len(out)):
        out[p] = (sums[high[p]] - sums[low[p]]) / scale


def gap_order(
    pair: Column, member: Column, start: Column, stop: Column, cutoff: Column, day: Column, horizon: int, levels: Column,
    ordered: Column, quantiles: Column, longer: Column, returned: Column,
) -> None:  # fmt: skip
    """Quantiles of the gaps between rows, and past gaps at least as long as the silence at the cutoff.

    Pairs are visited in the order ``pair``, by member and rising cutoff, so that each gap is put in its place once.
    ``ordered`` is room for the most gaps that a member has; ``quantiles`` is (n_levels, n_pairs).
    """
    n = 0
    for k in range(len(pair)):
        p = pair[k]
        if k == 0 or member[p] != member[pair[k - 1]]:
            n = 0
        for i in range(start[p] + n + 1, stop[p]):
            gap = day[i] - day[i - 1]
            at = n
            while at > 0 and ordered[at - 1] > gap:
                ordered[at] = ordered[at - 1]
                at -= 1
            ordered[at] = gap
            n += 1
        for q in range(len(levels)):
            quantiles[q, p] = math.nan
            if n > 0:
                position = (n - 1) * levels[q]
                low = int(position)
                high = min(low + 1, n - 1)
                quantiles[q, p] = ordered[low] + (ordered[high] - ordered[low]) * (position - low)
        longer[p] = 0
        returned[p] = 0
        if n > 0:
            silence = cutoff[p] - day[stop[p] - 1]
            at = first_at_least(ordered, 0, n, silence)
            longer[p] = n - at
            returned[p] = first_at_least(ordered, at, n, silence + horizon) - at


def first_at_least(ordered: Column, low: int, high: int, value: int) -> int:
    """Of rising numbers [low, high), the first that is not below a value."""
    while low < high:
        middle = (low + high) // 2
        if ordered[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


def mixture(
    start: Column, stop: Column, code: Column, seen: Column, touched: Column, n_log_n: Column,
    distinct: Column, entropy: Column, top: Column,
) -> None:  # fmt: skip
    """Of rows [start, stop) by code: how many codes, their entropy in nats, and the share of the commonest."""
    for p in range(len(distinct)):
        n = 0
        for i in range(start[p], stop[p]):
            c = code[i]
            if seen[c] == 0:
                touched[n] = c
                n += 1
            seen[c] += 1
        rows = stop[p] - start[p]
        inside = 0.0
        most = 0
        for k in range(n):
            times = seen[touched[k]]
            inside += n_log_n[times]
            most = max(most, times)
            seen[touched[k]] = 0
        distinct[p] = n
        entropy[p] = (n_log_n[rows] - inside) / rows if rows else math.nan
        top[p] = most / rows if rows else math.nan
