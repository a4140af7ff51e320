"""What becomes of members in many possible futures: the walk, played on over rows that have not happened.

A path is a way in which a horizon may go: on which days how much of each column comes. The totals are a member's own: a path
is played at many levels of them, and what the policy grants at the end is counted. Compiled over many members, interpreted
over few, with equal results.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt

from features.compiling import compiled as compile_kernel
from features.compiling import has_numba
from features.counting import highest
from features.forks import fork, walk_to
from features.histories import Histories
from features.ledger import Ledger, ledger
from features.operators import Floats, Integers
from features.policy import TierPolicy
from features.rulebook import FAR, N_TIERS, REACH, ROWS, Rulebook, rulebook
from features.snapshot import to_date
from features.steps import AT, FIRST, HELD, HIGH, LOW, STATE, STOP, Array, Number, rank, window_start

WHOLE: Final = 1 << 12
"""A path's shares are counted in parts of this."""
MOST: Final = 1 << 50
"""The largest total: times ``WHOLE`` it still fits into 64 bits."""
STRIDE: Final = 8
"""Every so many levels are played; between two that end alike all others are taken to."""
# For fewer pairs, loading numba and the kernels costs more than it saves.
_COMPILE_FROM_PAIRS: Final = 100


@dataclass(frozen=True, eq=False)
class Paths:
    """Ways in which a horizon may go, end to end.

    ``starts`` (n_paths + 1,) bounds each path's rows; ``day`` (n_rows,) counts from the cutoff, rising; ``share``
    (n_columns, n_rows) is how much of a column's total has come by the end of a row, in parts of ``WHOLE``; ``factor``
    (n_columns, n_paths) is what a member's level of a column is multiplied with. Columns are the rulebook's.
    """

    starts: Integers
    day: Integers
    share: Integers
    factor: Floats


def ends(
    histories: Histories,
    member: Integers,
    cutoff: npt.NDArray[np.integer],
    horizon_days: int,
    policy: TierPolicy,
    paths: Paths,
    first: Integers,
    per_pair: int,
    levels: Floats,
    *,
    compiled: bool | None = None,
) -> Integers:
    """How many of a pair's paths end in each tier, level by level.

    Parameters
    ----------
    member, cutoff : (n_pairs,) positions in ``histories`` and day numbers
    first : (n_pairs,) each pair's first path; it is played on ``per_pair`` of them
    levels : (n_pairs, n_columns, n_levels) rising totals of each column in the horizon, in the ledger's units; the number of
        levels is one more than a multiple of ``STRIDE``
    compiled : force the compiled (True) or interpreted (False) walk; None chooses by size

    Returns
    -------
    (n_pairs, n_levels, n_tiers)

    Raises
    ------
    PolicyError
        the log cannot give what the policy counts
    """
    book = rulebook(policy)
    out = np.zeros((len(member), levels.shape[2], book.tiers), np.int64)
    order = np.lexsort((cutoff, member))
    who, which = np.unique(np.asarray(member, np.int64)[order], return_inverse=True)
    own = histories if len(who) == len(histories) else histories.select(who)
    days = np.asarray(cutoff, np.int64)[order]
    expires = any(column.points is not None and column.points.expiries for column in book.columns)
    groups = [np.flatnonzero(days == day) for day in np.unique(days)] if expires else [np.arange(len(days))]
    for at in groups:
        if not len(at):
            continue
        # what will expire depends on what was used by then: each cutoff has a ledger of its own
        log = ledger(own.before(to_date(int(days[at[0]]))) if expires else own, book.columns)
        here = order[at]
        out[here] = _played(
            book, log, which[at], days[at], horizon_days, expires, paths, first[here], per_pair, levels[here], compiled
        )
    return out


def _played(
    book: Rulebook,
    log: Ledger,
    member: Integers,
    cutoff: Integers,
    horizon: int,
    foreseen: bool,
    paths: Paths,
    first: Integers,
    per_pair: int,
    levels: Floats,
    compiled: bool | None,
) -> Integers:
    if compiled is None:
        compiled = len(member) >= _COMPILE_FROM_PAIRS and has_numba()
    pairs, columns, n_levels = levels.shape
    room = int(np.diff(log.offsets).max(initial=0)) + int(np.diff(paths.starts).max(initial=0))
    rows = np.concatenate((log.day, log.flags, log.totals.ravel()))
    scratch = np.zeros(2 * room + columns * (room + 1), np.int64)
    joined = log.joined_as_known(cutoff, member)
    totals, held = np.zeros(columns, np.int64), np.zeros(n_levels, np.int64)
    states = [np.zeros(STATE, np.int64) for _ in range(3)]
    out = np.zeros(pairs * n_levels * book.tiers, np.int64)
    sizes = [horizon, foreseen, book.memoryless and not foreseen, per_pair, columns, n_levels, book.tiers]
    arrays = [log.offsets, joined, member, cutoff, first, paths.starts, paths.day, paths.share.ravel(), paths.factor.ravel()]
    arrays += [levels.ravel(), totals, held, *states, out]
    books: list[Any] = [book.flat(len(log.day)), book.flat(room)]
    if compiled:
        compile_kernel(play)(*(np.array(flat, np.int64) for flat in books), rows, scratch, *sizes, *arrays)
    else:
        lists = [array.tolist() for array in arrays]
        cast("Callable[..., None]", play)(*books, rows.tolist(), scratch.tolist(), *sizes, *lists)
        out = np.array(lists[-1], np.int64)
    return out.reshape(pairs, n_levels, book.tiers)


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
