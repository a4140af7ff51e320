"""Histories → member x cutoff: the one path to features for training, batch, notebook and HTTP."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from features.errors import CutoffError
from features.feature import Feature, Known
from features.histories import Histories
from features.operators import Floats, Integers, Panel
from features.policy import TierPolicy
from features.registry import registered
from features.snapshot import check_days, cutoff_days, known_before, to_date
from features.tiers import TierState, gives, tier_state

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """One row a member and cutoff, members with a purchase in the look-back before it.

    ``x`` is (n_rows, n_features), float64, NaN by each feature's null rule; ``panel`` tells each row's member and cutoff;
    ``state`` is the policy's word on each row, None without a policy or without amounts.
    """

    panel: Panel
    features: tuple[Feature, ...]
    x: Floats
    policy: TierPolicy | None
    state: TierState | None

    def __len__(self) -> int:
        return len(self.x)

    @property
    def members(self) -> npt.NDArray[Any]:
        """(n_rows,) ids as they came."""
        return self.panel.histories.members[self.panel.member]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names."""
        return tuple(feature.name for feature in self.features)

    def to_pandas(self) -> pd.DataFrame:
        """Frame with customer_id, cutoff and one column a feature."""
        import pandas as pd

        keys = {"customer_id": self.members, "cutoff": [to_date(day) for day in self.panel.cutoff]}
        columns = dict(zip(self.names, self.x.T, strict=True))
        return pd.DataFrame({**keys, **columns})


def build(
    histories: Histories,
    cutoffs: Sequence[dt.date],
    *,
    horizon_days: int,
    lookback_days: int,
    policy: TierPolicy | None = None,
    features: Sequence[Feature] | None = None,
    compiled: bool | None = None,
) -> FeatureTable:
    """Describe members at cutoffs, each by what was known before it.

    Parameters
    ----------
    histories : of all members, or of one
    cutoffs : days T; rows on days before T are seen, and no others
    horizon_days : days ahead that carry, needs and comebacks are about
    lookback_days : a row is given to members with a purchase in [T - lookback_days, T)
    policy : adds the programme's features and ``state``
    features : what to compute; all registered ones if None
    compiled : force the compiled (True) or interpreted (False) operators; None chooses by size

    Returns
    -------
    FeatureTable
        rows by cutoff, then by member

    Raises
    ------
    CutoffError
        a cutoff lies before the log's first day is over
    ConfigError, PolicyError

    >>> import datetime as dt
    >>> from features.histories import from_rows
    >>> log = from_rows([("m", [(dt.date(2017, 1, day), 1, 25_0000, 0) for day in (1, 8, 15)])], has_amounts=True)
    >>> table = build(log, [dt.date(2017, 1, 20)], horizon_days=28, lookback_days=91)
    >>> table.to_pandas()[["customer_id", "recency_days", "gap_mean_days", "spend_28d"]].values.tolist()
    [['m', 5.0, 7.0, 75.0]]
    """
    check_days(horizon_days, "horizon_days")
    check_days(lookback_days, "lookback_days")
    days = cutoff_days(cutoffs)
    if len(days) and days[0] <= histories.first_day:
        raise CutoffError(
            "a cutoff lies after the log's first day",
            f"{to_date(days[0])} in a log that begins on {to_date(histories.first_day)}",
            "choose a later cutoff",
        )
    pairs = [(eligible(histories, int(day), lookback_days), day) for day in days]
    member = np.concatenate([members for members, _ in pairs]) if pairs else np.empty(0, np.int64)
    cutoff = np.repeat(days, np.array([len(members) for members, _ in pairs], np.int64))
    panel = Panel(histories, member, cutoff, horizon_days, compiled)
    state = None
    if policy is not None and gives(histories, policy):
        state = tier_state(histories, member, cutoff.astype(np.int64), horizon_days, policy, compiled=compiled)
    chosen = tuple(features) if features is not None else registered(policy)
    known = Known(panel, policy, state)
    x = np.empty((len(panel), len(chosen)), np.float64)
    for i, feature in enumerate(chosen):
        x[:, i] = feature.values(known)
    return FeatureTable(panel, chosen, x, policy, state)


def eligible(histories: Histories, cutoff: int, lookback_days: int) -> Integers:
    """Positions of members with a purchase in [cutoff - lookback, cutoff), given as day numbers."""
    visits = histories.visits
    start, stop = known_before(visits.day, visits.offsets, cutoff)
    last = visits.day[np.maximum(stop - 1, 0)] if len(visits.day) else np.zeros(len(histories), np.int32)
    return np.flatnonzero((stop > start) & (last >= cutoff - lookback_days))
