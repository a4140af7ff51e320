"""What a batch did, for machines: one JSON object, the same beside the output and on standard output."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from features.files import written_whole

NAME: Final = "forecasts.summary.json"
FORMAT: Final = 1


@dataclass(frozen=True)
class Summary:
    """One run of ``tiercast score``.

    Parameters
    ----------
    rows_in : of the log; ``rows_refused`` of them by reason (features.verdicts)
    members_in : with a usable row; ``members_forecast`` of them had a purchase in the look-back, ``members_erased`` were
        left out on request
    members_by_tier : forecasts by the tier held at the as-of date; 'none' without one
    seconds : by the clock
    seconds_by_stage, processor_seconds_by_stage : of all processes together; reading has what it imports in it
    members_a_second : of members_in, by the clock, reading included
    peak_mib : most memory of the process that read and wrote, and of the largest of those that forecast
    data_fingerprint : equal for equal rows as known at the as-of date
    parts : of which ``parts_resumed`` had been finished by a run that was broken off
    """

    model_version: str
    as_of: str
    data_fingerprint: str
    rows_in: int
    rows_refused: Mapping[str, int]
    members_in: int
    members_forecast: int
    members_erased: int
    members_by_tier: Mapping[str, int]
    seconds: float
    seconds_by_stage: Mapping[str, float]
    processor_seconds_by_stage: Mapping[str, float]
    members_a_second: float
    peak_mib: Mapping[str, float]
    processes: int
    parts: int
    parts_resumed: int
    generation: int
    targets: Sequence[str]
    finished_at: str
    format: int = FORMAT

    def to_json(self) -> str:
        """Indented, in the order above."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False)

    def write(self, folder: Path) -> Path:
        """Write it to a folder, whole or not at all."""
        path = folder / NAME
        with written_whole(path) as partial:
            partial.write_text(self.to_json() + "\n", encoding="utf-8")
        return path


def rounded(seconds: Mapping[str, float]) -> dict[str, float]:
    """Stages with seconds to a thousandth, the longest first.

    >>> rounded({"store": 0.25, "forecast": 1.00049})
    {'forecast': 1.0, 'store': 0.25}
    """
    return {stage: round(taken, 3) for stage, taken in sorted(seconds.items(), key=lambda pair: -pair[1])}


def now() -> str:
    """The time, UTC."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def mib(kib: int) -> float:
    """KiB in MiB.

    >>> mib(2048)
    2.0
    """
    return round(kib / 1024, 1)


def plain(found: Mapping[Any, int]) -> dict[str, int]:
    """Counts by name, in the order of names."""
    return {str(name): int(found[name]) for name in sorted(found)}
