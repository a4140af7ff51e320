r"""The difference that a treatment made, with its interval.

Each arm's outcomes are regressed on the strata and the covariates, and both fits are read at the mean of all members:

.. math:: \hat\tau = \bar z^\top (\hat\beta_1 - \hat\beta_0), \quad
          \hat\beta_a = \arg\min \sum_{i \in a} (y_i - z_i^\top \beta)^2

Without covariates this is the difference of means, weighted by strata. With them it is regression with interactions (Lin
2013, Annals of Applied Statistics 7): no less precise than the difference of means in large trials, and right whether or not
the outcome follows the covariates in a line. With the forecast as covariate it is what Deng, Xu, Kohavi and Walker (2013)
call CUPED. The variance is that of retention.effect.variance, and that of the mean over members who are a sample (Negi and
Wooldridge 2021); degrees of freedom are Welch's and Satterthwaite's. Of rates with few events it is Newcombe's interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy import special  # type: ignore[import-untyped]

from features.operators import Floats, Integers
from retention.effect.design import adjustable, compared
from retention.effect.rates import few_events, newcombe, newcombe_p
from retention.effect.variance import error, fit

LEVEL: Final = 0.95
_NO_SPREAD: Final = 1e-12
"""Of the largest outcome: a standard error below is a rounding error."""
LEAST_MEMBERS: Final = 10
"""In either arm; of fewer nothing is said."""
LEAST_VALUES: Final = 10
"""Members to be expected in either arm with another outcome than the most common one; with fewer, a mean has no interval."""

Method = Literal["t", "newcombe", "too few"]


@dataclass(frozen=True)
class Difference:
    """Treated less control in the mean of an outcome, a member; NaN where too few were there, or too much alike, to say.

    Parameters
    ----------
    value, se : the difference and its standard error
    low, high : ends of the 95 % interval
    p : two-sided, of no difference
    treated, control : members
    base : mean outcome of the control, weighted by strata
    left_out : members of strata that have nobody to be compared with
    """

    value: float
    se: float
    low: float
    high: float
    p: float
    treated: int
    control: int
    base: float
    method: Method
    adjusted: bool = False
    left_out: int = 0

    @property
    def told(self) -> bool:
        """Whether there is an interval."""
        return self.method != "too few"


def difference(
    y: Floats,
    treated: npt.NDArray[np.bool_],
    strata: Integers | None = None,
    covariates: Floats | None = None,
    level: float = LEVEL,
) -> Difference:
    """Treated less control.

    Parameters
    ----------
    y : (n,) outcomes
    treated : (n,) who was treated; the others are the control
    strata : (n,) within which arms were drawn, so that shares may differ among them
    covariates : (n, k) numbers known before the treatment; used where there are members enough for them

    >>> y, treated = np.repeat([1.0, 0.0, 1.0, 0.0], [30, 70, 20, 80]), np.repeat([True, False], 100)
    >>> found = difference(y, treated)
    >>> round(found.value, 2), round(found.low, 3), round(found.high, 3), found.method
    (0.1, -0.021, 0.221, 't')
    """
    kept, stratum = compared(treated, strata)
    left_out = int((~kept).sum())
    y, treated = np.asarray(y, np.float64)[kept], treated[kept]
    sizes = int(treated.sum()), int((~treated).sum())
    binary = bool(((y == 0) | (y == 1)).all())
    if min(sizes) < LEAST_MEMBERS or (not binary and _few_values(y, treated)):
        base = float(y[~treated].mean()) if sizes[1] else math.nan
        nothing = (math.nan,) * 5
        return Difference(*nothing, *sizes, base, "too few", left_out=left_out)
    weight = np.bincount(stratum) / len(y)
    if binary and few_events(y, treated):
        rates = [_weighted_mean(y[arm], stratum[arm], weight) for arm in (treated, ~treated)]
        counts = [
            1.0 / float((weight**2 / np.bincount(stratum[arm], minlength=len(weight))).sum()) for arm in (treated, ~treated)
        ]
        value, low, high = newcombe(rates[0], counts[0], rates[1], counts[1], level)
        se = (high - low) / (2.0 * _quantile(level, math.inf))
        p = newcombe_p(rates[0], counts[0], rates[1], counts[1])
        return Difference(value, se, low, high, p, *sizes, rates[1], "newcombe", left_out=left_out)
    known = adjustable(None if covariates is None else covariates[kept], treated, len(weight))
    dummies = (stratum[:, None] == np.arange(len(weight))).astype(np.float64)
    z = dummies if known is None else np.hstack([dummies, known])
    centre = z.mean(axis=0)
    one, none = (fit(y[arm], z[arm], centre, stratum[arm]) for arm in (treated, ~treated))
    value = one.value - none.value
    of_members = float(np.var(z @ (one.slope - none.slope))) / len(y)
    se, freedom = error(one, none, len(weight), of_members)
    base = _weighted_mean(y[~treated], stratum[~treated], weight)
    if not se > _NO_SPREAD * float(np.abs(y).max()) or math.isinf(se):
        # Within the arms all are alike, or too large to be squared: nothing says how far off the difference is.
        return Difference(*(math.nan,) * 5, *sizes, base, "too few", left_out=left_out)
    low, high, p = _interval(value, se, freedom, level)
    return Difference(value, se, low, high, p, *sizes, base, "t", known is not None, left_out)


def _interval(value: float, se: float, freedom: float, level: float) -> tuple[float, float, float]:
    """Ends of the interval of t, and two-sided p."""
    half = _quantile(level, freedom) * se
    return value - half, value + half, 2.0 * float(special.stdtr(freedom, -abs(value) / se))


def _quantile(level: float, freedom: float) -> float:
    return float(special.ndtri(0.5 + level / 2) if math.isinf(freedom) else special.stdtrit(freedom, 0.5 + level / 2))


def _weighted_mean(y: Floats, stratum: Integers, weight: Floats) -> float:
    """Mean over strata, each with its share of all members."""
    sums, counts = (np.bincount(stratum, own, minlength=len(weight)) for own in (y, None))
    return float((weight * sums / counts).sum())


def _few_values(y: Floats, treated: npt.NDArray[np.bool_]) -> bool:
    """Whether the smaller arm is to be expected to hold too few; by both arms' counts, which a difference does not move."""
    share = 1.0 - float(np.unique(y, return_counts=True)[1].max()) / len(y)
    return share * min(int(treated.sum()), int((~treated).sum())) < LEAST_VALUES
