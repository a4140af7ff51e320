"""The likelihood of purchase times under BG/NBD and MBG/NBD, over counted sufficient statistics.

With x repeat purchases at recency t and age T, R = r + x, and c = x + 1 chances to drop out (MBG) or c = x (BG)::

    L = Γ(R) / Γ(r) · α^r · (α + T)^-R · B(a, b + c) / B(a, b) · (1 + odds)
    odds = a / (b + c - 1) · ((α + T) / (α + t))^R          of having left; 0 where c = 0

Batislam, Denizel & Filiztekin 2007; Fader, Hardie & Lee 2005. The optimiser moves in log r, the log of the mean rate r / α,
log(a / b) and log(ab) / 2, with time in units of the mean age.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import special  # type: ignore[import-untyped]

from features.operators import Floats
from training.process_fitting import PULL, most_likely

_LOWER: Final = np.array([np.log(1e-3), np.log(1e-6), -14.0, -7.0])
_UPPER: Final = np.array([np.log(1e3), np.log(1e6), 14.0, 7.0])
_QUICK_ROWS: Final = 4_000


def _sums(place: npt.NDArray[np.int64], weight: Floats) -> Floats:
    return np.bincount(place, weights=weight).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Counted:
    """Each (x, recency, age) that occurs, once, with its weight; and the sums that need no row.

    ``x``, ``recency``, ``age``, ``weight`` are (n_distinct,), in order; ``repeats`` and ``repeats_weight`` hold each x that
    occurs with its weight; ``ages``, ``ages_weight`` and ``ages_repeats`` each age, its weight and its weighted sum of x.
    """

    x: Floats
    recency: Floats
    age: Floats
    weight: Floats
    repeats: Floats
    repeats_weight: Floats
    ages: Floats
    ages_weight: Floats
    ages_repeats: Floats

    @classmethod
    def of(cls, x: Floats, recency: Floats, age: Floats, weight: Floats) -> Counted:
        """Count (n_members,) columns. Weights are scaled to sum to 1."""
        if not len(x):
            return cls(*(np.zeros(0),) * 9)
        (xs, at_x), (recencies, at_recency), (ages, at_age) = (
            np.unique(column, return_inverse=True) for column in (x, recency, age)
        )
        key = (at_x.astype(np.int64) * len(recencies) + at_recency) * len(ages) + at_age
        keys, place = np.unique(key, return_inverse=True)
        counts = _sums(place, weight)
        counts = counts / counts.sum()
        rest, of_age = np.divmod(keys, len(ages))
        of_x, of_recency = np.divmod(rest, len(recencies))
        return cls(
            xs[of_x],
            recencies[of_recency],
            ages[of_age],
            counts,
            xs,
            _sums(of_x, counts),
            ages,
            _sums(of_age, counts),
            _sums(of_age, counts * xs[of_x]),
        )

    def thinned(self, rows: int) -> Counted:
        """At most ``rows`` of the distinct triples, evenly over their order."""
        take: npt.NDArray[np.int64] = np.unique(np.linspace(0, len(self.x) - 1, min(rows, len(self.x))).astype(np.int64))
        return Counted.of(self.x[take], self.recency[take], self.age[take], self.weight[take])


class Likelihood:
    """Mean negative log-likelihood a member, up to a constant, and its gradient."""

    def __init__(self, counted: Counted, *, first_too: bool) -> None:
        self.counted = counted
        self.first = float(first_too)
        # Without a chance to drop out there are no odds of having left.
        could = counted.x + self.first > 0
        self.x, self.age, self.weight = counted.x[could], counted.age[could], counted.weight[could]
        self.recency = counted.recency[could]
        self.chances = self.x + self.first
        self.silence = self.age - self.recency

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        """At a (4,) point of the optimiser."""
        r, alpha, a, b = parameters(theta)
        all_of = self.counted
        n, chances = all_of.repeats, all_of.repeats + self.first
        log_age = np.log(alpha + all_of.ages)
        log_share = np.log1p(all_of.ages / alpha)
        value = all_of.repeats_weight @ (
            special.gammaln(r + n) - special.gammaln(r) + special.betaln(a, b + chances) - special.betaln(a, b)
        )
        value -= all_of.ages_repeats @ log_age + r * (all_of.ages_weight @ log_share)
        by_r = all_of.repeats_weight @ (special.digamma(r + n) - special.digamma(r)) - all_of.ages_weight @ log_share
        by_alpha = r * (all_of.ages_weight @ (1.0 / alpha - 1.0 / (alpha + all_of.ages)))
        by_alpha -= all_of.ages_repeats @ (1.0 / (alpha + all_of.ages))
        lost = special.digamma(a + b) - special.digamma(a + b + chances)
        by_a = all_of.repeats_weight @ lost
        by_b = all_of.repeats_weight @ (lost + special.digamma(b + chances) - special.digamma(b))

        chances_left = 1.0 / (b + self.chances - 1.0)
        ratio = np.log1p(self.silence / (alpha + self.recency))
        log_odds = np.log(a * chances_left) + (r + self.x) * ratio
        whole = np.logaddexp(0.0, log_odds)
        value += self.weight @ whole
        left = self.weight * np.exp(log_odds - whole)
        by_r += left @ ratio
        by_alpha -= left @ ((r + self.x) * self.silence / ((alpha + self.age) * (alpha + self.recency)))
        by_a += left.sum() / a
        by_b -= left @ chances_left
        slope = np.array([r * by_r + alpha * by_alpha, -alpha * by_alpha, 0.5 * (a * by_a - b * by_b), a * by_a + b * by_b])
        return -float(value), -slope


def parameters(theta: Floats) -> tuple[float, float, float, float]:
    """r, α, a, b from where the optimiser is."""
    log_r, log_rate, log_ratio, log_size = theta
    r = np.exp(log_r)
    return (
        float(r),
        float(r / np.exp(log_rate)),
        float(np.exp(log_size + log_ratio / 2)),
        float(np.exp(log_size - log_ratio / 2)),
    )


def fit(counted: Counted, *, first_too: bool, pull: float = PULL) -> tuple[float, float, float, float]:
    """r, α, a, b of the greatest likelihood; α in the unit of time of ``counted``."""
    unit = float(counted.ages_weight @ counted.ages)
    scaled = Counted.of(counted.x, counted.recency / unit, counted.age / unit, counted.weight)
    # Repeats over a mean age; a twentieth at least, so that a log without any has a rate too.
    rate = np.log(np.clip(scaled.repeats_weight @ scaled.repeats, 0.05, 1e5))
    starts = [
        np.array([log_r, rate + faster, log_ratio, log_size])
        for log_r, faster, log_ratio, log_size in [
            (0.0, 0.3, -1.5, 0.0),
            (-1.0, 1.0, -0.5, 0.0),
            (0.5, 0.0, -4.0, 0.5),
            (-0.5, 1.5, 0.5, -1.0),
        ]
    ]
    whole = Likelihood(scaled, first_too=first_too)
    quick = Likelihood(scaled.thinned(_QUICK_ROWS), first_too=first_too) if len(scaled.x) > _QUICK_ROWS else None
    r, alpha, a, b = parameters(most_likely(whole, starts, _LOWER, _UPPER, quick=quick, pull=pull))
    return r, alpha * unit, a, b
