"""What a backtest reckons of each target, for several models on the same rows, ready to be resampled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from features.operators import Floats, Integers
from training.metrics import (
    class_log_losses,
    log_losses,
    pinball_losses,
    ranked_probability_scores,
)
from training.ranking import Ranked
from training.resampling import Figures, Means, Weights, ratio

Named: TypeAlias = tuple[str, str]
"""(metric, model)"""
LEVELS: Final = (0.1, 0.5, 0.9)
"""Quantiles of spend that are scored; the outer two bound an interval of 80 %."""
DOWN, UP = "AUC of downgrade", "AUC of upgrade"
KAPPA, F1 = "quadratic kappa", "macro-F1"


@dataclass(frozen=True, eq=False)
class SpendForecast:
    """Spend in the horizon in currency: (n_rows,) expected, and (n_rows, 3) quantiles at ``LEVELS`` where there are any.

    ``p_none`` (n_rows,) is the probability of no purchase at all: so much of the distribution lies on 0.
    """

    mean: Floats
    quantiles: Floats | None = None
    p_none: Floats | None = None


def churn_figures(y: Floats, models: Mapping[str, Floats], member: Integers, members: int) -> list[Figures[Named]]:
    """AUC, PR AUC, log loss, Brier, ECE and lift of each model.

    Parameters
    ----------
    y : (n_rows,) 1 where the member left
    models : (n_rows,) probabilities of leaving by name
    member : (n_rows,) columns of the weights, below ``members``
    """
    losses = {("log loss", model): log_losses(y, p) for model, p in models.items()}
    squares = {("Brier", model): (p - y) ** 2 for model, p in models.items()}
    ranked = [_Of(model, Ranked(y, p, member)) for model, p in models.items()]
    return [Means(losses | squares, member, members), *ranked]


def tier_figures(
    now: Integers, then: Integers, models: Mapping[str, Floats], member: Integers, members: int
) -> list[Figures[Named]]:
    """Log loss, RPS, accuracy, kappa, F1, ECE of the tier kept, and AUC of downgrade and upgrade of each model.

    Accuracy, kappa and F1 are of the likeliest tier. Downgrade is ranked by the probability of a lower tier among members
    above the first, upgrade by that of a higher one among members below the top: of the others nothing is to be told.

    Parameters
    ----------
    now, then : (n_rows,) positions of the tier at the cutoff and a horizon later
    models : (n_rows, n_tiers) probabilities by name
    """
    rows, means = np.arange(len(now)), {}
    figures: list[Figures[Named]] = []
    for model, p in models.items():
        tiers = p.shape[1]
        means["log loss", model] = class_log_losses(then, p)
        means["RPS", model] = ranked_probability_scores(then, p)
        means["accuracy", model] = (p.argmax(axis=1) == then).astype(np.float64)
        figures.append(_Agreement(model, then, p.argmax(axis=1), tiers, member))
        figures.append(_Of(model, Ranked(then == now, p[rows, now], member).calibration))
        upto = np.cumsum(p, axis=1)
        for name, some, moved, mass in (
            (DOWN, now > 0, then < now, upto[rows, now] - p[rows, now]),
            (UP, now < tiers - 1, then > now, 1.0 - upto[rows, now]),
        ):
            ranked = Ranked(moved[some], np.round(mass[some], 12), member[some])
            figures.append(_Of(model, ranked.area, {"AUC": name}))
    return [Means(means, member, members), *figures]


def spend_figures(y: Floats, models: Mapping[str, SpendForecast], member: Integers, members: int) -> list[Figures[Named]]:
    """MAE of the expected spend and the forecast over the actual total; with quantiles, pinball losses and coverage.

    'in 80 % interval' is the share with a spend between the quantiles at .1 and .9; 'of it forecast' is what it would be if
    the forecast were right, more than 80 % where no purchase is so likely that a quantile is 0.

    Parameters
    ----------
    y : (n_rows,) spend in the horizon, in currency
    """
    means: dict[Named, Floats] = {}
    figures: list[Figures[Named]] = []
    for model, found in models.items():
        means["MAE", model] = np.abs(found.mean - y)
        figures.append(_Total(model, found.mean, y, member, members))
        if found.quantiles is not None:
            for level, quantile in zip(LEVELS, found.quantiles.T, strict=True):
                means[f"pinball {level:g}", model] = pinball_losses(y, quantile, level)
            means["pinball", model] = np.mean([means[f"pinball {level:g}", model] for level in LEVELS], axis=0)
            means["in 80 % interval", model] = covered(y, found).astype(np.float64)
            means["of it forecast", model] = expected_cover(found)
    return [Means(means, member, members), *figures]


def covered(y: Floats, found: SpendForecast) -> Floats:
    """(n_rows,) whether the spend lies between the outer quantiles; below 0, after returns, counts as 0."""
    assert found.quantiles is not None
    some = np.maximum(y, 0.0)
    return np.asarray((some >= found.quantiles[:, 0]) & (some <= found.quantiles[:, -1]), np.float64)


def expected_cover(found: SpendForecast) -> Floats:
    """(n_rows,) probability that the forecast itself gives to the interval."""
    p_none = np.zeros(len(found.mean)) if found.p_none is None else found.p_none
    low, high = LEVELS[0], LEVELS[-1]
    return np.maximum(high, p_none) - np.where(p_none >= low, 0.0, low)


class _Of:
    """Figures under a model's name, some of them under other names."""

    def __init__(self, model: str, figures: Figures[str], names: Mapping[str, str] | None = None) -> None:
        self._model, self._figures, self._names = model, figures, names or {}

    def __call__(self, weights: Weights) -> dict[Named, Floats]:
        found = self._figures(weights)
        return {(self._names.get(name, name), self._model): values for name, values in found.items()}


class _Agreement:
    """Quadratically weighted kappa (Cohen 1968) and macro-F1 of the likeliest class.

    F1 is the plain mean over the classes that came or were said, over all rows.
    """

    def __init__(self, model: str, then: Integers, said: Integers, classes: int, member: Integers) -> None:
        self._model, self._classes, self._member = model, classes, member
        self._cell = then * classes + said
        self._there = np.isin(np.arange(classes), np.union1d(then, said))

    def __call__(self, weights: Weights) -> dict[Named, Floats]:
        k = self._classes
        tables = np.array([np.bincount(self._cell, weights=w[self._member], minlength=k * k) for w in weights])
        tables = tables.reshape(-1, k, k)
        came, said, hit = tables.sum(axis=2), tables.sum(axis=1), np.diagonal(tables, axis1=1, axis2=2)
        apart = (np.arange(k)[:, None] - np.arange(k)) ** 2.0
        chance = ratio((apart * came[:, :, None] * said[:, None, :]).sum(axis=(1, 2)), came.sum(axis=1))
        f1 = 2.0 * hit / np.maximum(came + said, 1.0)
        return {
            (KAPPA, self._model): 1.0 - ratio((apart * tables).sum(axis=(1, 2)), chance),
            (F1, self._model): f1[:, self._there].mean(axis=1) if self._there.any() else np.full(len(f1), np.nan),
        }


class _Total:
    """All spend forecast over all spend that came."""

    def __init__(self, model: str, mean: Floats, y: Floats, member: Integers, members: int) -> None:
        self._model, self._means = model, Means({"forecast": mean, "came": y}, member, members)

    def __call__(self, weights: Weights) -> dict[Named, Floats]:
        found = self._means(weights)
        return {("total", self._model): ratio(found["forecast"], found["came"])}
