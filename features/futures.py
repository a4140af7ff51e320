"""What becomes of members in many possible futures: the walk, played on over rows that have not happened.

A path is a way in which a horizon may go: on which days how much of each column comes. The totals are a member's own: a path
is played at many levels of them, and what the policy grants at the end is counted. Compiled over many members, interpreted
over few, with equal results.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt

from features.compiling import compiled as compile_kernel
from features.compiling import has_numba
from features.histories import Histories
from features.ledger import Ledger, ledger
from features.operators import Floats, Integers
from features.playing import play
from features.policy import TierPolicy
from features.rulebook import Rulebook, rulebook
from features.snapshot import to_date
from features.steps import STATE

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
    groups = [np.flatnonzero(days == day) for day in np.unique(days)] if book.expires else [np.arange(len(days))]
    for at in groups:
        if not len(at):
            continue
        # see Rulebook.expires: each cutoff has a ledger of its own
        log = ledger(own.before(to_date(int(days[at[0]]))) if book.expires else own, book.columns)
        here = order[at]
        out[here] = _played(
            book, log, which[at], days[at], horizon_days, book.expires, paths, first[here], per_pair, levels[here], compiled
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
