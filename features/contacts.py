"""Events and dates of joining of a few members at hand: what a request may say beside lines, without an engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from features import money
from features.events import KINDS
from features.histories import Histories, Ragged
from features.snapshot import to_day


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a known member, in the programme's time zone (features.events); a survey has a score."""

    timestamp: dt.datetime
    kind: str
    score: float | None = None


@dataclass(frozen=True, slots=True)
class About:
    """What is said of a member beside transactions; ``events`` is None where nothing is said of events."""

    events: Sequence[Event] | None = None
    joined: dt.date | None = None


def attach(histories: Histories, about: Sequence[About]) -> Histories:
    """Histories with what is said of their members, one entry a member; as an event log and a member table would have it.

    >>> from features.histories import from_rows
    >>> day = (dt.date(2017, 1, 1), {"orders": 1, "gross": 0, "returned": 0})
    >>> log = from_rows([("m", [day])], has_amounts=False)
    >>> sent = About(events=[Event(dt.datetime(2017, 1, 2, 9), "sent"), Event(dt.datetime(2017, 1, 2, 18), "sent")])
    >>> attach(log, [sent]).events["sent"].values["count"].tolist()
    [2]
    """
    if any(known.joined is not None for known in about):
        joined = [-1 if known.joined is None else to_day(known.joined) for known in about]
        histories = replace(histories, joined=np.array(joined, np.int32))
    if all(known.events is None for known in about):
        return histories
    kinds = {*KINDS, *(event.kind for known in about for event in known.events or ())}
    return replace(histories, events={kind: _folded(about, kind) for kind in sorted(kinds)})


def _folded(about: Sequence[About], kind: str) -> Ragged:
    """Member x day rows of one kind, with count and the sum of scores in fixed-point units."""
    lengths, days, counts, scores = [], [], [], []
    for known in about:
        found: dict[int, tuple[int, int]] = {}
        for event in known.events or ():
            if event.kind == kind:
                day = to_day(event.timestamp.date())
                count, score = found.get(day, (0, 0))
                found[day] = (count + 1, score + (0 if event.score is None else money.to_units(event.score)))
        lengths.append(len(found))
        for day, (count, score) in sorted(found.items()):
            days.append(day)
            counts.append(count)
            scores.append(score)
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    return Ragged(
        offsets, np.array(days, np.int32), {"count": np.array(counts, np.int64), "score": np.array(scores, np.int64)}
    )
