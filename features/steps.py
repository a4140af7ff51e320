"""The walk's vocabulary: one member's state, what counts on a morning, when something can change next.

Plain Python that numba can compile (see features.compiling). ``book`` is (rules, reach, keep, onward, specs, most tiers,
most metrics), ``log`` is (day, flags, totals, numbers in a column of totals); both hold arrays when compiled, lists when
interpreted. ``s`` is the state, whole numbers at the positions named here.
"""

from __future__ import annotations

import math
from typing import Any

from features.calendars import leaves_months, month_and_day, month_start, months_on, period_end, period_start
from features.rulebook import (
    CALENDAR,
    COLUMN,
    DAILY,
    DAYS,
    FAR,
    FOR_DAYS,
    FOR_MONTHS,
    FROM,
    FULL_ORDERS,
    FULL_SPEND,
    IS_SCORE,
    JOIN_ALL,
    LIFETIME,
    MEMBERSHIP,
    MONTH_END,
    MONTHS_BACK,
    N_METRICS,
    NONE,
    ORDERS,
    PERIOD_END,
    REVIEW,
    RULES,
    SPEC,
    START_DAY,
    START_MONTH,
    THIS_PERIOD,
    TIER,
    VALID_FOR,
    VALIDITY,
    VISIT_DAYS,
    W_LOYAL,
    W_ORDERS,
    W_SPEND,
    WIDTH,
    WINDOW,
)

Array = Any
Tuple = Any

HELD, SINCE, VALID, TARGET, EFFECT, KIND, START, VERSION, JOINED = range(9)
"""Tier held and since when; until when valid; tier that a pending fall leads to (-1: none) and its morning; how the
tier was granted and from which day on rows counted for it; the version of the rules; the day of joining."""
FIRST, LOW, HIGH, STOP, MORNING, RENEWS, CHANGED, BOOKED, EXTRA, FLIP, EVENTS = range(9, 20)
"""Rows: the member's first, the first in a rolling window, the first not yet known, the last + 1. The last morning walked;
whether the tier is renewed on each morning from it on; whether it changed then. A trial booking of an amount on a day, and
the least amount by which it would have had to be higher for one comparison to end otherwise. Events written."""
STATE = 32
VALUE = 24
"""Where the metrics' values lie, one after another."""

RISEN, RENEWED, LANDED, BY_INVITATION = range(4)
"""How the tier held was granted."""


def begin(s: Array, first: int, stop: int, joined: int) -> None:
    """A member on the day of joining."""
    for i in range(STATE):
        s[i] = 0
    s[SINCE] = s[START] = s[JOINED] = s[MORNING] = joined
    s[TARGET] = -1
    s[CHANGED] = 1
    s[KIND] = LANDED
    s[FIRST] = s[LOW] = s[HIGH] = first
    s[STOP] = stop
    s[BOOKED] = s[FLIP] = FAR


def period(book: Tuple, s: Array, day: int) -> tuple[int, int]:
    """The period of the window that holds a day: its first day, and the first day after it."""
    rules = book[0]
    at = s[VERSION] * RULES
    if rules[at + WINDOW] == CALENDAR:
        month, of_month = rules[at + START_MONTH], rules[at + START_DAY]
    else:
        anchor = s[SINCE] if rules[at + WINDOW] == TIER else s[JOINED]
        month, of_month = month_and_day(anchor)
        day = max(day, anchor)  # the first period of a tier begins on the morning on which it is granted
    width = rules[at + WIDTH]
    return period_start(day, month, of_month, width), period_end(day, month, of_month, width)


def window_start(book: Tuple, s: Array, t: int) -> int:
    """First day that counts on morning t."""
    rules = book[0]
    at = s[VERSION] * RULES
    window = rules[at + WINDOW]
    if window == DAYS:
        return t - rules[at + WIDTH]
    if window == MONTHS_BACK:
        return months_on(t, -rules[at + WIDTH])
    if window == LIFETIME:
        return -FAR
    start, _ = period(book, s, t - 1)
    return start


def first_row(log: Tuple, s: Array, day: int) -> int:
    """The first known row on or after a day."""
    days = log[0]
    low, high = s[FIRST], s[HIGH]
    while low < high:
        middle = (low + high) // 2
        if days[middle] < day:
            low = middle + 1
        else:
            high = middle
    return low


