"""The assignment as a mathematical programme, and what a solution of it is.

With x_ia = 1 where member i gets action a, of gain g_ia and cost c_ia::

    maximise    Σ g_ia x_ia
    such that   Σ_a x_ia <= 1                         each member
                Σ c_ia x_ia <= total                  over all
                Σ_{i in tier t} c_ia x_ia <= B_t      each tier with a budget
                Σ_{a by channel h} x_ia <= C_h        each channel with a capacity
                x_ia in {0, 1}, and 0 where not eligible
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from features.operators import Floats

Codes = npt.NDArray[np.int64]
NOTHING = -1


@dataclass(frozen=True, eq=False)
class Problem:
    """``gain``, ``cost`` (n_members, n_actions), the gain -inf where not eligible; limits are inf where there is none.

    ``group`` (n_members,) is a position in ``group_budgets`` (n_groups,), and ``channel`` (n_actions,) one in ``capacities``
    (n_channels,).
    """

    gain: Floats
    cost: Floats
    group: Codes
    channel: Codes
    total_budget: float
    group_budgets: Floats
    capacities: Floats

    @property
    def limits(self) -> Floats:
        """(1 + n_groups + n_channels,) the limits in the order of prices: total, groups, channels."""
        return np.concatenate(([self.total_budget], self.group_budgets, self.capacities))

    def rows(self, chosen: npt.NDArray[np.bool_]) -> Problem:
        """The same limits, for some of the members."""
        return Problem(
            self.gain[chosen],
            self.cost[chosen],
            self.group[chosen],
            self.channel,
            self.total_budget,
            self.group_budgets,
            self.capacities,
        )

    def used(self, choice: Codes) -> Floats:
        """(1 + n_groups + n_channels,) what a choice uses of each limit.

        Parameters
        ----------
        choice : (n_members,) position of the action, -1 for none
        """
        rows = np.flatnonzero(choice != NOTHING)
        action, cost = choice[rows], self.cost[rows, choice[rows]]
        groups = np.bincount(self.group[rows], weights=cost, minlength=len(self.group_budgets))
        channels = np.bincount(self.channel[action], minlength=len(self.capacities)).astype(np.float64)
        return np.concatenate(([cost.sum()], groups, channels))

    def value(self, choice: Codes) -> float:
        """The sum of gains."""
        rows = np.flatnonzero(choice != NOTHING)
        return float(self.gain[rows, choice[rows]].sum())

    def fits(self, choice: Codes) -> bool:
        """Whether every limit holds, to a rounding error of sums."""
        return bool((self.used(choice) <= self.limits * (1 + 1e-9) + 1e-9).all())

    def possible(self) -> Problem:
        """The same without what is never done, whatever the prices: what gains nothing, and what alone breaks a limit."""
        most = np.minimum(self.total_budget, self.group_budgets)[self.group][:, None]
        open_ = (self.gain > 0) & (self.cost <= most) & (self.capacities >= 1)[self.channel][None, :]
        return replace(self, gain=np.where(open_, self.gain, -np.inf), cost=np.where(open_, self.cost, 0.0))

    def short(self) -> npt.NDArray[np.bool_]:
        """(1 + n_groups + n_channels,) limits that something worth doing breaks alone: it is in no price."""
        worth = self.gain > 0
        n, least = len(self.group_budgets), np.where(worth, self.cost, -np.inf)
        dearest = np.full(n, -np.inf)
        np.maximum.at(dearest, self.group, least.max(axis=1, initial=-np.inf))
        wanted = np.zeros(len(self.capacities), bool)
        np.logical_or.at(wanted, self.channel, worth.any(axis=0))
        total = least.max(initial=-np.inf) > self.total_budget
        return np.concatenate(([total], dearest > self.group_budgets, wanted & (self.capacities < 1)))

    def reduced(self, prices: Floats) -> Floats:
        """(n_members, n_actions) gains less what they use at a price a unit of each limit."""
        total, groups, channels = self.parts(prices)
        by_cost = total + groups[self.group]
        found: Floats = self.gain - self.cost * by_cost[:, None] - channels[self.channel][None, :]
        return found

    def parts(self, prices: Floats) -> tuple[float, Floats, Floats]:
        """Prices of the total, of groups and of channels."""
        n = len(self.group_budgets)
        return float(prices[0]), prices[1 : 1 + n], prices[1 + n :]


@dataclass(frozen=True, eq=False)
class Solution:
    """``choice`` (n_members,) of sum of gains ``value``; none is above ``bound``; ``prices`` as ``Problem.limits``."""

    choice: Codes
    value: float
    bound: float
    prices: Floats

    @property
    def gap(self) -> float:
        """How far below the bound, as a share of it: 0 is proven best."""
        return max(self.bound - self.value, 0.0) / self.bound if self.bound > 0 else 0.0


def best_of(reduced: Floats) -> tuple[Codes, Floats]:
    """(n_members,) the action of the highest reduced gain and that gain; -1 and 0 where none is above 0.

    >>> best_of(np.array([[1.0, 3.0], [-1.0, -np.inf]]))
    (array([ 1, -1]), array([3., 0.]))
    """
    choice = reduced.argmax(axis=1) if reduced.shape[1] else np.zeros(len(reduced), np.int64)
    best = reduced[np.arange(len(reduced)), choice] if reduced.shape[1] else np.zeros(len(reduced))
    some = best > 0
    return np.where(some, choice, NOTHING).astype(np.int64), np.where(some, best, 0.0)
