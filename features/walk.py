"""How a tier is held: the policy played through, morning after morning, for each member.

Everything is by days in the programme's zone. The tier at T is the one held on the morning of T, decided from rows on days
before T; a purchase on a day can act on the next morning. On each morning, in this order:

1. *Versions.* On the morning of a version's date the rules change. The tier held stays, by its name, with its dates; a
   pending fall is dropped; the new version's rules act from then on. The first version holds before its date, too.
2. *Returns.* Where ``returns_reopen``, after a day with a return the decision that granted or renewed the tier is taken
   again, on rows from the start of the window it was taken in: the highest tier up to the held one whose threshold
   (``reach`` if granted, ``keep`` if renewed) is met is held at once, whatever validity, grace and the downgrade say. Dates
   stay. A tier given by invitation or by a soft landing was granted for no amount, and is not reopened.
3. *Invitations.* An event of the kind 'invitation' on the day before raises to the tier by invitation.
4. *Grace.* A pending fall is called off where the held tier's ``keep`` is met; on its morning it leads to the decided tier,
   or to a higher one whose ``keep`` is met by then.
5. *Upgrades*, at once or on review mornings: the highest tier whose ``reach`` is met, if above the one held.
6. *Reviews.* If the highest tier up to the held one whose ``keep`` is met is the held one, it is renewed: its validity
   becomes the later of the old and a new one. Otherwise, from the end of the validity on, the downgrade is decided, and
   takes effect at once or after the days of grace.

A morning on which a tier was given or taken by 3, 4 or 5 decides nothing more. A tier that is granted, renewed or fallen
to is valid anew; a fall restarts the tier's year as a rise does. Only mornings on which something can change are walked:
after a row, when a row leaves a rolling window, when a period ends, reviews, ends of validity and grace, versions.
"""

from __future__ import annotations

from features.counting import evaluate, highest, met
from features.ledger import INVITED as INVITED_ROW
from features.ledger import RETURNED as RETURNED_ROW
from features.rulebook import (
    AT_ONCE,
    DAILY,
    DOWNGRADE,
    FROM,
    GRACE,
    INVITED,
    KEEP,
    N_TIERS,
    NEVER_DOWN,
    NONE,
    ONE_STEP,
    ONWARD,
    REACH,
    REOPEN,
    REVIEW,
    ROWS,
    RULES,
    TIERS,
    TO_EARNED,
    VALIDITY,
    VERSIONS,
)
from features.steps import (
    AT,
    BY_INVITATION,
    CHANGED,
    EFFECT,
    EVENTS,
    FIRST,
    HELD,
    HIGH,
    KIND,
    LANDED,
    LOW,
    MORNING,
    OPENED,
    RENEWED,
    RENEWS,
    RISEN,
    SINCE,
    START,
    STOP,
    TARGET,
    VALID,
    VERSION,
    Array,
    begin,
    forget,
    is_review,
    next_morning,
    rank,
    valid_until,
    window_start,
)

JOINED, ROSE, KEPT, FELL, INVITES, REOPENED, WARNED, SPARED = range(8)
"""Kinds of events written."""
EVENT = 6
"""Numbers in an event: morning, kind, tier before, tier after, version, first day of the rows that decided."""


def write(events: Array, s: Array, t: int, kind: int, before: int, start: int) -> None:
    """Note an event, where there is room; all are counted."""
    at = s[EVENTS] * EVENT
    if at + EVENT <= len(events):
        events[at] = t
        events[at + 1] = kind
        events[at + 2] = before
        events[at + 3] = s[TARGET] if kind == WARNED else s[HELD]
        events[at + 4] = s[VERSION]
        events[at + 5] = start
    s[EVENTS] += 1


def move(book: Array, s: Array, t: int, tier: int, kind: int, start: int, events: Array, event: int) -> None:
    """Give another tier on morning t, by rows from ``start`` on."""
    before = s[HELD]
    s[HELD] = tier
    s[SINCE] = t
    forget(s)
    s[KIND] = kind
    s[START] = start
    s[TARGET] = -1
    s[CHANGED] = 1
    s[VALID] = valid_until(book, s, t)
    write(events, s, t, event, before, start)


