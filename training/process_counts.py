"""How many purchases come in the horizon if any does, in cells of counts.

Alive at the cutoff, a member makes at least k purchases in the horizon where the rate brings k and none of the first k - 1
was the last, which are independent::

    P(N >= k | alive) = B(a, b + c + k - 1) / B(a, b + c) · P(NB >= k)
    NB of size R = r + x and mean Rτ, τ = days / (α + age)

There are ``CELLS`` cells: each k by itself while they suffice, ranges of k beyond. Who buys is alive, so recency plays no
part.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from scipy import special  # type: ignore[import-untyped]

from features.operators import Floats, Integers
from training.process_tail import tail
from training.purchase import PurchaseProcess

CELLS: Final = 24
RANGES: Final = 0
_BY_RATIO: Final = np.linspace(0.0, 1.0, CELLS // 2, endpoint=False)
_ABOUT_MEAN: Final = np.linspace(-2.5, 3.0, CELLS - CELLS // 2)
_ONE_BY_ONE: Final = np.arange(1.0, CELLS + 1.0)
_UNSEEN: Final = 1e-9
_STEP: Final = 4


@dataclass(frozen=True, eq=False)
class Counts:
    """Numbers of purchases of some rows, given at least one.

    ``weight`` (n_rows, ``CELLS``) is the probability of each cell, rows sum to 1. What the cells are is said once for all
    whose cells are single counts: ``middle`` and ``width`` are (n_layouts, ``CELLS``), and ``layout`` (n_rows,) is a row's
    place in them. All but ``_UNSEEN`` of the probability is in the first ``used`` (n_rows,) cells, a multiple of ``_STEP``;
    it is ``RANGES`` for rows whose cells are ranges, which use them all.
    """

    weight: Floats
    layout: Integers
    used: Integers
    middle: Floats
    width: Floats

    @classmethod
    def of(cls, process: PurchaseProcess, x: Floats, age: Floats, days: Floats) -> Counts:
        """(n_rows,) repeat purchases, age and days of the horizon as in PurchaseProcess."""
        big_r, tau = process.r + x, days / (process.alpha + age)
        low, wide = _lower_ends(big_r, tau)
        reached = _reached(process, low, wide, big_r, tau, process.b + process.chances(x))
        weight = reached.copy()
        weight[:, :-1] -= reached[:, 1:]
        width = np.ones_like(low)
        width[:, :-1] = np.maximum(np.diff(low, axis=1), 1.0)  # two cells on one count: one of them is empty
        layout = np.zeros(len(x), np.int64)
        layout[wide] = np.arange(1, len(wide) + 1)
        used = -(-(reached > _UNSEEN).sum(axis=1) // _STEP) * _STEP  # the first is reached for certain
        used[wide] = RANGES
        return cls(weight, layout, used, low + (width - 1.0) / 2.0, width)

    def select(self, rows: Any) -> Counts:
        """Some rows."""
        return replace(self, weight=self.weight[rows], layout=self.layout[rows], used=self.used[rows])


def _lower_ends(big_r: Floats, tau: Floats) -> tuple[Floats, Integers]:
    """(1 + n_wide, ``CELLS``) the least count in each cell: 1, 2, 3 …, and then of the rows that this does not suffice."""
    mean = big_r * tau
    spread = np.sqrt(mean * (1.0 + tau))
    high = mean + 3.0 * (spread + tau) + 1.0
    wide = np.flatnonzero(high > CELLS)
    mean, spread, high = mean[wide, None], spread[wide, None], high[wide, None]
    # Half of them by ratio, for those who drop out early or are little known; half about the mean of those who stay.
    by_ratio = high**_BY_RATIO
    about_mean = np.clip(mean + spread * _ABOUT_MEAN, 1.0, high)
    wider = np.maximum(np.floor(np.sort(np.concatenate([by_ratio, about_mean], axis=1), axis=1)), _ONE_BY_ONE)
    return np.concatenate([_ONE_BY_ONE[None], wider]), wide


def _reached(process: PurchaseProcess, low: Floats, wide: Integers, big_r: Floats, tau: Floats, b: Floats) -> Floats:
    """(n_rows, ``CELLS``) P(N >= ``low`` | N >= 1): one by one while cells are single counts, by closed form beyond."""
    a, k = process.a, np.arange(1.0, CELLS)
    none = np.exp(-big_r * np.log1p(tau))[:, None]
    first = -np.expm1(-big_r * np.log1p(tau))[:, None]
    exactly = none * np.cumprod((big_r[:, None] + k - 1.0) / k * (tau / (1.0 + tau))[:, None], axis=1)
    rate = np.concatenate([first, np.maximum(first - np.cumsum(exactly, axis=1), 0.0)], axis=1)
    stayed = np.cumprod((b[:, None] + k - 1.0) / (a + b[:, None] + k - 1.0), axis=1)
    loyal = np.concatenate([np.ones_like(first), stayed], axis=1)
    place, cell = np.nonzero(low[1:] > _ONE_BY_ONE)
    if len(place):
        row, at = wide[place], low[1:][place, cell]
        rate[row, cell] = tail(big_r[row], at, 1.0 / tau[row])
        loyal[row, cell] = np.exp(special.betaln(a, b[row] + at - 1.0) - special.betaln(a, b)[row])
    reached: Floats = np.minimum.accumulate(rate * loyal / rate[:, :1], axis=1)
    return reached
