"""How far a run lies from its model's training, and how far it might lie without anything having happened.

The distance of two distributions is the population stability index (training.checks.population). Three things make it more
than 0 though nothing happened: chance, which the counts tell; season; and age: members are known for longer, and windows
that were cut off by the log's beginning fill up. The last two are read off the training itself: the reference's dates lie
apart as well, and what lies between them is usual. So

    limit = what chance exceeds once in a thousand + times x usual(days since the training)
    usual(days) = the largest index between two reference dates at least half of their span apart, less what chance
                  makes of it on average, grown in proportion where the run lies further from the training than they
                  lie from each other

and ``pace`` = index / limit: above 1 something happened. Where the model itself knows a season, its forecasts are compared
with what it would have said of the training's members at the run's time of the year. What looks further back than the log
reached at the first of the reference's dates fills up as the log goes on, and is left out. A plain figure
(training.sightings.levels) has moved likewise when the log of its ratio is above both that of a tenth more and times x the
usual.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np

from features.operators import Integers
from serving.watch.runs import Run
from training.checks.population import by_chance, expected, index
from training.reference import Kind, Quantity, Reference

TIMES: Final = 2.0
TENTH: Final = 0.1
_SPAN: Final = 0.5
Group: TypeAlias = Literal["inputs", "forecasts"]


@dataclass(frozen=True)
class Moved:
    """How one quantity of a run lies beside its training.

    Parameters
    ----------
    index : population stability index; of a level, the size of the log of its ratio
    limit : what it has to exceed
    missing : share of values missing then and now
    """

    name: str
    kind: Kind | Literal["level"]
    index: float
    limit: float
    usual: float
    missing: tuple[float, float] = (0.0, 0.0)
    was: float | None = None
    now: float | None = None

    @property
    def pace(self) -> float:
        """Index by limit."""
        return self.index / self.limit if self.limit > 0.0 else (math.inf if self.index > 0.0 else 0.0)

    @property
    def far(self) -> bool:
        """Whether something happened."""
        return self.pace > 1.0

    @property
    def group(self) -> Group:
        """What the model is given, or what it says."""
        return "forecasts" if self.kind == "forecast" else "inputs"


def movements(reference: Reference, run: Run, times: float = TIMES) -> list[Moved]:
    """Every quantity of a run beside its training, the furthest first; none of a run without members, or by other bins.

    Parameters
    ----------
    times : so many times the usual are allowed
    """
    if not run.members or not by_its_bins(reference, run):
        return []
    days = max((run.as_of - reference.as_of).days, 0)
    since = [(reference.as_of - date).days for date in reference.dates]
    found = [
        _moved(quantity, np.array(run.counts[quantity.name], np.int64), since, days, times)
        for quantity in reference.quantities
        if quantity.name in run.counts and quantity.known and not quantity.filling
    ]
    for name, values in reference.levels.items():
        if name in run.levels and min(values) > 0.0:
            found.append(_level(name, values, run.levels[name], since, days, times))
    return sorted(found, key=lambda moved: (-moved.pace, moved.name))


def by_its_bins(reference: Reference, run: Run) -> bool:
    """Whether a run was counted by a reference's bins, and not by those of one that was there before it was made again."""
    if run.bins:
        return run.bins == reference.bins
    return all(len(run.counts.get(each.name, each.counts[0])) == each.counts.shape[1] for each in reference.quantities)


def _moved(quantity: Quantity, counts: Integers, since: Sequence[int], days: int, times: float) -> Moved:
    then = quantity.then(days)
    if not counts.sum() or not then.sum():
        distance = 0.0 if counts.sum() == then.sum() else math.inf
        return Moved(quantity.name, quantity.kind, distance, 0.0, 0.0)
    distance, bins = index(then, counts)

    def apart(one: int, other: int) -> float:
        before, after = quantity.counts[one], quantity.counts[other]
        if not before.sum() or not after.sum():
            return 0.0
        found, between = index(before, after)
        return max(0.0, found - expected(between, int(before.sum()), int(after.sum())))

    usual = max((apart(i, j) * grown for i, j, grown in _pairs(since, days)), default=0.0)
    limit = by_chance(bins, int(then.sum()), int(counts.sum())) + times * usual
    missing = float(then[0] / then.sum()), float(counts[0] / counts.sum())
    return Moved(quantity.name, quantity.kind, distance, limit, usual, missing)


def _level(name: str, values: Sequence[float], now: float, since: Sequence[int], days: int, times: float) -> Moved:
    distance = abs(math.log(now / values[-1])) if now > 0.0 else math.inf
    usual = max((abs(math.log(values[j] / values[i])) * grown for i, j, grown in _pairs(since, days)), default=0.0)
    limit = max(math.log1p(TENTH), times * usual)
    return Moved(name, "level", distance, limit, usual, was=values[-1], now=now)


def _pairs(since: Sequence[int], days: int) -> Iterator[tuple[int, int, float]]:
    """Pairs of reference dates far enough apart, and by how much what lies between them may have grown in so many days."""
    span = since[0] - since[-1]
    for i, j in itertools.combinations(range(len(since)), 2):
        apart = since[i] - since[j]
        if apart >= _SPAN * span:
            yield i, j, max(1.0, days / apart)
