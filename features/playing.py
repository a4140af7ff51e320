"""One member's future, played: the kernels of features.futures.

Plain Python that numba can compile; ``book``, ``log`` and ``s`` are those of features.steps.
"""

from __future__ import annotations

import math
from typing import Final

from features.counting import highest
from features.forks import fork, walk_to
from features.rulebook import FAR, N_TIERS, REACH, ROWS
from features.steps import AT, FIRST, HELD, HIGH, LOW, STATE, STOP, Array, Number, rank, window_start

WHOLE: Final = 1 << 12
"""A path's shares are counted in parts of this."""
MOST: Final = 1 << 50
"""The largest total: times ``WHOLE`` it still fits into 64 bits."""
STRIDE: Final = 8
"""Every so many levels are played; between two that end alike all others are taken to."""


def play(
    book: Array,
    small: Array,
    log: Array,
    scratch: Array,
    horizon: int,
    foreseen: bool,
    at_once: bool,
    per_pair: int,
    columns: int,
    n_levels: int,
    tiers: int,
    offsets: Array,
    joined: Array,
    member: Array,
    cutoff: Array,
    first: Array,
    starts: Array,
    day: Array,
    share: Array,
    factor: Array,
    levels: Array,
    totals: Array,
    held: Array,
    s: Array,
    f: Array,
    g: Array,
    out: Array,
) -> None:
    """Play each pair's paths at each level, pairs sorted by member and cutoff; plain Python as in features.steps.

    ``scratch`` is a ledger of one member, with ``small`` as its book: what is known, then what a path brings.
    """
    s[STOP] = -1  # nobody's
    for p in range(len(member)):
        low, end = offsets[member[p]], cutoff[p] + horizon
        walk_to(book, log, s, low, offsets[member[p] + 1], joined[p], cutoff[p])
        known = s[HIGH] - low
        later = offsets[member[p] + 1] - s[HIGH] if foreseen else 0
        for k in range(STATE):
            g[k] = s[k]
        g[FIRST], g[LOW], g[HIGH] = 0, s[LOW] - low, known
        copy_known(book, small, log, scratch, low, known, columns)
        for q in range(first[p], first[p] + per_pair):
            for j in range(0, n_levels, STRIDE):
                bring(totals, levels, factor, p * columns * n_levels + j, n_levels, q, len(starts) - 1)
                lay(book, small, log, scratch, low, known, later, cutoff[p], q, starts, day, share, totals)
                held[j] = outcome(small, scratch, g, f, end, known + later + starts[q + 1] - starts[q], at_once)
            for j in range(STRIDE, n_levels, STRIDE):
                a = j - STRIDE
                while a < j:  # level a and those after it that end alike
                    alike, other = a, j
                    if held[a] == held[j]:
                        alike = j
                    while other - alike > 1:
                        m = (alike + other) // 2
                        bring(totals, levels, factor, p * columns * n_levels + m, n_levels, q, len(starts) - 1)
                        lay(book, small, log, scratch, low, known, later, cutoff[p], q, starts, day, share, totals)
                        held[m] = outcome(small, scratch, g, f, end, known + later + starts[q + 1] - starts[q], at_once)
                        if held[m] == held[a]:
                            alike = m
                        else:
                            other = m
                    for m in range(a + 1, alike):
                        held[m] = held[a]
                    a = other
            for j in range(n_levels):
                out[(p * n_levels + j) * tiers + held[j]] += 1


def outcome(book: Array, log: Array, g: Array, f: Array, end: int, stop: int, at_once: bool) -> Number:
    """Position of the tier on morning ``end`` with rows before ``stop``, walked to in a copy ``f`` of state ``g``.

    ``at_once``: that morning's window is all that counts.
    """
    if not at_once:
        fork(book, log, g, f, end, stop, FAR, 0)
        return rank(book, f)
    for k in range(STATE):
        f[k] = g[k]
    f[HIGH] = stop
    f[HELD] = highest(book, log, f, REACH, book[f[AT] + N_TIERS] - 1, window_start(book, f, end), end)
    return rank(book, f)


def copy_known(book: Array, small: Array, log: Array, scratch: Array, low: int, known: int, columns: int) -> None:
    """Bring a member's known rows into the scratch ledger."""
    rows, room = book[ROWS], small[ROWS]
    for r in range(known):
        scratch[r] = log[low + r]
        scratch[room + r] = log[rows + low + r]
    for c in range(columns):
        to, of = 2 * room + c * (room + 1), 2 * rows + c * (rows + 1) + low
        for r in range(known + 1):
            scratch[to + r] = log[of + r]


def bring(totals: Array, levels: Array, factor: Array, at: int, n_levels: int, path: int, n_paths: int) -> None:
    """What comes of each column on a path at a level."""
    for c in range(len(totals)):
        totals[c] = min(max(math.floor(levels[at + c * n_levels] * factor[c * n_paths + path] + 0.5), -MOST), MOST)


def lay(
    book: Array,
    small: Array,
    log: Array,
    scratch: Array,
    low: int,
    known: int,
    later: int,
    cutoff: int,
    path: int,
    starts: Array,
    day: Array,
    share: Array,
    totals: Array,
) -> None:
    """Lay a path's rows after what is known, between the rows that are foreseen."""
    rows, room, begin, stop = book[ROWS], small[ROWS], starts[path], starts[path + 1]
    n, a, b = known, known, begin
    while a < known + later or b < stop:
        mine = b < stop and (a >= known + later or cutoff + day[b] < log[low + a])
        scratch[n] = cutoff + day[b] if mine else log[low + a]
        scratch[room + n] = 0 if mine else log[rows + low + a]
        if mine:
            b += 1
        else:
            a += 1
        n += 1
        for c in range(len(totals)):
            of = 2 * rows + c * (rows + 1) + low + a
            came = (totals[c] * share[c * len(day) + b - 1] + WHOLE // 2) // WHOLE if b > begin else 0  # to the nearest
            scratch[2 * room + c * (room + 1) + n] = log[of] + came
