"""What happened after a cutoff: the truth that a forecast is trained on and measured against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.feature_table import FeatureTable
from features.histories import Histories
from features.operators import Integers, Panel
from features.tiers import gives, tier_of_pairs


@dataclass(frozen=True, eq=False)
class Labels:
    """One row a row of the feature table it was made for.

    ``visits``: days with a purchase in [T, T + h). ``spend``: spend in it, net where a policy counts it so and gross
    otherwise, in fixed-point units, None without amounts. ``next_tier``: position of the tier at T + h, None without a
    policy.
    """

    visits: Integers
    spend: Integers | None
    next_tier: Integers | None

    @property
    def churned(self) -> npt.NDArray[np.bool_]:
        """(n_rows,) whether there was no purchase in [T, T + h)."""
        return np.asarray(self.visits == 0)


def label(table: FeatureTable, histories: Histories) -> Labels:
    """Look up what the members of a feature table did within the horizon.

    Parameters
    ----------
    table : at cutoffs T
    histories : of the same members, known at least up to every T + horizon
    """
    panel = table.panel
    horizon = panel.horizon_days
    ahead = Panel(histories, panel.member, (panel.cutoff + horizon).astype(np.int32), horizon)
    visits = ahead.units("visits", horizon)
    policy = table.policy
    spend = None
    if histories.has_amounts:
        spend = ahead.units("gross", horizon)
        if policy is not None and policy.returns == "net":
            spend = spend - ahead.units("returned", horizon)
    if policy is None or not gives(histories, policy):
        return Labels(visits, spend, None)
    return Labels(visits, spend, tier_of_pairs(histories, panel.member, ahead.cutoff, policy))
