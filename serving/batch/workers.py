"""Parts of a batch made by several processes, handed back in order.

Sentences, rows and packed histories are made by Python, which works in one thread at a time: processes do not wait for each
other. Each is told the model once, and of each part its members' histories alone.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import Any, TypeVar

from features.errors import BatchError
from features.histories import Histories
from serving.batch.part import Clock, Maker
from serving.batch.partitions import Partitions

T = TypeVar("T")
_maker: Maker | None = None


@dataclass(frozen=True, eq=False)
class Task:
    """One part to be made: its number, how many members it is of, and their histories; None where it is finished already."""

    number: int
    members: int
    histories: Histories | None


@dataclass(frozen=True)
class Made:
    """A part that is on disk: its number and members, whether it was there before, and the time and memory it took."""

    number: int
    members: int
    again: bool
    clock: Clock
    peak_kib: int = 0


def made_by(tasks: Iterator[Task], folder: Path, maker: Maker, how: tuple[Any, ...], processes: int) -> Iterator[Made]:
    """Make parts, in order.

    Parameters
    ----------
    folder : where parts are kept
    maker : who makes them here
    how : what ``Maker.of`` takes, for other processes to have one: then all of it has to be picklable
    processes : 1 makes them here, one when it is asked for

    Raises
    ------
    BatchError
        a process has gone
    TiercastError
        what a part's making raised
    """
    if processes == 1:
        for task in tasks:
            yield _made(maker, folder, task)
        return
    pool = _pool(processes, how)
    under_way: deque[Future[Made]] = deque()
    try:
        # All are started at once: a pool that starts one while it hears of the end of another loses its own thread.
        for _ in range(processes):
            _given(pool, _ready)
        for task in tasks:
            under_way.append(_given(pool, _make, folder, task))
            if len(under_way) > processes:  # one waits, so that nobody does
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    except BrokenProcessPool:
        raise BatchError(
            "the processes of a batch run until it is done",
            "one that was ended by the system, for want of memory perhaps",
            "run it again with --resume, and with fewer --workers",
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _given(pool: ProcessPoolExecutor, call: Callable[..., T], *told: Any) -> Future[T]:
    try:
        return pool.submit(call, *told)
    except OSError as error:
        if error.errno is not None:
            raise
        # The pool was just about to start one more process when it heard of the end of another, and closed all pipes.
        raise BrokenProcessPool(str(error)) from None


def _pool(processes: int, how: tuple[Any, ...]) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(processes, get_context("spawn"), _start, (how,))


def _start(how: tuple[Any, ...]) -> None:
    """Make a process ready: it ends with who started it, and leaves it to that one to hear of Ctrl-C."""
    global _maker  # noqa: PLW0603  (what a process of a pool knows has no other place)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(ImportError):
        from threadpoolctl import threadpool_limits

        threadpool_limits(1)  # there is a process a core already
    _maker = Maker.of(*how)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _ready() -> None:
    """Nothing to do: a process is there, and knows the model."""


def _make(folder: Path, task: Task) -> Made:
    assert _maker is not None
    return _made(_maker, folder, task)


def _made(maker: Maker, folder: Path, task: Task) -> Made:
    if task.histories is None:
        return Made(task.number, task.members, again=True, clock=Clock())
    clock = Clock()
    part = maker.make(task.histories, clock)
    with clock.at("parts"):
        Partitions(folder).save(task.number, part, maker.mark)
    return Made(task.number, task.members, again=False, clock=clock, peak_kib=peak_kib())


def peak_kib() -> int:
    """Most memory that this process has had, in KiB; 0 where the system does not say.

    By Linux's own count: what ``resource`` says of a process begins with what the one that started it had.
    """
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    with suppress(ImportError):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return 0
