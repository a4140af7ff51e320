"""What ``tiercast score`` tells of its run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from serving.batch.run import Scored
    from serving.batch.summary import Summary
    from serving.commands.long_log import Log


class Spent(NamedTuple):
    """Seconds by the clock and of the processor."""

    seconds: float
    processor: float


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
