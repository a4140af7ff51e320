"""How good a forecast was: scores with bootstrap intervals over members."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from features.operators import Floats, Integers

_LEAST: Final = 1e-15
BINS: Final = 15


@dataclass(frozen=True)
class Estimate:
    """A score and its 95 % bootstrap interval over members."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]"


def log_losses(y: Floats, p: Floats) -> Floats:
    """(n,) -log of the probability given to what happened; y is 0 or 1.

    >>> log_losses(np.array([1.0]), np.array([0.5])).round(4).tolist()
    [0.6931]
    """
    return -np.log(np.maximum(np.where(y > 0, p, 1.0 - p), _LEAST))


def class_log_losses(y: Integers, p: Floats) -> Floats:
    """(n,) -log of the probability given to the class that came; p is (n, n_classes)."""
    return -np.log(np.maximum(p[np.arange(len(y)), y], _LEAST))


def auc(y: Floats, p: Floats, weight: Floats | None = None) -> float:
    """Area under the ROC curve: P(a leaver is ranked above a stayer), ties half; NaN with one class only.

    >>> auc(np.array([0.0, 1.0, 1.0]), np.array([0.1, 0.1, 0.9]))
    0.75
    """
    return _auc(y, _ranks(p), np.ones(len(y)) if weight is None else weight)


def _ranks(p: Floats) -> Integers:
    return np.unique(p, return_inverse=True)[1].astype(np.int64)


def _auc(y: Floats, rank: Integers, weight: Floats) -> float:
    leavers = np.bincount(rank, weights=weight * (y > 0))
    stayers = np.bincount(rank, weights=weight * (y <= 0))
    total = leavers.sum() * stayers.sum()
    below = np.cumsum(stayers) - stayers
    return float((leavers * (below + 0.5 * stayers)).sum() / total) if total > 0 else float("nan")


def calibration_error(y: Floats, p: Floats) -> float:
    """Expected calibration error over 15 bins of equal mass: mean |share that left - mean p|, weighted by bin."""
    order = np.argsort(p, kind="stable")
    bins = [part for part in np.array_split(order, BINS) if len(part)]
    return float(sum(len(part) * abs(y[part].mean() - p[part].mean()) for part in bins) / len(y)) if len(y) else float("nan")


def bootstrap(score: Callable[[Floats], float], members: Integers, *, resamples: int = 300, seed: int = 0) -> Estimate:
    """A score with its interval, members drawn with replacement; all rows of a drawn member count.

    Parameters
    ----------
    score : from (n_rows,) weights to a number
    members : (n_rows,) whose row it is
    """
    _, at = np.unique(members, return_inverse=True)
    size = int(at.max()) + 1
    rng = np.random.default_rng(seed)
    drawn = [score(np.bincount(rng.integers(size, size=size), minlength=size)[at].astype(float)) for _ in range(resamples)]
    low, high = np.nanquantile(drawn, [0.025, 0.975]) if not np.isnan(drawn).all() else (np.nan, np.nan)
    return Estimate(score(np.ones(len(members))), float(low), float(high))


def mean_estimate(values: Floats, members: Integers) -> Estimate:
    """Mean of one value a row, with its interval."""
    return bootstrap(lambda weight: float(values @ weight / weight.sum()), members)


def auc_estimate(y: Floats, p: Floats, members: Integers) -> Estimate:
    """Area under the ROC curve, with its interval."""
    rank = _ranks(p)
    return bootstrap(lambda weight: _auc(y, rank, weight), members)


def auc_change(y: Floats, p: Floats, before: Floats, members: Integers) -> Estimate:
    """Area under the ROC curve of ``p`` less that of ``before``, paired, with its interval."""
    rank, then = _ranks(p), _ranks(before)
    return bootstrap(lambda weight: _auc(y, rank, weight) - _auc(y, then, weight), members)
