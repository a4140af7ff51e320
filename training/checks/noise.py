"""How far a figure may lie from the truth by chance: standard errors over members, without a bootstrap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from features.operators import Floats, Integers
from training.metrics import BINS, calibration_error

WIDE: Final = 1.96
"""Standard errors to either side of an interval of 95 %."""
_NORMAL_FROM: Final = 5_000
_LEAST_ERROR: Final = 1e-6
"""Below this a figure counts as known exactly: smaller errors would drown all others in rounding."""
Z_99: Final = 2.3263
Z_999: Final = 3.0902
"""Standard normal quantiles of .99 and .999."""


@dataclass(frozen=True)
class Measured:
    """A figure and its standard error, NaN where there is none."""

    value: float
    error: float

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval."""
        return self.value - WIDE * self.error

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval."""
        return self.value + WIDE * self.error

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def measured_mean(values: Floats, member: npt.NDArray[np.generic]) -> Measured:
    """Mean of one value a row; rows of one member count as one draw (the ratio estimator of a cluster sample).

    >>> measured_mean(np.array([1.0, 1.0, 3.0, 3.0]), np.array([7, 7, 8, 8])).error.__round__(3)
    1.0
    """
    if not len(values):
        return Measured(float("nan"), float("nan"))
    mean = float(values.mean())
    _, at = np.unique(member, return_inverse=True)
    sums = np.bincount(at, weights=values - mean)
    drawn = len(sums)
    error = np.sqrt((sums**2).sum() * drawn / (drawn - 1)) / len(values) if drawn > 1 else np.nan
    return Measured(mean, float(error))


def measured_auc(y: npt.NDArray[np.bool_], p: Floats) -> Measured:
    """Area under the ROC curve, ties half, with the error of DeLong et al. (1988); NaN without both classes.

    Parameters
    ----------
    y : (n,) one row a member
    p : (n,) finite
    """
    leavers, stayers = np.sort(p[y]), np.sort(p[~y])
    m, n = len(leavers), len(stayers)
    if not m or not n:
        return Measured(float("nan"), float("nan"))
    above = (np.searchsorted(stayers, leavers, "left") + np.searchsorted(stayers, leavers, "right")) / (2.0 * n)
    below = 1.0 - (np.searchsorted(leavers, stayers, "left") + np.searchsorted(leavers, stayers, "right")) / (2.0 * m)
    spread = (above.var(ddof=1) / m if m > 1 else np.nan) + (below.var(ddof=1) / n if n > 1 else np.nan)
    return Measured(float(above.mean()), float(np.sqrt(spread)))


@dataclass(frozen=True)
class Spread:
    """How much figures differ: standard deviation beyond their errors, and whether chance hardly explains it."""

    beyond: float
    real: bool


def spread_beyond_noise(values: Floats, errors: Floats) -> Spread:
    """Between-figure standard deviation of DerSimonian and Laird (1986), 0 where the errors explain all.

    ``real`` where Cochran's Q is above what equal figures give once in a hundred.

    Parameters
    ----------
    values, errors : (n,) figures and their standard errors, n > 1

    >>> spread_beyond_noise(np.array([0.1, 0.5]), np.array([0.01, 0.01])).beyond.__round__(2)
    0.28
    """
    weight = 1.0 / np.maximum(errors, _LEAST_ERROR) ** 2
    centre = (weight * values).sum() / weight.sum()
    q, freedom = float((weight * (values - centre) ** 2).sum()), len(values) - 1
    scale = weight.sum() - (weight**2).sum() / weight.sum()
    return Spread(float(np.sqrt(max(q - freedom, 0.0) / scale)), q > chi_squared(freedom, Z_99))


def chi_squared(freedom: int, z: float) -> float:
    """Quantile of the chi-squared distribution by Wilson and Hilferty (1931), for the standard normal quantile ``z``.

    >>> round(chi_squared(9, Z_99), 1)
    21.7
    """
    part = 2.0 / (9.0 * freedom)
    return float(freedom * (1.0 - part + z * part**0.5) ** 3)


def calibration_noise(p: Floats, *, draws: int = 400, seed: int = 0) -> tuple[float, float]:
    """Mean and 99 % quantile of the calibration error that outcomes drawn from ``p`` itself would show.

    Parameters
    ----------
    p : (n,) with n > 0
    """
    rng, n = np.random.default_rng(seed), len(p)
    if n <= _NORMAL_FROM:
        found = np.array([calibration_error((rng.random(n) < p).astype(np.float64), p) for _ in range(draws)])
    else:  # a bin's sum is normal then, and drawing each outcome would take long
        bins = np.array_split(np.sort(p), BINS)
        spread = np.array([np.sqrt((part * (1.0 - part)).sum()) for part in bins])
        found = np.abs(rng.normal(0.0, spread, (draws, BINS))).sum(axis=1) / n
    return float(found.mean()), float(np.quantile(found, 0.99))


def calibration_line(y: Floats, p: Floats, member: Integers) -> Measured:
    """Slope of the log-odds that came on those forecast (Cox, 1958), with an error over members; 1 is right.

    NaN where the outcomes are all alike, or the forecasts are.
    """
    z = np.log(np.clip(p, 1e-9, 1 - 1e-9) / (1 - np.clip(p, 1e-9, 1 - 1e-9)))
    if len(z) < 3 or np.ptp(z) < 1e-9 or np.ptp(y) == 0:
        return Measured(float("nan"), float("nan"))
    x = np.column_stack([np.ones(len(z)), z])
    beta = np.array([0.0, 1.0])
    for _ in range(50):
        fit = 1.0 / (1.0 + np.exp(-np.clip(x @ beta, -30, 30)))
        bread = x.T @ (x * (fit * (1 - fit))[:, None]) + 1e-9 * np.eye(2)
        step = np.clip(np.linalg.solve(bread, x.T @ (y - fit)), -1.0, 1.0)
        beta = beta + step
        if np.abs(step).max() < 1e-8:
            break
    else:
        return Measured(float("nan"), float("nan"))
    _, at = np.unique(member, return_inverse=True)
    scores = np.column_stack([np.bincount(at, weights=part) for part in (x * (y - fit)[:, None]).T])
    inverse = np.linalg.inv(bread)
    return Measured(float(beta[1]), float(np.sqrt((inverse @ (scores.T @ scores) @ inverse)[1, 1])))
