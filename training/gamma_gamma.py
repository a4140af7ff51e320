"""Spend per purchase: the gamma-gamma model.

A purchase of a member is worth Gamma(p, ν), ν being the member's own and Gamma(q, γ) over members (Fader & Hardie 2013, 'The
gamma-gamma model of monetary value'). The mean m of n purchases then has the density::

    f(m) = Γ(pn + q) / (Γ(pn) Γ(q)) · γ^q · n^(pn) · m^(pn - 1) / (γ + nm)^(pn + q)
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from scipy import special  # type: ignore[import-untyped]

from features.errors import InputError, counted
from features.operators import Floats
from training.process_fitting import most_likely

# log p, log(q - 1), log of the mean purchase over the geometric mean of the data. q > 1, or that mean does not exist.
_LOWER: Final = np.log([1e-2, 5e-2, 1e-4])
_UPPER: Final = np.log([1e4, 1e4, 1e4])
_QUICK_ROWS: Final = 20_000


@dataclass(frozen=True)
class GammaGamma:
    """Spend of a purchase ~ Gamma(``p``, ν), ν ~ Gamma(``q``, ``gamma``); ``gamma`` in currency, ``q`` > 1.

    >>> cdnow = GammaGamma(p=6.25, q=3.74, gamma=15.44)
    >>> cdnow.expected_mean(np.array([0, 2, 1]), np.array([0.0, 22.35, 11.77])).round(2).tolist()
    [35.22, 24.66, 18.92]
    """

    p: float
    q: float
    gamma: float

    def posterior(self, n: Floats, mean_value: Floats) -> tuple[Floats, Floats]:
        """(n_rows,) shape and scale of ν after ``n`` purchases of ``mean_value`` each: q + pn and γ + nm.

        A mean of 0 or less tells nothing: such a member is judged by the others.
        """
        n = np.where(np.asarray(mean_value) > 0, np.asarray(n, np.float64), 0.0)
        return self.q + self.p * n, self.gamma + n * np.where(n > 0, mean_value, 0.0)

    def expected_mean(self, n: Floats, mean_value: Floats) -> Floats:
        """(n_rows,) expected spend of a further purchase, in currency."""
        shape, scale = self.posterior(n, mean_value)
        return self.p * scale / (shape - 1.0)

    def to_dict(self) -> dict[str, Any]:
        """Plain values; floats survive JSON exactly."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> GammaGamma:
        """Back from ``to_dict``."""
        return cls(*(float(plain[name]) for name in ("p", "q", "gamma")))


def fit_gamma_gamma(n: Floats, mean_value: Floats, *, weight: Floats | None = None) -> GammaGamma:
    """The model of the greatest likelihood, from (n_members,) purchase days and their mean spend.

    Members without a purchase or with a mean of 0 or less are left out. Where all spend the same, or there are few members,
    bounds and a weak pull keep the parameters finite; where nobody is left, a purchase is worth 1 of the currency.

    Parameters
    ----------
    n : purchase days, 1 or more for those who count
    mean_value : currency per purchase day
    weight : above 0 or 0; only their ratios matter

    Raises
    ------
    InputError
        A weight below 0 or a number that is none.
    """
    n, mean_value = np.asarray(n, np.float64), np.asarray(mean_value, np.float64)
    weight = np.ones(len(n)) if weight is None else np.asarray(weight, np.float64)
    bad = ~(np.isfinite(n + mean_value + weight) & (weight >= 0))
    if bad.any():
        raise InputError(
            "counts, mean spend and weights are finite, and weights 0 or more",
            f"{counted(int(bad.sum()), 'member')} otherwise",
            "leave out members whose spend is not known",
        )
    use = (n >= 1) & (mean_value > 0) & (weight > 0)
    if not use.any():
        return GammaGamma(p=2.0, q=3.0, gamma=1.0)
    # Sorted, so that the order of members cannot matter to the last digit or to what is thinned out.
    order = np.lexsort((weight[use], mean_value[use], n[use]))
    n, mean_value, weight = n[use][order], mean_value[use][order], weight[use][order] / weight[use].sum()
    unit = float(np.exp(weight @ np.log(mean_value)))
    take = np.unique(np.linspace(0, len(n) - 1, min(len(n), _QUICK_ROWS)).astype(np.int64))
    whole = _Likelihood(n, mean_value / unit, weight)
    quick = _Likelihood(n[take], mean_value[take] / unit, weight[take]) if len(take) < len(n) else None
    starts = [np.log([2.0, 2.0, 1.1]), np.log([6.0, 2.0, 1.1]), np.log([1.0, 1.0, 1.5]), np.log([30.0, 4.0, 1.0])]
    p, q, gamma = _parameters(most_likely(whole, starts, _LOWER, _UPPER, quick=quick))
    return GammaGamma(p, q, gamma * unit)


class _Likelihood:
    """Mean negative log-likelihood a member, up to a constant, and its gradient."""

    def __init__(self, n: Floats, mean_value: Floats, weight: Floats) -> None:
        self.weight = weight / weight.sum()
        self.counted = self.weight * n
        self.total = n * mean_value
        self.log_total = float(self.weight @ np.log(self.total))
        self.n, place = np.unique(n, return_inverse=True)
        self.n_weight = np.bincount(place, weights=self.weight)

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        p, q, gamma = _parameters(theta)
        excess = np.log1p(gamma / self.total)  # log(γ + nm) - log(nm)
        inverse = 1.0 / (gamma + self.total)
        # By n and p: sums over (pn + q) of the same thing.
        n_excess, one_excess = self.counted @ excess, self.weight @ excess
        shape = p * self.n + q
        value = self.n_weight @ (special.gammaln(shape) - special.gammaln(p * self.n)) - special.gammaln(q)
        value += q * (np.log(gamma) - self.log_total) - p * n_excess - q * one_excess
        common = special.digamma(shape)
        by_p = self.n_weight @ (self.n * (common - special.digamma(p * self.n))) - n_excess
        by_q = self.n_weight @ common - special.digamma(q) + np.log(gamma) - self.log_total - one_excess
        by_gamma = q / gamma - p * (self.counted @ inverse) - q * (self.weight @ inverse)
        # γ = mean (q - 1) / p moves with all three.
        slope = np.array([p * by_p - gamma * by_gamma, (q - 1.0) * by_q + gamma * by_gamma, gamma * by_gamma])
        return -float(value), -slope


def _parameters(theta: Floats) -> tuple[float, float, float]:
    """p, q, γ from where the optimiser is."""
    p, above_1, mean = np.exp(theta)
    return float(p), float(1.0 + above_1), float(mean * above_1 / p)
