"""Spend in the horizon, given that there is a purchase: how many purchases come, and what they are worth.

**Purchases.** Alive at the cutoff, a member makes at least k purchases in the horizon where the rate brings k and none of
the first k - 1 was the last, which are independent::

    P(N >= k | alive) = B(a, b + c + k - 1) / B(a, b + c) · P(NB >= k)
    NB of size R = r + x and mean Rτ, τ = days / (α + age)

**Spend.** k purchases are worth S ~ Gamma(kp, ν), with ν ~ Gamma(Q, G), Q = q + np, G = γ + nm after n purchases of mean
m; hence S / (S + G) ~ Beta(kp, Q). Who buys is alive, so recency plays no part in either.

The sum over k has ``_CELLS`` terms: each k by itself while they suffice, ranges of k beyond.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from scipy import special  # type: ignore[import-untyped]

from features.operators import Floats
from training.gamma_gamma import GammaGamma
from training.purchase import PurchaseProcess

_CELLS: Final = 24
_EXACT_BELOW: Final = 2.5  # shapes from here on: Paulson's approximation is within 0.003
_BY_RATIO: Final = np.linspace(0.0, 1.0, _CELLS // 2, endpoint=False)
_ABOUT_MEAN: Final = np.linspace(-2.5, 3.0, _CELLS - _CELLS // 2)
_CHUNK: Final = 1_000
Counts: TypeAlias = tuple[Floats, Floats, Floats]


@dataclass(frozen=True)
class SpendGivenPurchase:
    """What a member spends in the horizon if they buy in it: ``process`` and ``money`` together.

    ``x`` repeat purchases, ``age`` and ``days`` as in PurchaseProcess; ``n`` purchase days of ``mean_value`` in currency.
    All (n_rows,); ``days`` one number or (n_rows,).

    >>> cdnow = SpendGivenPurchase(PurchaseProcess("bg", 0.243, 30.9, 0.793, 2.426), GammaGamma(6.25, 3.74, 15.44))
    >>> x, age = np.array([2]), np.array([272.0])
    >>> cdnow.exceeds(x, age, 273, np.array([3]), np.array([22.35]), np.array([[0.0, 20.0, 100.0]])).round(2).tolist()
    [[1.0, 0.82, 0.12]]
    """

    process: PurchaseProcess
    money: GammaGamma

    def expected(self, x: Floats, age: Floats, days: float | Floats, n: Floats, mean_value: Floats) -> Floats:
        """(n_rows,) E[spend | a purchase in the horizon], in currency."""
        return self.expected_count(x, age, days) * self.money.expected_mean(n, mean_value)

    def expected_count(self, x: Floats, age: Floats, days: float | Floats) -> Floats:
        """(n_rows,) E[purchases in the horizon | at least one]; 1 or more."""
        some = -np.expm1(-(self.process.r + x) * np.log1p(days / (self.process.alpha + age)))
        return np.maximum(self.process.expected_if_alive(x, age, days) / some, 1.0)

    def exceeds(
        self,
        x: Floats,
        age: Floats,
        days: float | Floats,
        n: Floats,
        mean_value: Floats,
        need: Floats,
        counts: Counts | None = None,
    ) -> Floats:
        """(n_rows, n_needs) P(spend >= ``need`` | a purchase in the horizon); 1 where nothing is needed.

        Parameters
        ----------
        need : (n_rows, n_needs) in currency
        counts : what ``counts`` gives for these rows, where it is known already
        """
        x, age = np.asarray(x, np.float64), np.asarray(age, np.float64)
        days = np.broadcast_to(np.asarray(days, np.float64), x.shape)
        shape, scale = self.money.posterior(n, mean_value)
        found = np.ones(need.shape)
        for i in range(0, len(x), _CHUNK):
            rows = slice(i, i + _CHUNK)
            row, place = np.nonzero(need[rows] > 0)
            if not len(row):
                continue
            if counts is None:
                count, width, weight = self.counts(x[rows], age[rows], days[rows])
            else:
                count, width, weight = (part[rows] for part in counts)
            # Within a wide cell the count varies too: a smaller shape with the same mean.
            a = 1.0 / (1.0 / (count * self.money.p) + (width * width - 1.0) / (12.0 * count * count))
            larger = count * self.money.p / a * scale[rows, None]
            over = _tail(a[row], shape[rows][row, None], need[rows][row, place, None] / larger[row])
            found[i + row, place] = (over * weight[row]).sum(axis=1)
        return np.clip(found, 0.0, 1.0)

    def counts(self, x: Floats, age: Floats, days: Floats) -> Counts:
        """Numbers of purchases given at least one, in cells: their middle, their width and their probability.

        Three arrays (n_rows, ``_CELLS``); probabilities sum to 1 in each row.
        """
        big_r, tau = self.process.r + x, days / (self.process.alpha + age)
        low = _lower_ends(big_r, tau)
        width = np.ones_like(low)
        width[:, :-1] = np.maximum(np.diff(low, axis=1), 1.0)  # two cells on one count: one of them is empty
        reached = self._reached(low, big_r, tau, self.process.b + self.process.chances(x))
        weight = reached.copy()
        weight[:, :-1] -= reached[:, 1:]
        return low + (width - 1.0) / 2.0, width, weight

    def _reached(self, low: Floats, big_r: Floats, tau: Floats, b: Floats) -> Floats:
        """(n_rows, n_cells) P(N >= ``low`` | N >= 1): one by one while cells are single counts, by closed form beyond."""
        a, k = self.process.a, np.arange(1.0, low.shape[1])
        none = np.exp(-big_r * np.log1p(tau))[:, None]
        first = -np.expm1(-big_r * np.log1p(tau))[:, None]
        exactly = none * np.cumprod((big_r[:, None] + k - 1.0) / k * (tau / (1.0 + tau))[:, None], axis=1)
        rate = np.concatenate([first, np.maximum(first - np.cumsum(exactly, axis=1), 0.0)], axis=1)
        stayed = np.cumprod((b[:, None] + k - 1.0) / (a + b[:, None] + k - 1.0), axis=1)
        loyal = np.concatenate([np.ones_like(first), stayed], axis=1)
        row, cell = np.nonzero(low > np.arange(1.0, low.shape[1] + 1.0))
        if len(row):
            at = low[row, cell]
            rate[row, cell] = _tail(big_r[row], at, 1.0 / tau[row])
            loyal[row, cell] = np.exp(special.betaln(a, b[row] + at - 1.0) - special.betaln(a, b)[row])
        reached: Floats = np.minimum.accumulate(rate * loyal / rate[:, :1], axis=1)
        return reached


def _lower_ends(big_r: Floats, tau: Floats) -> Floats:
    """(n_rows, ``_CELLS``) the least count in each cell: 1, 2, 3 … where that reaches far enough, else wider."""
    mean = (big_r * tau)[:, None]
    spread = np.sqrt(mean * (1.0 + tau[:, None]))
    high = mean + 3.0 * (spread + tau[:, None]) + 1.0
    # Half of them by ratio, for those who drop out early or are little known; half about the mean of those who stay.
    by_ratio = high**_BY_RATIO
    about_mean = np.clip(mean + spread * _ABOUT_MEAN, 1.0, high)
    one_by_one = np.arange(1.0, _CELLS + 1.0)
    wider = np.maximum(np.floor(np.sort(np.concatenate([by_ratio, about_mean], axis=1), axis=1)), one_by_one)
    return np.where(high > _CELLS, wider, one_by_one)


def _tail(a: Floats, b: Floats, u: Floats) -> Floats:
    """P(V >= u) for V ~ BetaPrime(a, b), elementwise; beyond small shapes by Paulson's normal approximation (1942)."""
    root, by_a, by_b = np.cbrt(u * b / a), 1.0 / (9.0 * a), 1.0 / (9.0 * b)
    over: Floats = special.ndtr(((1.0 - by_a) - (1.0 - by_b) * root) / np.sqrt(by_b * root * root + by_a))
    a, b, u = np.broadcast_arrays(a, b, u)
    small = np.minimum(a, b) < _EXACT_BELOW
    over[small] = special.betainc(b[small], a[small], 1.0 / (1.0 + u[small]))
    return over
