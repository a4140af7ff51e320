"""What the horizon adds to a column that a policy counts, given that something happens: log-normal in shape, as spend is.

Counts are whole: for the fit each is moved by a random part of one, and P(count >= n) is asked for at n - 1/2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from features.operators import Floats, Integers
from training.residuals import Residuals
from training.tabulated import TabulatedTrees
from training.trees import Boosted, boost_from_mean

_TINY: Final = 1e-3
_LEAST_COUNT: Final = 0.25
_LEAST_SPREAD: Final = 0.05
_SEED: Final = 11
MOST_LOG: Final = 50.0
"""The largest logarithm of an amount that is played: no threshold lies beyond."""


class Distribution(Protocol):
    """What is added in the horizon by each of some rows, given that something is."""

    def levels(self, rank: Floats) -> Floats:
        """(n_rows, n_ranks) rising amounts, about where the distribution function has the values ``rank``."""

    def exceeds(self, need: Floats) -> Floats:
        """P(amount >= need), elementwise; need is (n_rows,) or (n_rows, n)."""


class Shape(Protocol):
    """A fitted distribution: the model of spend, or of another column."""

    @property
    def residuals(self) -> Residuals:
        """Of the logarithm."""

    def parameters(self, x: Floats) -> tuple[Floats, Floats]:
        """(n_rows,) mean and scale of the logarithm."""

    def exceeds(self, mean: Floats, scale: Floats, need: Floats) -> Floats:
        """P(amount >= need), elementwise."""


@dataclass(frozen=True, eq=False)
class At:
    """A fitted distribution at some rows."""

    shape: Shape
    mean: Floats
    scale: Floats

    def levels(self, rank: Floats) -> Floats:
        """As in ``Distribution``."""
        z = self.shape.residuals.quantiles(rank)
        return np.exp(np.minimum(self.mean[:, None] + self.scale[:, None] * z[None, :], MOST_LOG))

    def exceeds(self, need: Floats) -> Floats:
        """As in ``Distribution``."""
        if need.ndim == 1:
            return self.shape.exceeds(self.mean, self.scale, need)
        return self.shape.exceeds(self.mean[:, None], self.scale[:, None], need)


@dataclass(frozen=True, eq=False)
class Times:
    """A distribution times a rate: points for a unit of currency, say."""

    of: Distribution
    rate: float

    def levels(self, rank: Floats) -> Floats:
        """As in ``Distribution``."""
        return self.of.levels(rank) * self.rate

    def exceeds(self, need: Floats) -> Floats:
        """As in ``Distribution``."""
        return self.of.exceeds(need / self.rate)


@dataclass(frozen=True)
class AddedModel:
    """The distribution of one column; ``whole`` where it counts."""

    mean: TabulatedTrees
    log_scale: TabulatedTrees
    residuals: Residuals
    whole: bool

    def parameters(self, x: Floats) -> tuple[Floats, Floats]:
        """(n_rows,) mean and scale of the logarithm."""
        return self.mean.score(x), np.exp(self.log_scale.score(x))

    def exceeds(self, mean: Floats, scale: Floats, need: Floats) -> Floats:
        """P(amount >= need | something is added), elementwise; 1 where nothing is needed."""
        edge = need - 0.5 if self.whole else need
        z = (np.log(np.maximum(edge, _TINY)) - mean) / scale
        return np.where(need > 0, 1.0 - self.residuals.cdf(z), 1.0)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any], texts: Mapping[str, str], name: str, width: int) -> AddedModel:
        """Back from ``FittedAdded.to_dict`` and ``texts``."""
        return cls(
            TabulatedTrees.one(texts[f"{name}_mean"], plain["mean_bias"], width),
            TabulatedTrees.one(texts[f"{name}_scale"], plain["log_scale_bias"], width),
            Residuals.from_dict(plain["residuals"]),
            bool(plain["whole"]),
        )


@dataclass(frozen=True, eq=False)
class FittedAdded:
    """What was fitted, before it is tabulated; ``left`` (n_rows,) are the residuals of rows not trained on."""

    mean: Boosted
    mean_bias: float
    log_scale: Boosted
    log_scale_bias: float
    residuals: Residuals
    whole: bool
    left: Floats

    def to_dict(self) -> dict[str, Any]:
        """What is not in the trees' text, as plain values."""
        return {
            "mean_bias": self.mean_bias,
            "log_scale_bias": self.log_scale_bias,
            "residuals": self.residuals.to_dict(),
            "whole": self.whole,
        }

    def texts(self, name: str) -> dict[str, str]:
        """The trees' texts by name."""
        return {f"{name}_mean": self.mean.text, f"{name}_scale": self.log_scale.text}


def fit_added(x: Floats, member: Integers, amount: Floats, *, whole: bool) -> FittedAdded:
    """Fit on rows in which something was added; an amount of 0 or less is taken as a small one.

    Parameters
    ----------
    x : (n_rows, n_features)
    member : (n_rows,)
    amount : (n_rows,) in currency, points, orders ...
    whole : whether the column counts
    """
    y = logarithm(amount, whole=whole)
    mean, mean_bias = boost_from_mean(x, y, member, objective="regression")
    left = y - mean.held_out
    log_spread = np.log(np.maximum(np.abs(left), _LEAST_SPREAD))
    log_scale, scale_bias = boost_from_mean(x, log_spread, member, objective="regression", seed=2)
    left = left / np.exp(log_scale.held_out)
    return FittedAdded(mean, mean_bias, log_scale, scale_bias, Residuals.fit(left), whole, left)


def logarithm(amount: Floats, *, whole: bool) -> Floats:
    """(n_rows,) what is fitted: logs, those of counts moved by up to a half either way."""
    if whole:
        moved = amount + np.random.default_rng(_SEED).random(len(amount)) - 0.5
        return np.asarray(np.log(np.maximum(moved, _LEAST_COUNT)))
    positive = amount[amount > 0]
    least = max(float(np.quantile(positive, 0.005)), _TINY) if len(positive) else _TINY
    return np.asarray(np.log(np.maximum(amount, least)))
