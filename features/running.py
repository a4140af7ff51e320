"""The walk's kernels over a ledger: compiled over many rows, interpreted over few."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from features.compiling import compiled as compile_kernel
from features.compiling import has_numba
from features.forks import fork, look, walk_to
from features.ledger import Ledger
from features.rulebook import Rulebook
from features.steps import EVENTS, STATE, rank
from features.walk import EVENT, hold
from features.windowed import State

Integers: TypeAlias = npt.NDArray[np.int64]

# Below this many rows, loading numba and the kernels costs more than it saves.
_COMPILE_FROM_ROWS: Final = 50_000


def run_hold(book: Rulebook, log: Ledger, cutoffs: Integers, compiled: bool | None = None) -> Integers:
    """(n_members, n_cutoffs) tiers at ascending cutoffs, by the walk."""
    inputs = [log.offsets, log.joined, cutoffs, _blank(STATE), _blank(0)]
    (out,) = _run(hold, book, log, inputs, [len(log.joined) * len(cutoffs)], compiled)
    return out.reshape(len(log.joined), len(cutoffs))


def run_look(
    book: Rulebook, log: Ledger, member: Integers, cutoff: Integers, horizon: int, foreseen: bool, compiled: bool | None
) -> State:
    """The policy's word on pairs sorted by member and cutoff, by the walk."""
    n = len(member)
    inputs = [log.offsets, log.joined, member, cutoff, horizon, foreseen, _blank(STATE), _blank(STATE)]
    sizes = [n, n, n, n, n * book.tiers, n, n]
    spend, carry, tier, secured, need, review, keep_by = _run(look, book, log, inputs, sizes, compiled)
    return spend, carry, tier, secured, need.reshape(n, book.tiers), review, keep_by


def run_events(book: Rulebook, log: Ledger, until: int) -> list[list[int]]:
    """Rows of ``features.walk.EVENT`` numbers: what happened to the one member of a ledger up to a morning."""
    room = 64
    while True:
        state, events, out = [0] * STATE, [0] * (room * EVENT), [0]
        hold(
            book.flat(len(log.day)),
            _flat(log).tolist(),
            log.offsets.tolist(),
            log.joined.tolist(),
            [until],
            state,
            events,
            out,
        )
        count = state[EVENTS]
        if count <= room:
            return [events[i * EVENT : (i + 1) * EVENT] for i in range(count)]
        room = count


class Trial:
    """The one member of a ledger from a cutoff on, for bookings to be tried."""

    def __init__(self, book: Rulebook, log: Ledger, cutoff: int) -> None:
        self._book, self._rows = book.flat(len(log.day)), _flat(log).tolist()
        self._stop = len(log.day)
        self._state, self._fork = [0] * STATE, [0] * STATE
        walk_to(self._book, self._rows, self._state, 0, len(log.day), int(log.joined[0]), cutoff)

    def tier(self, day: int, amount: int, end: int) -> int:
        """Position of the tier on morning ``end`` with an amount booked on a day from the cutoff on."""
        fork(self._book, self._rows, self._state, self._fork, end, self._stop, day, amount)
        return int(rank(self._book, self._fork))


def _run(
    kernel: Callable[..., None], book: Rulebook, log: Ledger, inputs: list[Any], sizes: list[int], compiled: bool | None
) -> list[Integers]:
    if compiled is None:
        compiled = len(log.day) >= _COMPILE_FROM_ROWS and has_numba()
    flat = book.flat(len(log.day))
    if compiled:
        out = [_blank(size) for size in sizes]
        compile_kernel(kernel)(np.array(flat, np.int64), _flat(log), *inputs, *out)
        return out
    lists = [[0] * size for size in sizes]
    kernel(flat, _flat(log).tolist(), *_listed(inputs), *lists)
    return [np.array(part, np.int64) for part in lists]


def _flat(log: Ledger) -> Integers:
    return np.concatenate((log.day, log.flags, log.totals.ravel()))


def _listed(parts: Any) -> tuple[Any, ...]:
    return tuple(part.tolist() if isinstance(part, np.ndarray) else part for part in parts)


def _blank(size: int) -> Integers:
    return np.zeros(size, np.int64)
