"""What counts on a morning: a member's known rows → the metrics' values → the highest tier whose thresholds are met.

Plain Python that numba can compile; ``book``, ``log`` and ``s`` are those of features.steps.
"""

from __future__ import annotations

import math

from features.rulebook import (
    COLUMN,
    FULL_ORDERS,
    FULL_SPEND,
    IS_SCORE,
    JOIN_ALL,
    METRICS,
    N_METRICS,
    ORDERS,
    ROWS,
    SPEC,
    SPECS,
    TIERS,
    VISIT_DAYS,
    W_LOYAL,
    W_ORDERS,
    W_SPEND,
)
from features.steps import AT, BOOKED, EXTRA, FIRST, FLIP, HIGH, LOW, VALUE, VERSION, Array, Number


def first_row(log: Array, s: Array, day: int) -> Number:
    """The first known row on or after a day: most often where a rolling window began last, or just behind."""
    low, high = s[LOW], s[HIGH]
    if low > s[FIRST] and log[low - 1] >= day:
        low = s[FIRST]
    elif low >= high or log[low] >= day:
        return low
    elif low + 1 >= high or log[low + 1] >= day:
        return low + 1
    while low < high:
        middle = (low + high) // 2
        if log[middle] < day:
            low = middle + 1
        else:
            high = middle
    return low


def counted(book: Array, log: Array, column: int, low: int, high: int) -> Number:
    """A column's sum over rows [low, high)."""
    at = 2 * book[ROWS] + column * (book[ROWS] + 1)
    return log[at + high] - log[at + low]


def part(weight: int, value: int, full: int) -> int:
    """A part of a score, in ten-thousandths of a point: a quotient, a product and a floor are the same everywhere."""
    return math.floor(100 * weight * (min(max(value, 0), full) / full) + 0.5)


def evaluate(book: Array, log: Array, s: Array, start: int, t: int) -> None:
    """Values of the version's metrics over known rows on days in [start, t), into the state."""
    low, high = first_row(log, s, start), s[HIGH]
    for m in range(book[s[AT] + N_METRICS]):
        at = book[SPECS] + (s[VERSION] * book[METRICS] + m) * SPEC
        value = counted(book, log, book[at + COLUMN], low, high)
        if book[at + IS_SCORE]:
            orders = counted(book, log, book[at + ORDERS], low, high) * 10_000
            days = counted(book, log, book[at + VISIT_DAYS], low, high)
            value = part(book[at + W_SPEND], value, book[at + FULL_SPEND])
            value += part(book[at + W_ORDERS], orders, book[at + FULL_ORDERS])
            value += part(book[at + W_LOYAL], days - 1, max(days, 1))
        elif start <= s[BOOKED] < t:
            value += s[EXTRA]
        s[VALUE + m] = value


def highest(book: Array, log: Array, s: Array, table: int, top: int, start: int, t: int) -> int:
    """The highest tier from ``top`` down whose thresholds (``table``: REACH or KEEP) are met by rows in [start, t)."""
    evaluate(book, log, s, start, t)
    return met(book, s, table, top, 0, start, t)


def met(book: Array, s: Array, table: int, top: int, floor: int, start: int, t: int) -> int:
    """The same by the values in the state, which are those of rows in [start, t); ``floor`` where none above it is met."""
    metrics, every = book[s[AT] + N_METRICS], book[s[AT] + JOIN_ALL]
    booked = start <= s[BOOKED] < t
    for tier in range(top, floor, -1):
        at = book[table] + (s[VERSION] * book[TIERS] + tier) * book[METRICS]
        passed = 0
        for m in range(metrics):
            if s[VALUE + m] >= book[at + m]:
                passed += 1
            elif booked:
                s[FLIP] = min(s[FLIP], book[at + m] - s[VALUE + m])
        if passed == metrics or (passed > 0 and not every):
            return tier
    return floor
