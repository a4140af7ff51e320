"""Spend in the horizon, given that there is a purchase: how many come (training.process_counts), and what they are worth.

k purchases are worth S ~ Gamma(kp, ν), with ν ~ Gamma(Q, G), Q = q + np, G = γ + nm after n purchases of mean m; hence
S / G is the ratio of a Gamma(kp) to a Gamma(Q) (training.process_tail).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.operators import Floats, Integers
from training.gamma_gamma import GammaGamma
from training.process_counts import RANGES, Counts
from training.process_tail import EXACT_BELOW, approximate, exact, tail
from training.purchase import PurchaseProcess

_CHUNK: Final = 2_000  # amounts at a time, so few that their cells stay in the cache


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

    def cells(self, x: Floats, age: Floats, days: float | Floats) -> Cells:
        """What ``exceeds`` sums over for these rows, whatever is needed."""
        x, age = np.asarray(x, np.float64), np.asarray(age, np.float64)
        days = np.broadcast_to(np.asarray(days, np.float64), x.shape)
        return Cells.of(Counts.of(self.process, x, age, days), self.money.p)

    def exceeds(
        self,
        x: Floats,
        age: Floats,
        days: float | Floats,
        n: Floats,
        mean_value: Floats,
        need: Floats,
        cells: Cells | None = None,
    ) -> Floats:
        """(n_rows, n_needs) P(spend >= ``need`` | a purchase in the horizon); 1 where nothing is needed.

        Parameters
        ----------
        need : (n_rows, n_needs) in currency
        cells : what ``cells`` gives for these rows, where it is known already
        """
        cells = self.cells(x, age, days) if cells is None else cells
        shape, scale = self.money.posterior(n, mean_value)
        found = np.ones(need.shape)
        row, place = np.nonzero(need > 0)
        used = cells.counts.used[row]
        for many in np.flatnonzero(np.bincount(used)):
            of = np.flatnonzero(used == many)
            for i in range(0, len(of), _CHUNK):
                at = row[of[i : i + _CHUNK]], place[of[i : i + _CHUNK]]
                found[at] = cells.exceed(at[0], int(many), shape[at[0]], need[at] / scale[at[0]])
        return np.clip(found, 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Cells:
    """What the purchases of a cell of ``counts`` are worth: ``larger`` G times BetaPrime(``a``, Q); (n_layouts, CELLS).

    ``by_a`` and ``root`` are parts of Paulson's approximation, ``small`` cells those that it is not for.
    """

    counts: Counts
    a: Floats
    larger: Floats
    by_a: Floats
    root: Floats
    small: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, counts: Counts, p: float) -> Cells:
        """For purchases of shape ``p``."""
        mean = counts.middle * p
        # Within a wide cell the count varies too: a smaller shape with the same mean.
        a = 1.0 / (1.0 / mean + (counts.width * counts.width - 1.0) / (12.0 * counts.middle * counts.middle))
        return cls(counts, a, mean / a, 1.0 / (9.0 * a), np.cbrt(1.0 / mean), a < EXACT_BELOW)

    def select(self, rows: Any) -> Cells:
        """Of some rows."""
        return replace(self, counts=self.counts.select(rows))

    def exceed(self, row: Integers, used: int, b: Floats, u: Floats) -> Floats:
        """(n,) P(worth >= u G), Q being ``b``, of rows that use so many cells."""
        over = self._ranges(self.counts.layout[row], b, u) if used == RANGES else self._single(used, b, u)
        # Row by row: how it is rounded does not depend on the rows beside it.
        found: Floats = np.einsum("ij,ij->i", over, self.counts.weight[row, : over.shape[1]])
        return found

    def _single(self, used: int, b: Floats, u: Floats) -> Floats:
        """(n, ``used``) P(worth >= u G) of single counts: rows have their shapes in common, cells have u; ``b`` > 1."""
        over, small = np.empty((len(b), used)), min(int(self.small[0].sum()), used)
        if small:
            over[:, :small] = exact(self.a[0, :small, None], b, u).T
        if small < used:
            root = np.cbrt(u * b)[:, None] * self.root[0, small:used]
            over[:, small:] = approximate(self.by_a[0, small:used], (1.0 / (9.0 * b))[:, None], root)
            few = np.flatnonzero(b < EXACT_BELOW)
            if len(few):
                over[few, small:] = tail(self.a[0, small:used], b[few, None], u[few, None])
        return over

    def _ranges(self, layout: Integers, b: Floats, u: Floats) -> Floats:
        """(n, CELLS) P(worth >= u G) where cells are ranges of counts."""
        root = np.cbrt(u * b)[:, None] * self.root[layout]
        over = approximate(self.by_a[layout], (1.0 / (9.0 * b))[:, None], root)
        row, cell = np.nonzero(self.small[layout] | (b < EXACT_BELOW)[:, None])
        if len(row):
            of = layout[row], cell
            over[row, cell] = tail(self.a[of], b[row], u[row] / self.larger[of])
        return over
