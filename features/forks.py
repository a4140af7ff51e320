"""What becomes of members from a cutoff on if nothing more happens, or one trial booking: the walk, forked at the cutoff.

Plain Python that numba can compile, as in features.steps.
"""

from __future__ import annotations

from features.rulebook import COLUMN, FAR, FROM, IS_SCORE, N_METRICS, RULES, SPEC
from features.steps import (
    BOOKED,
    EXTRA,
    FLIP,
    HELD,
    HIGH,
    JOINED,
    STATE,
    STOP,
    VALUE,
    VERSION,
    Array,
    Tuple,
    begin,
    evaluate,
    next_morning,
    next_review,
    window_start,
)
from features.walk import morning


def fork(book: Tuple, log: Tuple, newest: Array, s: Array, f: Array, end: int, known: int, day: int, extra: int) -> int:
    """Walk a copy ``f`` of state ``s`` to morning ``end``, with ``extra`` booked on a day and rows before ``known`` only.

    Returns the first morning on which a lower tier is held than in ``s``, a far one without.
    """
    for i in range(STATE):
        f[i] = s[i]
    f[STOP] = known
    f[BOOKED] = day
    f[EXTRA] = extra
    f[FLIP] = FAR
    held = newest[s[VERSION] * book[5] + s[HELD]]
    falls = FAR
    events = f[:0]
    t = next_morning(book, log, f)
    while t <= end:
        morning(book, log, f, t, events)
        if falls == FAR and newest[f[VERSION] * book[5] + f[HELD]] < held:
            falls = t
        t = next_morning(book, log, f)
    return falls


def counts_one(book: Tuple, s: Array, end: int) -> bool:
    """Whether all rules from now to morning ``end`` count one and the same column."""
    rules, specs = book[0], book[4]
    version = s[VERSION]
    column = specs[version * book[6] * SPEC + COLUMN]
    while True:
        at = version * book[6] * SPEC
        if rules[version * RULES + N_METRICS] > 1 or specs[at + IS_SCORE] or specs[at + COLUMN] != column:
            return False
        version += 1
        if version * RULES >= len(rules) or rules[version * RULES + FROM] > end:
            return True


def look(
    book: Tuple,
    log: Tuple,
    newest: Array,
    offsets: Array,
    joined: Array,
    member: Array,
    cutoff: Array,
    horizon: int,
    foreseen: bool,
    s: Array,
    f: Array,
    value: Array,
    carry: Array,
    tier: Array,
    secured: Array,
    need: Array,
    review: Array,
    keep_by: Array,
) -> None:
    """The policy's word on pairs sorted by member and cutoff; see ``features.tiers.TierState``.

    Who joins later is taken to join at the cutoff. ``foreseen``: rows from the cutoff on are known at it (points that will
    expire).
    """
    events = s[:0]
    tiers = len(need) // max(len(member), 1)
    t = 0
    for p in range(len(member)):
        i = member[p]
        end = cutoff[p] + horizon
        is_member = 0 <= joined[i] < cutoff[p]
        if p == 0 or member[p - 1] != i or not is_member or s[JOINED] != joined[i]:
            begin(s, offsets[i], offsets[i + 1], joined[i] if is_member else cutoff[p])
            t = s[JOINED] + 1
            while not is_member and s[HIGH] < s[STOP] and log[0][s[HIGH]] < cutoff[p]:
                s[HIGH] += 1
        while t <= cutoff[p]:
            morning(book, log, s, t, events)
            t = next_morning(book, log, s)
        review[p] = next_review(book, s, cutoff[p]) - cutoff[p]
        evaluate(book, log, s, window_start(book, s, cutoff[p]), cutoff[p])
        value[p] = s[VALUE]
        tier[p] = newest[s[VERSION] * book[5] + s[HELD]]
        known = offsets[i + 1] if foreseen else s[HIGH]
        falls = fork(book, log, newest, s, f, end, known, FAR, 0)
        keep_by[p] = falls - 1 if falls < FAR else -1
        evaluate(book, log, f, window_start(book, f, end), end)
        carry[p] = f[VALUE]
        got = newest[f[VERSION] * book[5] + f[HELD]]
        secured[p] = got
        for k in range(tiers):
            need[p * tiers + k] = 0 if k <= got else -1
        if not counts_one(book, s, end):
            continue
        extra, best = 0, got
        while best < tiers - 1:
            fork(book, log, newest, s, f, end, known, cutoff[p], extra)
            got = newest[f[VERSION] * book[5] + f[HELD]]
            while best < got:
                best += 1
                need[p * tiers + best] = extra
            if f[FLIP] >= FAR:
                break
            extra += f[FLIP]
