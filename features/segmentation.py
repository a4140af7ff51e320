"""The base in segments: tier x ladder stage x frequency class, each with its members and what they bring in."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from features.between import Integers, known_at, sum_between
from features.contribution import profit_between
from features.feature import Phrase
from features.ladder import CLASSES, NO_CLASS, PROSPECT, STAGES
from features.money import UNITS
from features.snapshot import to_day
from features.standing import Standing

if TYPE_CHECKING:
    import pandas as pd

NO_TIER = -1
"""Where there is no policy to say."""


@dataclass(frozen=True)
class Segment:
    """Members alike in tier (a position in the policy), stage and frequency class (in features.ladder).

    ``bought``, ``returned`` and ``earned`` are in fixed-point units, in the window of the standing; None where the log has
    no amounts, or no costs.
    """

    tier: int
    stage: int
    frequency_class: int
    members: int
    bought: int | None = None
    returned: int | None = None
    earned: int | None = None

    @property
    def spend(self) -> float | None:
        """What was bought less what was returned, in currency."""
        return None if self.bought is None or self.returned is None else (self.bought - self.returned) / UNITS

    @property
    def profit(self) -> float | None:
        """Spend less cost, in currency."""
        return None if self.earned is None else self.earned / UNITS

    @property
    def returned_share(self) -> float | None:
        """What was returned over what was bought, None where nothing was."""
        return self.returned / self.bought if self.bought and self.returned is not None else None

    def with_more(self, other: Segment) -> Segment:
        """Both together, under this one's names."""
        return replace(
            self,
            members=self.members + other.members,
            bought=_sum(self.bought, other.bought),
            returned=_sum(self.returned, other.returned),
            earned=_sum(self.earned, other.earned),
        )


def _sum(one: int | None, other: int | None) -> int | None:
    return one if other is None else other if one is None else one + other


def tabulated(standing: Standing, tier: Integers | None = None, prospects: int = 0) -> list[Segment]:
    """The segments that have members, highest tier first, then highest stage and class.

    Parameters
    ----------
    standing : of all members; those of whom nothing was known at its date are left out
    tier : (n_members,) positions in the policy, None without one
    prospects : how many more there are in the member table, who have no transactions: they hold the first tier

    >>> import datetime as dt
    >>> from features.histories import from_rows
    >>> from features.standing import stand
    >>> visit = {"orders": 1, "gross": 25_0000, "returned": 0}
    >>> log = from_rows([("m", [(dt.date(2017, 1, day), visit) for day in (1, 8, 15)])], has_amounts=True)
    >>> found = tabulated(stand(log, dt.date(2017, 1, 20)), prospects=2)
    >>> [(STAGES[segment.stage].en, segment.members, segment.spend) for segment in found]
    [('repeat', 1, 75.0), ('prospect', 2, 0.0)]
    """
    histories, day = standing.histories, to_day(standing.as_of)
    first = day - standing.bounds.window_days
    known = np.flatnonzero(known_at(histories, day))
    tiers = np.full(len(histories), NO_TIER) if tier is None else tier
    sums: dict[str, Integers] = {}
    if histories.has_amounts:
        sums["bought"] = sum_between(histories.visits, "gross", first, day)
        sums["returned"] = sum_between(histories.returns, "returned", first, day)
        if "cost" in histories.columns:
            sums["earned"] = profit_between(histories, first, day)
    key = np.stack([tiers, standing.stage, standing.frequency_class], axis=1)[known]
    found, group = np.unique(key, axis=0, return_inverse=True)
    totals = {name: np.zeros(len(found), np.int64) for name in sums}
    for name, units in sums.items():
        np.add.at(totals[name], group.ravel(), units[known])
    size = np.bincount(group.ravel(), minlength=len(found))
    segments = {}
    for i, (held, stage, pace) in enumerate(found.tolist()):
        money = {name: int(total[i]) for name, total in totals.items()}
        segments[held, stage, pace] = Segment(held, stage, pace, int(size[i]), **money)
    if prospects:
        held = 0 if tier is not None else NO_TIER
        more = Segment(held, PROSPECT, NO_CLASS, prospects, **dict.fromkeys(sums, 0))
        there = segments.get((held, PROSPECT, NO_CLASS))
        segments[held, PROSPECT, NO_CLASS] = more.with_more(there) if there else more
    return [segments[place] for place in sorted(segments, reverse=True)]


def together(segments: Sequence[Segment]) -> Segment:
    """Several segments as one, under the first one's names; at least one."""
    return functools.reduce(Segment.with_more, segments)


def to_frame(segments: Sequence[Segment], tier_names: tuple[str, ...] = (), language: str = "en") -> pd.DataFrame:
    """Segments as a frame: tier, stage and frequency_class in words, and the numbers; without a policy, no tier."""
    import pandas as pd

    def word(phrase: Phrase) -> str:
        return phrase.zh if language == "zh" else phrase.en

    rows = []
    for segment in segments:
        row: dict[str, object] = {"tier": tier_names[segment.tier]} if tier_names else {}
        pace = segment.frequency_class
        row |= {"stage": word(STAGES[segment.stage]), "frequency_class": None if pace == NO_CLASS else word(CLASSES[pace])}
        row |= {name: getattr(segment, name) for name in ("members", "spend", "profit", "returned_share")}
        rows.append(row)
    numbers = dict.fromkeys(("spend", "profit", "returned_share"), "float64")
    columns = [*(["tier"] if tier_names else []), "stage", "frequency_class", "members", *numbers]
    return pd.DataFrame(rows, columns=columns).astype({"members": "int64", **numbers})
