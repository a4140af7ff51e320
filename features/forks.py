"""What becomes of members from a cutoff on if nothing more happens, or one trial booking: the walk, forked at the cutoff.

Plain Python that numba can compile, as in features.steps.
"""

from __future__ import annotations

from features.counting import evaluate
from features.rulebook import COLUMN, FAR, FROM, IS_SCORE, METRICS, N_METRICS, RULES, SPEC, SPECS, VERSIONS
from features.steps import (
    AT,
    BOOKED,
    EXTRA,
    FIRST,
    FLIP,
    HIGH,
    JOINED,
    MORNING,
    STATE,
    STOP,
    VALUE,
    VERSION,
    Array,
    begin,
    next_morning,
    next_review,
    rank,
    window_start,
)
from features.walk import morning


def fork(book: Array, log: Array, s: Array, f: Array, end: int, known: int, day: int, extra: int) -> int:
    """Walk a copy ``f`` of state ``s`` to morning ``end``, with ``extra`` booked on a day and rows before ``known`` only.

    Returns the first morning on which a lower tier is held than in ``s``, a far one without.
    """
    for i in range(STATE):
        f[i] = s[i]
    f[STOP] = known
    f[BOOKED] = day
    f[EXTRA] = extra
    f[FLIP] = FAR
    held = rank(book, s)
    falls = FAR
    events = f[:0]
    t = next_morning(book, log, f)
    while t <= end:
        morning(book, log, f, t, events)
        if falls == FAR and rank(book, f) < held:
            falls = t
        t = next_morning(book, log, f)
    return falls


def walk_to(book: Array, log: Array, s: Array, first: int, stop: int, joined: int, cutoff: int) -> None:
    """Bring the state to a cutoff, from where it is if it is this member's and not later; who joins later joins there."""
    events = s[:0]
    is_member = 0 <= joined < cutoff
    if not is_member or s[FIRST] != first or s[STOP] != stop or s[JOINED] != joined or s[MORNING] > cutoff:
        begin(s, first, stop, joined if is_member else cutoff)
        while not is_member and s[HIGH] < stop and log[s[HIGH]] < cutoff:
            s[HIGH] += 1
    t = next_morning(book, log, s)
    while t <= cutoff:
        morning(book, log, s, t, events)
        t = next_morning(book, log, s)


def counts_one(book: Array, s: Array, end: int) -> bool:
    """Whether all rules from now to morning ``end`` count one and the same column."""
    width = book[METRICS] * SPEC
    version, rules, spec = s[VERSION], s[AT], book[SPECS] + s[VERSION] * width
    column = book[spec + COLUMN]
    while True:
        if book[rules + N_METRICS] > 1 or book[spec + IS_SCORE] or book[spec + COLUMN] != column:
            return False
        version, rules, spec = version + 1, rules + RULES, spec + width
        if version >= book[VERSIONS] or book[rules + FROM] > end:
            return True


def look(
    book: Array,
    log: Array,
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
    """The policy's word on pairs sorted by member and cutoff; see ``features.tier_states.TierState``.

    Who joins later is taken to join at the cutoff (but see ``Ledger.joined_as_known``). ``foreseen``: rows from the cutoff
    on are known at it (points that will expire).
    """
    tiers = len(need) // max(len(member), 1)
    s[STOP] = -1  # nobody's
    for p in range(len(member)):
        i = member[p]
        end = cutoff[p] + horizon
        walk_to(book, log, s, offsets[i], offsets[i + 1], joined[i], cutoff[p])
        review[p] = next_review(book, s, cutoff[p]) - cutoff[p]
        evaluate(book, log, s, window_start(book, s, cutoff[p]), cutoff[p])
        value[p] = s[VALUE]
        tier[p] = rank(book, s)
        known = offsets[i + 1] if foreseen else s[HIGH]
        # A booking of nothing changes nothing, and tells how much more would.
        falls = fork(book, log, s, f, end, known, cutoff[p] if counts_one(book, s, end) else FAR, 0)
        keep_by[p] = falls - 1 if falls < FAR else -1
        evaluate(book, log, f, window_start(book, f, end), end)
        carry[p] = f[VALUE]
        got = rank(book, f)
        secured[p] = got
        for k in range(tiers):
            need[p * tiers + k] = 0 if k <= got else -1
        extra = 0
        while got < tiers - 1 and f[FLIP] < FAR:
            extra += f[FLIP]
            fork(book, log, s, f, end, known, cutoff[p], extra)
            while got < rank(book, f):
                got += 1
                need[p * tiers + got] = extra
