"""What ``tiercast score`` tells of its run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from serving.batch.run import Scored
    from serving.batch.summary import Summary
    from serving.commands.long_log import Log


class Spent(NamedTuple):
    """Seconds by the clock and of the processor."""

    seconds: float
    processor: float


@contextmanager
def in_place(end: dt.date) -> Iterator[None]:
    """Say that forecasts are in place, where what comes after them fails."""
    try:
        yield
    except Exception:
        click.echo(
            f"  the forecasts of {end} are in place everywhere; what follows is about the record of the run", err=True
        )
        raise


def summary_of(
    log: Log, scored: Scored, version: str, end: dt.date, processes: int, seconds: float, read: Spent, places: Sequence[str]
) -> Summary:
    """The run as a summary: ``seconds`` by the clock, ``read`` of them before anything was forecast."""
    from serving.batch.summary import Summary, mib, now, plain, rounded
    from serving.batch.workers import peak_kib

    return Summary(
        model_version=version,
        as_of=end.isoformat(),
        data_fingerprint=scored.log,
        rows_in=log.rows,
        rows_refused=plain(log.refused),
        members_in=log.members,
        members_forecast=scored.members,
        members_erased=scored.erased,
        members_by_tier=plain(scored.tiers),
        seconds=round(seconds, 3),
        seconds_by_stage=rounded({"read": read.seconds, **scored.seconds}),
        processor_seconds_by_stage=rounded({"read": read.processor, **scored.processor}),
        members_a_second=round(log.members / seconds, 1),
        peak_mib={"main": mib(peak_kib()), "largest of the others": mib(scored.peak_kib if processes > 1 else 0)},
        processes=processes,
        parts=scored.parts,
        parts_resumed=scored.resumed,
        generation=scored.generation.id,
        targets=places,
        finished_at=now(),
    )