def evaluate(book: Tuple, log: Tuple, s: Array, start: int, t: int) -> None:
    """Values of the version's metrics over known rows on days in [start, t), into the state."""
    rules, specs, totals, stride = book[0], book[4], log[2], log[3]
    low, high = first_row(log, s, start), s[HIGH]
    for m in range(rules[s[VERSION] * RULES + N_METRICS]):
        at = (s[VERSION] * book[6] + m) * SPEC
        column = specs[at + COLUMN] * stride
        value = totals[column + high] - totals[column + low]
        if specs[at + IS_SCORE]:
            full = specs[at + FULL_SPEND]
            score = math.floor(100 * specs[at + W_SPEND] * (min(max(value, 0), full) / full) + 0.5)
            column = specs[at + ORDERS] * stride
            orders = (totals[column + high] - totals[column + low]) * 10_000
            full = specs[at + FULL_ORDERS]
            score += math.floor(100 * specs[at + W_ORDERS] * (min(max(orders, 0), full) / full) + 0.5)
            column = specs[at + VISIT_DAYS] * stride
            days = totals[column + high] - totals[column + low]
            if days > 0:
                score += math.floor(100 * specs[at + W_LOYAL] * ((days - 1) / days) + 0.5)
            value = score
        elif start <= s[BOOKED] < t:
            value += s[EXTRA]
        s[VALUE + m] = value


def highest(book: Tuple, log: Tuple, s: Array, table: int, top: int, start: int, t: int) -> int:
    """The highest tier from ``top`` down whose thresholds (table 1: reach, 2: keep) are met by rows in [start, t)."""
    thresholds = book[1] if table == 1 else book[2]
    rules = book[0]
    metrics, every = rules[s[VERSION] * RULES + N_METRICS], rules[s[VERSION] * RULES + JOIN_ALL]
    evaluate(book, log, s, start, t)
    booked = start <= s[BOOKED] < t
    for tier in range(top, 0, -1):
        at = (s[VERSION] * book[5] + tier) * book[6]
        met = 0
        for m in range(metrics):
            if s[VALUE + m] >= thresholds[at + m]:
                met += 1
            elif booked:
                s[FLIP] = min(s[FLIP], thresholds[at + m] - s[VALUE + m])
        if met == metrics or (met > 0 and not every):
            return tier
    return 0


def valid_until(book: Tuple, s: Array, t: int) -> int:
    """Morning up to which a tier granted on morning t stays, 0 where the rules know no validity."""
    rules = book[0]
    at = s[VERSION] * RULES
    kind, length = rules[at + VALIDITY], rules[at + VALID_FOR]
    if kind == NONE:
        return 0
    if kind == FOR_DAYS:
        return t - 1 + length
    if kind == FOR_MONTHS:
        return months_on(t - 1, length)
    _, end = period(book, s, t - 1)
    if kind == THIS_PERIOD:
        return end
    _, end = period(book, s, end)
    return end


def next_review(book: Tuple, s: Array, t: int) -> int:
    """First review morning after morning t."""
    rules = book[0]
    at = s[VERSION] * RULES
    review = rules[at + REVIEW]
    if review == DAILY:
        return t + 1
    if review == MONTH_END:
        month, _ = month_and_day(t)
        return month_start(month + 1)
    if review == PERIOD_END or rules[at + WINDOW] in (TIER, MEMBERSHIP):
        _, end = period(book, s, t)
        return end
    month, of_month = month_and_day(s[JOINED])
    return period_end(t, month, of_month, 12)


def is_review(book: Tuple, s: Array, t: int) -> bool:
    """Whether tiers are looked at on morning t."""
    return next_review(book, s, t - 1) == t


def next_morning(book: Tuple, log: Tuple, s: Array) -> int:
    """First morning after the last one walked on which something can change."""
    rules, days = book[0], log[0]
    at = s[VERSION] * RULES
    t = s[MORNING]
    if s[CHANGED]:
        return t + 1
    found = next_review(book, s, t) if rules[at + REVIEW] != DAILY else FAR
    if s[HIGH] < s[STOP]:
        found = min(found, days[s[HIGH]] + 1)
    if s[BOOKED] >= t:
        found = min(found, s[BOOKED] + 1)
    window, width = rules[at + WINDOW], rules[at + WIDTH]
    if window in (DAYS, MONTHS_BACK):
        start = window_start(book, s, t)
        while s[LOW] < s[HIGH] and days[s[LOW]] < start:
            s[LOW] += 1
        oldest = days[s[LOW]] if s[LOW] < s[HIGH] else FAR
        if start <= s[BOOKED] < t:
            oldest = min(oldest, s[BOOKED])
        if oldest < FAR:
            found = min(found, oldest + width + 1 if window == DAYS else leaves_months(oldest, width))
    elif window != LIFETIME:
        _, end = period(book, s, t - 1)
        found = min(found, max(end, t) + 1)  # the first morning whose window is the next period
    if rules[at + REVIEW] == DAILY and rules[at + VALIDITY] != NONE and s[VALID] > t:
        found = min(found, s[VALID])
    if s[TARGET] >= 0:
        found = min(found, s[EFFECT])
    if (s[VERSION] + 1) * RULES < len(rules):
        found = min(found, max(rules[at + RULES + FROM], t + 1))
    return found
