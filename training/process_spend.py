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
from typing import Final

import numpy as np
from scipy import special  # type: ignore[import-untyped]

from features.operators import Floats
from training.gamma_gamma import GammaGamma
from training.purchase import PurchaseProcess

_CELLS: Final = 14
_EXACT_BELOW: Final = 2.5  # shapes from here on: Paulson's approximation is within 0.003
_CHUNK: Final = 4_000


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

    def exceeds(self, x: Floats, age: Floats, days: float | Floats, n: Floats, mean_value: Floats, need: Floats) -> Floats:
        """(n_rows, n_needs) P(spend >= ``need`` | a purchase in the horizon); 1 where nothing is needed.

        Parameters
        ----------
        need : (n_rows, n_needs) in currency
        """
        x, age = np.asarray(x, np.float64), np.asarray(age, np.float64)
        days = np.broadcast_to(np.asarray(days, np.float64), x.shape)
        shape, scale = self.money.posterior(n, mean_value)
        found = np.ones(need.shape)
        for i in range(0, len(x), _CHUNK):
            rows = slice(i, i + _CHUNK)
            count, _width, weight = self.counts(x[rows], age[rows], days[rows])
            for j in range(need.shape[1]):
                over = _exceeds(count, self.money.p, shape[rows], np.maximum(need[rows, j], 0.0) / scale[rows])
                found[rows, j] = (over * weight).sum(axis=1)
        return np.where(need > 0, np.clip(found, 0.0, 1.0), 1.0)

    def counts(self, x: Floats, age: Floats, days: Floats) -> tuple[Floats, Floats, Floats]:
        """Numbers of purchases given at least one, in cells: their middle, their width and their probability.

        Three arrays (n_rows, ``_CELLS``); probabilities sum to 1 in each row.
        """
        big_r, tau = self.process.r + x, days / (self.process.alpha + age)
        mean = big_r * tau
        high = mean + 3.0 * np.sqrt(mean * (1.0 + tau)) + 3.0 * tau + 1.0
        step = np.arange(_CELLS)
        # Few purchases in the past: the count may be anything, 1 most of all, and cells widen with it.
        even = (step / _CELLS) ** (1.0 + 1.0 / (1.0 + big_r))[:, None]
        low = np.maximum(1.0 + np.floor((high - 1.0)[:, None] * even), 1.0 + step)
        reached = special.betainc(low, big_r[:, None], (tau / (1.0 + tau))[:, None])
        b = (self.process.b + self.process.chances(x))[:, None]
        a = self.process.a
        reached = reached * np.exp(special.betaln(a, b + low - 1.0) - special.betaln(a, b))
        reached = reached / reached[:, :1]
        weight = reached.copy()
        weight[:, :-1] -= reached[:, 1:]
        width = np.ones_like(low)
        width[:, :-1] = np.diff(low, axis=1)
        return low + (width - 1.0) / 2.0, width, weight


def _exceeds(count: Floats, p: float, shape: Floats, need: Floats) -> Floats:
    """(n_rows, n_cells) P(spend >= need) where ``count`` purchases come, need and spend in units of the scale G."""
    a = count * p
    z = need / (1.0 + need)
    over: Floats = special.betaincc(a, shape[:, None], z[:, None])
    return over
