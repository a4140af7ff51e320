"""The walk's vocabulary: one member's state, its periods and reviews, when something can change next.

Plain Python that numba can compile (see features.compiling). ``book`` is a policy (``Rulebook.flat``). ``log`` is a ledger
end to end: days, flags, then each column's totals. ``s`` is the state, whole numbers at the positions named here. All are
arrays when compiled, lists when interpreted.
"""

from __future__ import annotations

from typing import Any

from features.calendars import leaves_months, month_and_day, month_start, months_on, period_end, period_start
from features.rulebook import (
    CALENDAR,
    DAILY,
    DAYS,
    FAR,
    FOR_DAYS,
    FOR_MONTHS,
    FROM,
    HEADER,
    LIFETIME,
    MEMBERSHIP,
    MONTH_END,
    MONTHS_BACK,
    NEWEST,
    NEXT_PERIOD,
    NONE,
    PERIOD_END,
    REVIEW,
    RULES,
    START_DAY,
    START_MONTH,
    TIER,
    TIERS,
    VALID_FOR,
    VALIDITY,
    VERSIONS,
    WIDTH,
    WINDOW,
)

Array = Any
Number = Any
"""A whole number out of an array."""

HELD, SINCE, VALID, TARGET, EFFECT, KIND, START, VERSION, JOINED = range(9)
"""Tier held and since when; until when valid; tier that a pending fall leads to (-1: none) and its morning; how the
tier was granted and from which day on rows counted for it; the version of the rules; the day of joining."""
FIRST, LOW, HIGH, STOP, MORNING, RENEWS, CHANGED, BOOKED, EXTRA, FLIP, EVENTS, AT = range(9, 21)
"""Rows: the member's first, the first in a rolling window, the first not yet known, the last + 1. The last morning walked;
whether the tier is renewed on each morning from it on; whether it changed then. A trial booking of an amount on a day, and
the least amount by which it would have had to be higher for one comparison to end otherwise. Events written. Where
the version's rules begin in the book."""
PERIOD_FROM, PERIOD_TO, REVIEW_FROM, REVIEW_AT = range(21, 25)
"""The last period looked up; the next review, for mornings from REVIEW_FROM on. Empty where the rules or dates changed."""
OPENED = 25
"""First day that counted on the last morning walked."""
STATE = 34
VALUE = 26
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
    s[AT] = HEADER
    s[BOOKED] = s[FLIP] = FAR


def rank(book: Array, s: Array) -> Number:
    """Position of the tier held in the newest ladder."""
    return book[book[NEWEST] + s[VERSION] * book[TIERS] + s[HELD]]


def forget(s: Array) -> None:
    """Let periods and reviews be looked up anew."""
    s[PERIOD_FROM] = s[PERIOD_TO] = s[REVIEW_FROM] = s[REVIEW_AT] = 0


def look_up_period(book: Array, s: Array, day: int) -> None:
    """Bring the period of the window that holds a day into the state."""
    at = s[AT]
    if book[at + WINDOW] == CALENDAR:
        month, of_month = book[at + START_MONTH], book[at + START_DAY]
    else:
        anchor = s[SINCE] if book[at + WINDOW] == TIER else s[JOINED]
        day = max(day, anchor)  # the first period of a tier begins on the morning on which it is granted
        if s[PERIOD_FROM] <= day < s[PERIOD_TO]:
            return
        month, of_month = month_and_day(anchor)
    if s[PERIOD_FROM] <= day < s[PERIOD_TO]:
        return
    width = book[at + WIDTH]
    s[PERIOD_FROM] = period_start(day, month, of_month, width)
    s[PERIOD_TO] = period_end(day, month, of_month, width)


def window_start(book: Array, s: Array, t: int) -> Number:
    """First day that counts on morning t."""
    at = s[AT]
    window = book[at + WINDOW]
    if window == DAYS:
        return t - book[at + WIDTH]
    if window == MONTHS_BACK:
        return months_on(t, -book[at + WIDTH])
    if window == LIFETIME:
        return -FAR
    look_up_period(book, s, t - 1)
    return s[PERIOD_FROM]


def valid_until(book: Array, s: Array, t: int) -> Number:
    """Morning up to which a tier granted on morning t stays, 0 where the rules know no validity."""
    at = s[AT]
    kind, length = book[at + VALIDITY], book[at + VALID_FOR]
    if kind == NONE:
        return 0
    if kind == FOR_DAYS:
        return t - 1 + length
    if kind == FOR_MONTHS:
        return months_on(t - 1, length)
    look_up_period(book, s, t - 1)
    end = s[PERIOD_TO]
    if kind == NEXT_PERIOD:
        look_up_period(book, s, end)
        end = s[PERIOD_TO]
    return end


def next_review(book: Array, s: Array, t: int) -> Number:
    """First review morning after morning t."""
    at = s[AT]
    review = book[at + REVIEW]
    if review == DAILY:
        return t + 1
    if not s[REVIEW_FROM] <= t < s[REVIEW_AT]:
        s[REVIEW_FROM] = t
        if review == MONTH_END:
            month, _ = month_and_day(t)
            s[REVIEW_AT] = month_start(month + 1)
        elif review == PERIOD_END or book[at + WINDOW] in (TIER, MEMBERSHIP):
            look_up_period(book, s, t)
            s[REVIEW_AT] = s[PERIOD_TO]
        else:
            month, of_month = month_and_day(s[JOINED])
            s[REVIEW_AT] = period_end(t, month, of_month, 12)
    return s[REVIEW_AT]


def is_review(book: Array, s: Array, t: int) -> bool:
    """Whether tiers are looked at on morning t."""
    return bool(next_review(book, s, t - 1) == t)


def next_morning(book: Array, log: Array, s: Array) -> Number:
    """First morning after the last one walked on which something can change."""
    at = s[AT]
    t = s[MORNING]
    if s[CHANGED]:
        return t + 1
    found = next_review(book, s, t) if book[at + REVIEW] != DAILY else FAR
    if s[HIGH] < s[STOP]:
        found = min(found, log[s[HIGH]] + 1)
    if s[BOOKED] >= t:
        found = min(found, s[BOOKED] + 1)
    window, width = book[at + WINDOW], book[at + WIDTH]
    if window in (DAYS, MONTHS_BACK):
        start = s[OPENED]
        while s[LOW] < s[HIGH] and log[s[LOW]] < start:
            s[LOW] += 1
        oldest = log[s[LOW]] if s[LOW] < s[HIGH] else FAR
        if start <= s[BOOKED] < t:
            oldest = min(oldest, s[BOOKED])
        if oldest < FAR:
            found = min(found, oldest + width + 1 if window == DAYS else leaves_months(oldest, width))
    elif window != LIFETIME:
        look_up_period(book, s, t - 1)
        found = min(found, max(s[PERIOD_TO], t) + 1)  # the first morning whose window is the next period
    if book[at + REVIEW] == DAILY and book[at + VALIDITY] != NONE and s[VALID] > t:
        found = min(found, s[VALID])
    if s[TARGET] >= 0:
        found = min(found, s[EFFECT])
    if s[VERSION] + 1 < book[VERSIONS]:
        found = min(found, max(book[at + RULES + FROM], t + 1))
    return found
