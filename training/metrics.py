"""How good a forecast was: scores of single rows, and figures with bootstrap intervals over members."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from features.operators import Floats, Integers
from training.ranking import BINS as BINS  # noqa: PLC0414 - the calibration error's, to be had here
from training.ranking import Ranked, equal_bins
from training.resampling import Means, positions, resampled

_LEAST: Final = 1e-15


@dataclass(frozen=True)
class Estimate:
    """A score and its 95 % bootstrap interval over members."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]"

    @classmethod
    def of(cls, drawn: Floats, *, centred: bool = False) -> Estimate:
        """From values at all draws, the first of which counts every member once; draws without a value are left out.

        Parameters
        ----------
        centred : for a figure that any resampling raises, such as a mean distance: its draws are moved to lie about it

        >>> Estimate.of(np.array([2.0, 1.0, 3.0, np.nan]))
        Estimate(value=2.0, low=1.05, high=2.95)
        """
        spread = drawn[1:][~np.isnan(drawn[1:])]
        if np.isnan(drawn[0]) or not len(spread):
            return cls(float(drawn[0]), float("nan"), float("nan"))
        if centred:
            spread = np.maximum(spread - (spread.mean() - drawn[0]), 0.0)
        low, high = np.quantile(spread, [0.025, 0.975])
        return cls(float(drawn[0]), float(low), float(high))


def log_losses(y: Floats, p: Floats) -> Floats:
    """(n,) -log of the probability given to what happened; y is 0 or 1.

    >>> log_losses(np.array([1.0]), np.array([0.5])).round(4).tolist()
    [0.6931]
    """
    return -np.log(np.maximum(np.where(y > 0, p, 1.0 - p), _LEAST))


def class_log_losses(y: Integers, p: Floats) -> Floats:
    """(n,) -log of the probability given to the class that came; p is (n, n_classes)."""
    return -np.log(np.maximum(p[np.arange(len(y)), y], _LEAST))


def ranked_probability_scores(y: Integers, p: Floats) -> Floats:
    """(n,) mean over the steps between ordered classes of (P(at most k) - [y is at most k])²; NaN with one class.

    0 for certainty about what came, 1 for certainty about the other end; a class further off costs more (Epstein 1969).

    >>> ranked_probability_scores(np.array([0, 0]), np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])).tolist()
    [0.5, 1.0]
    """
    steps = p.shape[1] - 1
    if steps == 0:
        return np.full(len(y), np.nan)
    came = y[:, None] <= np.arange(steps)
    return np.asarray(((np.cumsum(p, axis=1)[:, :-1] - came) ** 2).mean(axis=1))


def pinball_losses(y: Floats, quantile: Floats, level: float) -> Floats:
    """(n,) level x what was missed above the quantile, (1 - level) x what was missed below.

    >>> pinball_losses(np.array([10.0, 0.0]), np.array([4.0, 4.0]), 0.9).round(2).tolist()
    [5.4, 0.4]
    """
    return np.maximum(level * (y - quantile), (level - 1.0) * (y - quantile))


def auc(y: Floats, p: Floats) -> float:
    """Area under the ROC curve: P(a leaver is ranked above a stayer), ties half; NaN with one class only.

    >>> auc(np.array([0.0, 1.0, 1.0]), np.array([0.1, 0.1, 0.9]))
    0.75
    """
    return _of_all(y, p, "AUC")


def calibration_error(y: Floats, p: Floats) -> float:
    """Expected calibration error over 15 bins of equal mass: mean |share that left - mean p|, weighted by bin."""
    return _of_all(y, p, "ECE")


def chance_error(p: Floats) -> float:
    """The calibration error that a forecast which is right has by chance, in as many rows.

    In a bin of n rows the share differs from the mean p by about a normal deviate of variance mean p(1 - p) / n, whose mean
    size is sqrt(2 / pi) of its standard deviation.

    >>> round(chance_error(np.full(1_500, 0.5)), 4)
    0.0103
    """
    if not len(p):
        return float("nan")
    ordered = np.sort(p)
    variance = np.add.reduceat(ordered * (1.0 - ordered), equal_bins(ordered)[:-1])
    return float(np.sqrt(2.0 / np.pi * variance).sum() / len(p))


def _of_all(y: Floats, p: Floats, figure: str) -> float:
    once = np.ones((1, max(len(y), 1)), np.int32)
    return float(Ranked(y, p, np.arange(len(y)))(once)[figure][0])


def mean_estimate(values: Floats, members: Integers) -> Estimate:
    """Mean of one value a row, with its interval; all rows of a drawn member count."""
    at, count = positions(members)
    found = Estimate.of(resampled(count, [Means({"mean": values}, at, count)], rows=count)["mean"])
    return replace(found, value=float(values.mean()))


def auc_estimate(y: Floats, p: Floats, members: Integers) -> Estimate:
    """Area under the ROC curve, with its interval."""
    return Estimate.of(_auc_draws(y, p, members))


def auc_change(y: Floats, p: Floats, before: Floats, members: Integers) -> Estimate:
    """Area under the ROC curve of ``p`` less that of ``before``, paired, with its interval."""
    return Estimate.of(_auc_draws(y, p, members) - _auc_draws(y, before, members))


def _auc_draws(y: Floats, p: Floats, members: Integers) -> Floats:
    at, count = positions(members)
    return resampled(count, [Ranked(y, p, at)], rows=len(y))["AUC"]
