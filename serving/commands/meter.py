"""How far a long run is: a bar in a terminal, a line now and then in a log; with the rate and the time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Final, TextIO

EVERY_S: Final = 10.0
"""Between two lines in a log."""


class Meter:
    """Counts members, as a context.

    Parameters
    ----------
    total : members
    stream : standard error if None
    clock : seconds
    """

    def __init__(
        self,
        total: int,
        *,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
        every_s: float = EVERY_S,
    ) -> None:
        self.total, self.done = total, 0
        self._stream = stream or sys.stderr
        self._clock, self._every_s = clock, every_s
        self._stack = ExitStack()
        self._bar: Any = None
        self._began = self._said = 0.0

    def __enter__(self) -> Meter:
        self._began = self._said = self._clock()
        if self._stream.isatty():
            self._bar = self._stack.enter_context(_bar(self._stream))
            self._bar.add_task("forecasting", total=self.total, rate="")
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def update(self, members: int) -> None:
        """So many more are done."""
        self.done += members
        now = self._clock()
        if self._bar is not None:
            rate = f"{self._rate(now):,.0f} members a second"
            self._bar.update(self._bar.task_ids[0], completed=self.done, rate=rate)
        elif now - self._said >= self._every_s:
            self._said = now
            self._stream.write(f"  {self.line(now)}\n")
            self._stream.flush()

    def line(self, now: float) -> str:
        """How far it is at a time, in words."""
        rate = self._rate(now)
        left = (self.total - self.done) / rate if rate else 0.0
        share = self.done / self.total if self.total else 1.0
        return f"{self.done:,} of {self.total:,} members ({share:.0%}), {rate:,.0f} a second, {spoken(left)} left"

    def _rate(self, now: float) -> float:
        return self.done / max(now - self._began, 1e-9)


def spoken(seconds: float) -> str:
    """A duration.

    >>> spoken(8.4), spoken(90), spoken(4000)
    ('8 s', '1 min 30 s', '1 h 6 min')
    """
    whole = int(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"


def _bar(stream: TextIO) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
    return Progress(*columns, TimeRemainingColumn(), console=Console(file=stream), transient=True)
