"""A stored member's forecast from the stored days and the lines posted since: the one path of the nightly batch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from features.daily import Line
from features.extending import extended
from features.histories import Histories
from features.packing import unpack
from features.snapshot import to_date, to_day
from serving.champion import Champion
from serving.database.forecasts import ForecastRow
from serving.scoring import Scores, score
from training.reach import check_learned


def known(champion: Champion, stored: Mapping[str, bytes], lines: Mapping[str, Sequence[Line]]) -> Histories:
    """Histories of some members, by their keys: the days of the batch and what was posted since.

    Parameters
    ----------
    stored : by member key, as features.packing wrote them
    lines : by member key; members without any may be left out
    """
    histories = unpack(list(stored.items()), champion.shared)
    return extended(histories, lines) if any(lines.values()) else histories


def day_known(champion: Champion, lines: Sequence[Line]) -> dt.date:
    """The day that a member's forecast is of: the batch's, or the one after the last line that was posted."""
    last = max((to_day(line.timestamp.date()) for line in lines), default=0)
    return max(champion.generation.as_of, to_date(last + 1))


def scored(champion: Champion, histories: Histories, as_of: dt.date) -> Scores:
    """What is said of members as of a day, from rows before it.

    Raises
    ------
    CutoffError
        the day is before the one that the model was trained for
    """
    check_learned(champion.forecaster, as_of)
    return score(champion.forecaster, champion.layout, histories.before(as_of), as_of, champion.bounds)


def fresh_row(champion: Champion, member: str, stored: bytes, lines: Sequence[Line]) -> ForecastRow | None:
    """A member's forecast as the store keeps it; None without a purchase in the look-back."""
    as_of = day_known(champion, lines)
    scores = scored(champion, known(champion, {member: stored}, {member: lines}), as_of)
    rows = scores.to_store()
    return rows[0] if rows else None
