"""The walk's kernels over a ledger: compiled over many rows, interpreted over few."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from features.compiling import compiled as compile_kernel
from features.forks import look
from features.ledger import Ledger
from features.rulebook import Rulebook
from features.steps import EVENTS, STATE
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
        tables, rows, newest = _tables(book, log)
        hold(_listed(tables), _listed(rows), newest, log.offsets.tolist(), log.joined.tolist(), [until], state, events, out)
        count = state[EVENTS]
        if count <= room:
            return [events[i * EVENT : (i + 1) * EVENT] for i in range(count)]
        room = count


def _run(
    kernel: Callable[..., None], book: Rulebook, log: Ledger, inputs: list[Any], sizes: list[int], compiled: bool | None
) -> list[Integers]:
    if compiled is None:
        compiled = len(log.day) >= _COMPILE_FROM_ROWS and importlib.util.find_spec("numba") is not None
    tables, rows, newest = _tables(book, log)
    if compiled:
        out = [_blank(size) for size in sizes]
        arrays = tuple(np.array(part, np.int64) if isinstance(part, list) else part for part in tables)
        compile_kernel(kernel)(arrays, rows, np.array(newest, np.int64), *inputs, *out)
        return out
    lists = [[0] * size for size in sizes]
    kernel(_listed(tables), _listed(rows), newest, *_listed(inputs), *lists)
    return [np.array(part, np.int64) for part in lists]


def _tables(book: Rulebook, log: Ledger) -> tuple[tuple[Any, ...], tuple[Any, ...], list[int]]:
    tables = (book.rules, book.reach, book.keep, book.onward, book.specs, book.most_tiers, book.most_metrics)
    return tables, (log.day, log.flags, log.totals.ravel(), len(log.day) + 1), book.newest


def _listed(parts: Any) -> tuple[Any, ...]:
    return tuple(part.tolist() if isinstance(part, np.ndarray) else part for part in parts)


def _blank(size: int) -> Integers:
    return np.zeros(size, np.int64)
