"""What a policy says of members at a cutoff: the tier, what carries over to cutoff + horizon, what each tier needs.

For a rolling window of w days and a horizon of h days at a cutoff T:

- spend now    = spend on days in [T - w, T)           → the tier at T
- carry        = spend on days in [T + h - w, T)       → already there at T + h, and stays
- need of tier = max(0, reach - carry)                 → still to come in [T, T + h)

Where ``returns: ignore`` holds, carry can only grow, so the tier it reaches is secured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.errors import PolicyError
from features.money import to_currency
from features.operators import Floats, Integers, Panel
from features.policy import TierPolicy


@dataclass(frozen=True, eq=False)
class TierState:
    """One row a pair (member, cutoff); money in fixed-point units.

    ``tier`` and ``secured`` are positions in the policy's tiers: held at the cutoff, and reached by ``carry`` alone.
    ``need`` is (n_pairs, n_tiers).
    """

    spend: Integers
    carry: Integers
    tier: Integers
    secured: Integers
    need: Integers

    def part(self, bounds: Sequence[tuple[int, int]]) -> TierState:
        """The pairs in some ranges."""
        return TierState(
            *(
                np.concatenate([getattr(self, name)[lo:hi] for lo, hi in bounds])
                for name in ("spend", "carry", "tier", "secured", "need")
            )
        )

    def column(self, pick: str) -> Floats:
        """(n_pairs,) one number a pair for a feature: ``tier``, or money in currency."""
        if pick == "tier":
            return self.tier.astype(np.float64)
        if pick == "review":
            return np.ones(len(self.tier))
        return to_currency({"metric": self.spend, "carry": self.carry}.get(pick, self._need(pick)))

    def _need(self, pick: str) -> Integers:
        """Need of the tier held, or of the one above (0 at the top)."""
        top = self.need.shape[1] - 1
        column = self.tier if pick == "keep" else np.minimum(self.tier + 1, top)
        need = np.take_along_axis(self.need, column[:, None], axis=1)[:, 0]
        return need if pick == "keep" else np.where(self.tier == top, 0, need)


def qualifying(panel: Panel, policy: TierPolicy, width_days: int) -> Integers:
    """(n_pairs,) qualifying spend on days in [cutoff - width, cutoff), in fixed-point units."""
    if width_days <= 0:
        return np.zeros(len(panel), np.int64)
    gross = panel.units("gross", width_days)
    return gross if policy.returns == "ignore" else gross - panel.units("returned", width_days)


def tier_of(spend: Integers, policy: TierPolicy) -> Integers:
    """Position of the highest tier reached by a spend in fixed-point units, the first where none is.

    >>> policy = TierPolicy.from_dict({"programme": "P", "metric": "spend", "window": {"rolling_days": 91},
    ...     "tiers": [{"name": "Member"}, {"name": "Gold", "reach": 100.0}]})
    >>> tier_of(np.array([-5, 999_999, 1_000_000]), policy).tolist()
    [0, 0, 1]
    """
    reached = np.searchsorted(policy.thresholds, spend, side="right") - 1
    return np.maximum(reached, 0).astype(np.int64)


def tier_state(panel: Panel, policy: TierPolicy) -> TierState:
    """The policy's word on each pair.

    Raises
    ------
    PolicyError
        the horizon is longer than the window: then nothing carries over, and part of the horizon does not count
    """
    width = policy.window.rolling_days
    if panel.horizon_days > width:
        raise PolicyError(
            "window.rolling_days",
            "the tier window is at least as long as the forecast's horizon",
            f"{width} days against a horizon of {panel.horizon_days}",
            "shorten the horizon",
        )
    spend = qualifying(panel, policy, width)
    carry = qualifying(panel, policy, width - panel.horizon_days)
    need = np.maximum(policy.thresholds[None, :] - carry[:, None], 0)
    need[:, 0] = 0
    return TierState(spend, carry, tier_of(spend, policy), tier_of(carry, policy), need)