def morning(book: Array, log: Array, s: Array, t: int, events: Array) -> None:
    """Morning t: the state moves on to it."""
    if s[RENEWS] and t - 1 > s[MORNING]:  # renewed on every morning since, of which the last one counts
        s[VALID] = max(s[VALID], valid_until(book, s, t - 1))
        s[START] = window_start(book, s, t - 1)
        s[KIND] = RENEWED
    s[RENEWS] = 0
    s[CHANGED] = 0
    s[MORNING] = t
    while s[HIGH] < s[STOP] and log[s[HIGH]] < t:
        s[HIGH] += 1
    flag = log[book[ROWS] + s[HIGH] - 1] if s[HIGH] > s[FIRST] and log[s[HIGH] - 1] == t - 1 else 0
    while s[VERSION] + 1 < book[VERSIONS] and book[s[AT] + RULES + FROM] <= t:
        s[HELD] = book[book[ONWARD] + s[VERSION] * book[TIERS] + s[HELD]]
        s[VERSION] += 1
        s[AT] += RULES
        forget(s)
        s[TARGET] = -1
        s[LOW] = s[FIRST]  # a longer window may reach further back
        s[CHANGED] = 1
    at = s[AT]
    if flag & RETURNED_ROW and book[at + REOPEN] and s[KIND] in (RISEN, RENEWED):
        tier = highest(book, log, s, REACH if s[KIND] == RISEN else KEEP, s[HELD], s[START], t)
        if tier < s[HELD]:
            before = s[HELD]
            s[HELD] = tier
            s[TARGET] = -1
            s[CHANGED] = 1
            write(events, s, t, REOPENED, before, s[START])
    start = window_start(book, s, t)
    s[OPENED] = start
    if flag & INVITED_ROW and book[at + INVITED] > s[HELD]:
        move(book, s, t, book[at + INVITED], BY_INVITATION, start, events, INVITES)
        return
    review = is_review(book, s, t)
    if review or book[at + AT_ONCE] or s[TARGET] >= 0:
        evaluate(book, log, s, start, t)
    if s[TARGET] >= 0:
        kept = met(book, s, KEEP, s[HELD], 0, start, t)
        if kept == s[HELD]:
            s[TARGET] = -1
            write(events, s, t, SPARED, s[HELD], start)
        elif t >= s[EFFECT]:
            tier = max(s[TARGET], kept)
            move(book, s, t, tier, RENEWED if tier <= kept else LANDED, start, events, FELL)
            return
    if review or book[at + AT_ONCE]:
        tier = met(book, s, REACH, book[at + N_TIERS] - 1, s[HELD], start, t)
        if tier > s[HELD]:
            move(book, s, t, tier, RISEN, start, events, ROSE)
            return
    if review and s[HELD] > 0:
        look_again(book, s, t, start, events)


def look_again(book: Array, s: Array, t: int, start: int, events: Array) -> None:
    """A review of a tier above the first: renewed, left, warned or taken."""
    at = s[AT]
    daily = book[at + REVIEW] == DAILY
    kept = met(book, s, KEEP, s[HELD], 0, start, t)
    if kept == s[HELD]:
        s[VALID] = max(s[VALID], valid_until(book, s, t))
        s[START] = start
        s[KIND] = RENEWED
        s[RENEWS] = 1 if daily else 0
        if not daily:
            write(events, s, t, KEPT, s[HELD], start)
        return
    ended = book[at + VALIDITY] == NONE or t >= s[VALID]
    down = book[at + DOWNGRADE]
    if not ended or down == NEVER_DOWN or s[TARGET] >= 0:
        return
    tier = 0
    if down == TO_EARNED:
        tier = kept
    elif down == ONE_STEP:
        tier = max(kept, s[HELD] - 1)
    if book[at + GRACE] > 0:
        s[TARGET] = tier
        s[EFFECT] = t + book[at + GRACE]
        write(events, s, t, WARNED, s[HELD], start)
    else:
        move(book, s, t, tier, RENEWED if tier <= kept else LANDED, start, events, FELL)


def hold(
    book: Array,
    log: Array,
    offsets: Array,
    joined: Array,
    cutoffs: Array,
    s: Array,
    events: Array,
    out: Array,
) -> None:
    """Tier of every member at ascending cutoffs, -1 up to the day of joining; ``out`` has a row a member, end to end."""
    n = len(cutoffs)
    for i in range(len(joined)):
        begin(s, offsets[i], offsets[i + 1], joined[i])
        known = joined[i] >= 0
        t = joined[i] + 1
        if known:
            write(events, s, t, JOINED, -1, joined[i])
        held = -1
        for j in range(n):
            while known and t <= cutoffs[j]:
                morning(book, log, s, t, events)
                held = rank(book, s)
                t = next_morning(book, log, s)
            out[i * n + j] = held
