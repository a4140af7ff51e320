"""What a model is fitted on: features and labels of pooled past cutoffs, all known at one date."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from features.errors import UnusableLogError
from features.feature import Feature
from features.feature_table import FeatureTable, build, eligible
from features.histories import Histories
from features.policy import TierPolicy
from features.snapshot import to_date, to_day
from training.foreseen import Foreseen, foresee
from training.labels import Labels, label
from training.learning import DEFAULTS, Learning
from training.split import training_cutoffs

MIN_MEMBERS = 20
MOST_ROWS = 400_000


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows of past cutoffs with what happened after them; ``share`` of the members was drawn to learn from."""

    table: FeatureTable
    labels: Labels
    foreseen: Foreseen
    lookback_days: int
    share: float = 1.0
    learning: Learning = DEFAULTS

    @property
    def cutoffs(self) -> list[dt.date]:
        """The pooled cutoffs, oldest first."""
        return [to_date(day) for day in np.unique(self.table.panel.cutoff)]

    def select(self, features: Sequence[Feature]) -> Dataset:
        """The same rows, described by some of the features."""
        return replace(self, table=self.table.select(features))


def dataset(
    histories: Histories,
    as_of: dt.date,
    *,
    horizon_days: int,
    lookback_days: int,
    policy: TierPolicy | None,
    features: Sequence[Feature] | None = None,
    learning: Learning = DEFAULTS,
) -> Dataset:
    """Pool past cutoffs whose horizons are closed at ``as_of`` and covered by rows; rows from ``as_of`` on are dropped.

    Raises
    ------
    UnusableLogError
        the log is too short, or too few members were active
    """
    known = histories.before(as_of)
    first = to_date(histories.first_day)
    spans = {"horizon_days": horizon_days, "lookback_days": lookback_days}
    cutoffs = training_cutoffs(first, _closed(known, as_of), **spans, most=learning.cutoffs)
    known, share = _drawn(known, cutoffs, lookback_days)
    table = build(known, cutoffs, horizon_days=horizon_days, lookback_days=lookback_days, policy=policy, features=features)
    members = len(np.unique(table.panel.member))
    if members < MIN_MEMBERS:
        raise UnusableLogError(
            f"training needs at least {MIN_MEMBERS} members active at past cutoffs",
            f"{members} with a purchase in the {lookback_days} days before {cutoffs[0]} or an earlier cutoff",
            "use a longer log or a longer look-back",
        )
    return Dataset(table, label(table, known), foresee(table, known, as_of, lookback_days), lookback_days, share, learning)


def _drawn(known: Histories, cutoffs: list[dt.date], lookback_days: int) -> tuple[Histories, float]:
    """The members to learn from: all of them, or so many that about ``MOST_ROWS`` rows are left.

    A member is drawn by a digest of its id, so whoever joins later changes nothing.
    """
    rows = sum(len(eligible(known, to_day(cutoff), lookback_days)) for cutoff in cutoffs)
    if rows <= MOST_ROWS:
        return known, 1.0
    share = MOST_ROWS / rows
    digests = (hashlib.blake2b(str(member).encode(), digest_size=8).digest() for member in known.members.tolist())
    below = int(share * 2**64)
    keep = [position for position, digest in enumerate(digests) if int.from_bytes(digest, "big") < below]
    return known.select(np.array(keep, np.int64)), share


def _closed(known: Histories, as_of: dt.date) -> dt.date:
    """Day after the last known row: on days after that, silence would be taken for churn."""
    last = max((int(rows.day.max()) for rows in (known.visits, known.returns) if len(rows.day)), default=known.first_day)
    return min(as_of, to_date(last + 1))
