"""The second opinion on churn, and on spend: a regression on logs of features, which starts from the purchase process.

    log-odds = a + w1 · log p - w2 · log(1 - p) + Σ_j weight_j · log-scaled feature_j + offset

p is the purchase process's probability of no purchase; for log spend, w1 · log of what the process expects takes its place.
Ridge pulls w1 and w2 towards 1 and all else towards 0, so that with little data the process speaks, and with more the
features. No weight has a sign that its feature's direction forbids. On churn, outcomes that are alike share the weights
(training.logistic). Before logs are taken money is counted in hundredths of the usual amount: a forecast must not depend on
the currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.feature import Feature, Unit
from features.operators import Floats
from training.logistic import Pull, Rows, least_loss

_RIDGE: Final = 300.0
"""Towards 0, for features scaled to a standard deviation of 1; in units of the log loss summed over rows."""
_SPEND_RIDGE: Final = 100.0
_PROCESS_RIDGE: Final = 10.0
_CUTOFF_RIDGE: Final = 4.0
_OUTER: Final = 0.001
"""Share of the training rows beyond which a feature counts as the value where they begin."""
_FINE: Final = 0.01
"""Part of the median of money that is counted as 1."""


@dataclass(frozen=True, eq=False)
class Linear:
    """Each feature adds ``weight · clip(log-scaled (value / unit), low, high) + shift``, or ``missing`` where it is NaN.

    Arrays are (n_features,). ``a``, ``w1`` and ``w2`` are the process's; ``usual`` is the mean of what it adds over training
    rows, where contributions of features have a mean of 0. ``unit`` is what of a feature is counted as 1.
    """

    weight: Floats
    shift: Floats
    missing: Floats
    low: Floats
    high: Floats
    a: float
    w1: float
    w2: float
    usual: float
    unit: Floats | float = 1.0

    def rhythm(self, log_none: Floats, log_some: Floats) -> Floats:
        """(n_rows,) what the purchase process adds, ``usual`` included."""
        return self.a + self.w1 * log_none - self.w2 * log_some

    def contributions(self, x: Floats) -> Floats:
        """(n_rows, n_features) what each feature adds."""
        known = self.weight * np.clip(log_scaled(x / self.unit), self.low, self.high) + self.shift
        return np.where(np.isnan(x), self.missing, known)

    def log_odds(self, x: Floats, log_none: Floats, log_some: Floats) -> Floats:
        """(n_rows,) log-odds without an offset."""
        total, added = self.rhythm(log_none, log_some), self.contributions(x)
        for column in added.T:  # one after another: the sum of a row must not depend on the rows beside it
            total = total + column
        return total

    def to_dict(self) -> dict[str, Any]:
        """Plain values; floats survive JSON exactly."""
        return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in vars(self).items()}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Linear:
        """Back from ``to_dict``."""
        found: dict[str, Any] = {
            name: np.array(value) if isinstance(value, list) else value for name, value in plain.items()
        }
        return cls(**found)


def in_money(features: Sequence[Feature]) -> tuple[bool, ...]:
    """Which features are in a currency, or may be."""
    return tuple(feature.unit in (Unit.MONEY, Unit.METRIC) for feature in features)


def log_scaled(x: Floats) -> Floats:
    """log(1 + |x|) with the sign of x, elementwise.

    >>> log_scaled(np.array([0.0, np.e - 1, 1 - np.e])).round(9).tolist()
    [0.0, 1.0, -1.0]
    """
    return np.asarray(np.copysign(np.log1p(np.abs(x)), x))


@dataclass(frozen=True, eq=False)
class LogFeatures:
    """Training rows as a regression sees them: ``columns`` are the features' scaled logs, then what tells the missing.

    (n_features,) arrays: ``mean`` and ``spread`` of the logs, ``share`` of rows that are missing, ``telling`` where some are
    and some are not, and what ``Linear`` says of the others.
    """

    columns: Floats
    mean: Floats
    spread: Floats
    share: Floats
    telling: npt.NDArray[np.bool_]
    at_median: Floats
    low: Floats
    high: Floats
    unit: Floats

    @classmethod
    def of(cls, x: Floats, money: tuple[bool, ...] | None = None) -> LogFeatures:
        """From (n_rows, n_features) values; ``money`` says which are in a currency, none if left out."""
        of_money = money if money is not None else (False,) * x.shape[1]
        unit = np.array([_unit(column) if so else 1.0 for column, so in zip(x.T, of_money, strict=True)])
        x = np.ascontiguousarray(x / unit)  # sums depend on where numbers lie in memory
        gone = np.isnan(x)
        some = ~gone.all(axis=0)
        median = np.zeros(x.shape[1])
        median[some] = np.nanmedian(x[:, some], axis=0)
        scaled = log_scaled(np.where(gone, median, x))
        low, high = np.quantile(scaled, [_OUTER, 1.0 - _OUTER], axis=0)
        scaled = np.clip(scaled, low, high)
        mean, spread, share = scaled.mean(axis=0), scaled.std(axis=0), gone.mean(axis=0)
        spread = np.where(spread > 1e-9, spread, np.inf)  # a constant says nothing
        telling = (share > 0.0) & (share < 1.0)
        columns = np.column_stack([(scaled - mean) / spread, (gone - share)[:, telling]])
        return cls(columns, mean, spread, share, telling, np.clip(log_scaled(median), low, high), low, high, unit)

    def folded(self, w: Floats, a: float, w1: float, w2: float, usual: float) -> Linear:
        """The regression whose weights of ``columns`` are ``w``, and of the process ``a``, ``w1`` and ``w2``."""
        n = len(self.mean)
        weight, absent = w[:n] / self.spread, np.zeros(n)
        absent[self.telling] = w[n:]
        shift = -weight * self.mean - absent * self.share
        missing = weight * (self.at_median - self.mean) + absent * (1.0 - self.share)
        return Linear(weight, shift, missing, self.low, self.high, a, w1, w2, usual, self.unit)


def fit_linear(
    x: Floats,
    y: Floats,
    log_none: Floats,
    log_some: Floats,
    offset: Floats,
    cutoff: npt.NDArray[np.int64],
    directions: tuple[int, ...],
    money: tuple[bool, ...] | None = None,
    alike: Floats | None = None,
) -> tuple[Linear, Floats]:
    """The regression of the greatest penalised likelihood, with a level of its own for each cutoff.

    Levels that are right for the process are not quite right for a sharper model: what features say drifts as histories
    grow.

    Parameters
    ----------
    x : (n_rows, n_features), NaN for missing
    y : (n_rows,) 1 where the member left
    log_none, log_some : (n_rows,) logs of the process's P(no purchase) and P(a purchase)
    offset : (n_rows,) log-odds that are given
    cutoff : (n_rows,) 0, 1, ...: the cutoffs in order
    directions : (n_features,) sign in which the log-odds may move with each feature; 0 is either
    money : (n_features,) whether a feature is in a currency; none is if left out
    alike : (n_rows, n_outcomes) other outcomes, 0 or 1, that share the weights, with levels of their own; none if left out

    Returns
    -------
    The regression, and (n_cutoffs,) what each cutoff's level is beside ``offset``
    """
    features = LogFeatures.of(x, money)
    shared = np.column_stack([log_none, -log_some, features.columns])
    n = features.columns.shape[1]
    pull = Pull(
        towards=np.repeat([1.0, 0.0], [2, n]),
        ridge=np.repeat([_PROCESS_RIDGE, _RIDGE], [2, n]),
        signs=np.concatenate([[1, 1], directions, np.zeros(n - len(directions))]).astype(np.int64),
        levels=_CUTOFF_RIDGE,
    )
    outcomes = y[:, None] if alike is None else np.column_stack([y, alike])
    w, a, level = least_loss(Rows(shared, outcomes, offset, cutoff), pull)
    w1, w2 = w[:2].tolist()
    usual = float((a + shared[:, :2] @ w[:2]).mean())
    return features.folded(w[2:], a, w1, w2, usual), level


def fit_linear_spend(
    x: Floats,
    y: Floats,
    log_expected: Floats,
    offset: Floats,
    cutoff: npt.NDArray[np.int64],
    money: tuple[bool, ...] | None = None,
) -> tuple[Linear, Floats]:
    """The regression of log spend by penalised least squares, with a level of its own for each cutoff.

    Parameters
    ----------
    x : (n_rows, n_features), NaN for missing
    y : (n_rows,) log of spend
    log_expected : (n_rows,) log of what the purchase process expects; its weight is ``Linear.w1``, and ``w2`` is 0
    offset : (n_rows,) log money that is given
    cutoff, money : as in ``fit_linear``

    Returns
    -------
    The regression, and (n_cutoffs,) what each cutoff's level is beside ``offset``
    """
    if not len(y):
        none = np.zeros(x.shape[1])
        return Linear(none, none, none, none, none, 0.0, 1.0, 0.0, 0.0), np.zeros(1)
    features = LogFeatures.of(x, money)
    of_cutoff = (cutoff[:, None] == np.arange(cutoff.max() + 1)).astype(np.float64)
    z = np.column_stack([np.ones(len(y)), log_expected, features.columns, of_cutoff])
    n, cutoffs = features.columns.shape[1], of_cutoff.shape[1]
    ridge = np.repeat([1e-6, _PROCESS_RIDGE, _SPEND_RIDGE, _CUTOFF_RIDGE], [1, 1, n, cutoffs])
    left = y - offset - log_expected
    noise = max(float(left.var()), 1e-9)
    away = np.linalg.solve(z.T @ z + noise * np.diag(ridge), z.T @ left)
    a, w1 = float(away[0]), 1.0 + float(away[1])
    return features.folded(away[2 : 2 + n], a, w1, 0.0, float((a + w1 * log_expected).mean())), away[2 + n :]


def _unit(column: Floats) -> float:
    """What of a currency is counted as 1."""
    some = np.abs(column[np.isfinite(column) & (column != 0)])
    return _FINE * float(np.median(some)) if len(some) else 1.0
