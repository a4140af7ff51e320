"""The Qini curve: what treating the share of members thought to be moved most gains, beside a share drawn at random.

With r the share of members ranked before a member (ties share a place) and d its doubly robust score:

    Q(s) = mean of d · [r < s]          Qini coefficient = area between Q and the line s · Q(1) = mean of d · (1/2 - r)
    AUTOC = mean of d · (-log r - 1)    the same area of Q(s) / s: it weighs the first members most

d takes the place of Radcliffe's counts (2007), so arms of any size will do; both are rank-weighted averages of effects
(Yadlowsky et al. 2021, arXiv:2111.07966). Where d is y · ([treated] / share - [control] / (1 - share)), the curve is his.

Errors come from influence functions, in which the ranks vary, too. Members are ranked within blocks: what different models
say of different blocks is not compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from features.operators import Floats, Integers
from retention.uplift.measured import Measured

_POINTS: Final = 41
_WINDOW: Final = 0.1
"""Share of members on either side over which the curve's slope is taken."""


@dataclass(frozen=True, eq=False)
class Ranked:
    """Members ranked by what is predicted, best first.

    Parameters
    ----------
    score : (n,) doubly robust scores
    rank : (n,) share of the member's own block ranked before it, in (0, 1); ties share their middle
    block : (n,) whose ranks belong together
    """

    score: Floats
    rank: Floats
    block: Integers

    @classmethod
    def of(cls, score: Floats, predicted: Floats, block: Integers | None = None) -> Ranked:
        """Rank by predictions.

        >>> Ranked.of(np.zeros(4), np.array([3.0, 1.0, 1.0, 0.0])).rank.tolist()
        [0.125, 0.5, 0.5, 0.875]
        """
        block = np.zeros(len(score), np.int64) if block is None else block
        rank = np.empty(len(score))
        for one in np.unique(block):
            at = np.flatnonzero(block == one)
            _, place, count = np.unique(-predicted[at], return_inverse=True, return_counts=True)
            rank[at] = ((np.cumsum(count) - count / 2) / len(at))[place]
        return cls(score, rank, block)

    def coefficient(self) -> Measured:
        """The Qini coefficient, in outcomes a member: above 0 where the order is better than chance.

        >>> Ranked.of(np.array([1.0, 0.0, 0.0, 0.0]), np.array([4.0, 3.0, 2.0, 1.0])).coefficient().value
        0.09375
        """
        return self._weighted(lambda rank: 0.5 - rank, lambda rank: -np.ones_like(rank))

    def autoc(self) -> Measured:
        """The area under the curve of targeting: the effect among the first members beyond that of all, averaged."""
        return self._weighted(lambda rank: -np.log(rank) - 1.0, lambda rank: -1.0 / rank)

    def mean(self) -> Measured:
        """The effect on all."""
        return Measured.mean(self.score)

    def first(self, share: float) -> Measured:
        """The effect on each of the first members by rank."""
        return Measured.mean(self.score[self.rank < share])

    def curve(self) -> Curve:
        """Q at shares from 0 to 1, with its errors."""
        share = np.linspace(0.0, 1.0, _POINTS)
        gain, error, chance = np.zeros(_POINTS), np.zeros(_POINTS), share * float(self.score.mean())
        for k, s in enumerate(share.tolist()):
            within = (self.rank < s).astype(np.float64)
            low, high = max(s - _WINDOW, 0.0), min(s + _WINDOW, 1.0)
            near = (self.rank >= low) & (self.rank < high)
            slope = float(self.score[near].mean()) if near.any() else 0.0
            # A member more before the cut moves the cut.
            found = Measured.mean(self.score * within - slope * (within - s))
            gain[k], error[k] = float((self.score * within).mean()), found.error
        return Curve(share, gain, error, chance)

    def _weighted(self, weight: Callable[[Floats], Floats], slope: Callable[[Floats], Floats]) -> Measured:
        """Mean of score x weight(rank), and its error by the influence function, blocks apart."""
        total, squares, n = 0.0, 0.0, len(self.score)
        for one in np.unique(self.block):
            at = np.flatnonzero(self.block == one)
            score, rank = self.score[at], self.rank[at]
            direct = score * weight(rank)
            # A member moves the ranks of those behind it back: half a place for its ties.
            moved = score * slope(rank) / len(at)
            order, place = np.unique(rank, return_inverse=True)
            by_rank = np.bincount(place, moved, len(order))
            behind = by_rank.sum() - np.cumsum(by_rank) + by_rank / 2
            influence = direct + behind[place]
            total += float(direct.sum())
            squares += float(((influence - influence.mean()) ** 2).sum()) * len(at) / max(len(at) - 1, 1)
        return Measured(total / n, float(np.sqrt(squares)) / n)


@dataclass(frozen=True, eq=False)
class Curve:
    """(n_points,) each: share treated, gain in outcomes a member of the base, its standard error, and gain by chance."""

    share: Floats
    gain: Floats
    error: Floats
    chance: Floats
