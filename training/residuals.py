"""The shape of what trees leave open: an empirical distribution with exponential tails."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final

import numpy as np

from features.operators import Floats

_TAIL: Final = 0.005
_KNOTS: Final = 199
_MAX_TAIL_WEIGHT: Final = 0.9
_LEAST: Final = 1e-12


@dataclass(frozen=True, eq=False)
class Residuals:
    """A distribution on the line.

    Between the quantiles at ``_TAIL`` and ``1 - _TAIL`` the distribution function is linear between ``knots``; beyond
    them it falls off exponentially with mean excess ``lower`` and ``upper``, so that nothing is impossible.
    """

    knots: Floats
    lower: float
    upper: float

    @classmethod
    def fit(cls, values: Floats) -> Residuals:
        """From a sample; with fewer than two values, a unit normal's quartiles stand in for its spread.

        >>> Residuals.fit(np.linspace(-1, 1, 1001)).cdf(np.array([0.0])).round(3).tolist()
        [0.5]
        """
        if len(values) < 2 or np.ptp(values) == 0:
            values = np.array([-1.5, -0.674, 0.0, 0.674, 1.5])
        # Ties and gaps are spread a little: the distribution function must rise.
        knots = np.quantile(values, _levels()) + np.arange(_KNOTS) * 1e-9
        below, above = values[values < knots[0]], values[values > knots[-1]]
        least = 0.05 * float(knots[-1] - knots[0])
        lower = max(float((knots[0] - below).mean()) if len(below) else 0.0, least)
        upper = max(float((above - knots[-1]).mean()) if len(above) else 0.0, least)
        return cls(knots, lower, upper)

    def cdf(self, z: Floats) -> Floats:
        """P(residual <= z), elementwise; in (0, 1) everywhere."""
        middle = np.interp(z, self.knots, _levels())
        below = _TAIL * np.exp(np.minimum(z - self.knots[0], 0.0) / self.lower)
        above = 1.0 - _TAIL * np.exp(-np.maximum(z - self.knots[-1], 0.0) / self.upper)
        whole = np.where(z < self.knots[0], below, np.where(z > self.knots[-1], above, middle))
        return np.clip(whole, _LEAST, 1.0 - _LEAST)

    def quantiles(self, rank: Floats) -> Floats:
        """Where the distribution function has some values, elementwise: the inverse of ``cdf``.

        >>> residuals = Residuals.fit(np.linspace(-1, 1, 1001))
        >>> bool(np.allclose(residuals.cdf(residuals.quantiles(np.array([1e-6, 0.3, 0.999]))), [1e-6, 0.3, 0.999]))
        True
        """
        middle = np.interp(rank, _levels(), self.knots)
        below = self.knots[0] + self.lower * np.log(np.minimum(rank, _TAIL) / _TAIL)
        above = self.knots[-1] - self.upper * np.log(np.minimum(1.0 - rank, _TAIL) / _TAIL)
        return np.where(rank < _TAIL, below, np.where(rank > 1.0 - _TAIL, above, middle))

    def mean_exp(self, scale: Floats) -> Floats:
        """E[exp(scale * residual)], elementwise, interpolated from an exact grid; larger scales count as ``max_scale``."""
        grid, value = self._mean_exp_grid
        return np.exp(np.interp(scale, grid, value))

    @property
    def max_scale(self) -> float:
        """Up to here the mean is taken: at 1 / ``upper`` the tail outweighs everything and the mean is infinite."""
        return _MAX_TAIL_WEIGHT / self.upper

    @cached_property
    def _mean_exp_grid(self) -> tuple[Floats, Floats]:
        """A grid of s, and log E[exp(s R)] on it: closed form on each linear piece and on both tails."""
        grid = np.linspace(1e-6, self.max_scale, 512)
        width = np.diff(self.knots)
        mass = np.diff(_levels())
        rise = grid[:, None] * width[None, :]
        top = self.knots[-1]  # all exponents are taken from here, so that none overflows
        pieces = (mass * np.exp(grid[:, None] * (self.knots[1:] - top)) * -np.expm1(-rise) / rise).sum(axis=1)
        low = _TAIL * np.exp(grid * (self.knots[0] - top)) / (1.0 + grid * self.lower)
        high = _TAIL / (1.0 - grid * self.upper)
        return grid, grid * top + np.log(pieces + low + high)

    def to_dict(self) -> dict[str, Any]:
        """Plain values; floats survive JSON exactly."""
        return {"knots": self.knots.tolist(), "lower": self.lower, "upper": self.upper}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Residuals:
        """Back from ``to_dict``."""
        return cls(np.array(plain["knots"], np.float64), float(plain["lower"]), float(plain["upper"]))


@cache
def _levels() -> Floats:
    levels = np.linspace(_TAIL, 1.0 - _TAIL, _KNOTS)
    levels.flags.writeable = False
    return levels
