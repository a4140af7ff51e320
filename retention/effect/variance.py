"""The standard error of a difference: robust, and steady where a small hold-out meets skewed spend.

Each arm has its own variance (HC2 of its fit, MacKinnon and White 1985; without covariates that is Neyman's). In a small
arm of skewed outcomes that is a noisy figure, and low when the mean is: intervals from it miss too often. So the two arms'
variances are drawn towards their common one, within strata, as far as they cannot be told apart: by a positive-part
James-Stein weight on the logarithm of their ratio, whose noise follows from the outcome's kurtosis. Where they differ beyond
noise each keeps its own. Coverage of this, of Welch's and of a common variance: docs/decisions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from features.operators import Floats, Integers

_DOUBT: Final = 3.0
"""Variances keep apart from where their log ratio's square is above so many times its noise."""


@dataclass(frozen=True, eq=False)
class Fit:
    """One arm's least squares, read at a centre: ``value`` is its (n_arm,) outcomes in ``weights``.

    ``squares`` are the residuals' squares, corrected for what the fit has taken of them; ``freedom`` counts what is left.
    """

    value: float
    slope: Floats
    weights: Floats
    squares: Floats
    stratum: Integers
    freedom: float


def fit(y: Floats, z: Floats, centre: Floats, stratum: Integers) -> Fit:
    """Least squares of (n_arm,) outcomes on (n_arm, k) columns, read at a (k,) centre; columns may depend on each other.

    >>> ones = np.ones((4, 1))
    >>> found = fit(np.array([1.0, 2.0, 3.0, 6.0]), ones, ones[0], np.zeros(4, np.int64))
    >>> found.value, round(float(found.squares.mean()), 6)  # the variance, over n - 1
    (3.0, 4.666667)
    """
    u, s, v = np.linalg.svd(z, full_matrices=False)
    held = s > 1e-8 * s[0]
    u, s, v = u[:, held], s[held], v[held]
    slope = v.T @ ((u.T @ y) / s)
    leverage = np.minimum((u**2).sum(axis=1), 1.0 - 1e-9)
    squares = (y - z @ slope) ** 2 / (1.0 - leverage)
    weights = u @ ((v @ centre) / s)
    return Fit(float(centre @ slope), slope, weights, squares, stratum, max(len(y) - int(held.sum()), 1))


def error(one: Fit, other: Fit, strata: int, more: float = 0.0) -> tuple[float, float]:
    """Standard error of ``one.value - other.value``, and its degrees of freedom.

    Parameters
    ----------
    strata : how many there are; each has members in both fits
    more : variance to be added
    """
    own = apart(one, other)
    counts = np.bincount(np.concatenate([one.stratum, other.stratum]), minlength=strata)
    sums = np.bincount(
        np.concatenate([one.stratum, other.stratum]), np.concatenate([one.squares, other.squares]), minlength=strata
    )
    common = sums / counts
    parts = []
    for arm in (one, other):
        square = own * arm.squares + (1.0 - own) * common[arm.stratum]
        parts.append(float((arm.weights**2 * square).sum()))
    spread = sum(part**2 / arm.freedom for part, arm in zip(parts, (one, other), strict=True))
    freedom = sum(parts) ** 2 / spread if spread > 0 else 1.0
    return math.sqrt(sum(parts) + more), freedom


def apart(one: Fit, other: Fit) -> float:
    """How far the arms keep variances of their own: 0 where these cannot be told apart, 1 where they surely differ."""
    variance, noise, peaks = [], 0.0, []
    for arm in (one, other):
        worth = float((arm.weights**2).sum())
        if worth == 0.0:
            return 1.0
        mean = float((arm.weights**2 * arm.squares).sum()) / worth
        if mean == 0.0:
            return 0.0
        variance.append(mean)
        peaks.append((len(arm.squares), float((arm.squares**2).mean()) / float(arm.squares.mean()) ** 2))
        noise += worth
    kurtosis = sum(count * peak for count, peak in peaks) / sum(count for count, _ in peaks)
    ratio = math.log(variance[0] / variance[1])
    doubt = _DOUBT * max(kurtosis - 1.0, 0.0) * noise
    return 1.0 if doubt == 0.0 else max(0.0, 1.0 - doubt / ratio**2) if ratio else 0.0
