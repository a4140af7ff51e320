"""When the next purchase comes, in agreement with the churn forecast.

The purchase process has F0(t) = P(next purchase within t days). The forecast p = P(no purchase within h days) knows more
than the process, so it decides how much lies on either side of h, and the process how each side is spread::

    F(t) = (1 - p) F0(t) / F0(h)                 t <= h
    F(t) = 1 - p (1 - F0(t)) / (1 - F0(h))       t >= h

so that F(h) = 1 - p, and what is said of the next purchase and of leaving is one distribution. Who may have dropped out
for good has F(∞) < 1: levels beyond it are never reached.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from features.errors import ConfigError
from features.feature import Phrase
from features.operators import Floats
from training.purchase import PurchaseProcess

LEVELS: Final = (0.1, 0.5, 0.9)
"""What people are told: the median, and the interval of 80 %."""
FAR_DAYS: Final = 3_650
"""What is later than ten years is told as never: no log says anything about it."""
_MOST_GROWN: Final = 600.0  # exp() of more is beyond any calendar, and soon beyond any float


def days_to_next(
    process: PurchaseProcess,
    x: Floats,
    recency: Floats,
    age: Floats,
    p_churn: Floats,
    horizon_days: float,
    levels: Floats | tuple[float, ...] = LEVELS,
) -> Floats:
    """(n_rows, n_levels) days until P(the next purchase has come) reaches each level; inf where it never does.

    Rises with the level, and is ``horizon_days`` at 1 - ``p_churn``.

    Parameters
    ----------
    x, recency, age : (n_rows,) as in PurchaseProcess
    p_churn : (n_rows,) forecast probability of no purchase within ``horizon_days``, in [0, 1]
    levels : (n_levels,) inside (0, 1)

    Raises
    ------
    ConfigError
        a level is not inside (0, 1)

    >>> cdnow = PurchaseProcess("mbg", r=0.525, alpha=43.3, a=0.891, b=1.614)
    >>> x, recency, age = np.array([2.0, 2.0]), np.array([213.0, 213.0]), np.array([272.0, 272.0])
    >>> days_to_next(cdnow, x, recency, age, np.array([0.5, 0.9]), 91.0).round().tolist()
    [[13.0, 91.0, inf], [91.0, 446.0, inf]]
    """
    level = np.asarray(levels, np.float64)[None, :]
    if not ((level > 0) & (level < 1)).all():
        raise ConfigError("a level is a probability inside (0, 1)", str(level[0].tolist()), "give levels such as 0.1, 0.5")
    x, recency, age, p = (np.asarray(each, np.float64)[:, None] for each in (x, recency, age, p_churn))
    quiet = process.log_quiet(x, age, horizon_days)
    # Within the horizon: 1 - quiet(t) is the share s = level / (1 - p) of 1 - quiet(h). The chance to be gone cancels.
    within = level <= 1.0 - p
    stay = np.where(p < 1.0, 1.0 - p, 1.0)
    share = np.where(within, level / stay, 0.5)
    rest = np.where(within, (stay - level) / stay, 0.5)
    with np.errstate(divide="ignore"):  # rest is 0 at the horizon itself
        early = np.where(quiet > -0.5, np.log1p(share * np.expm1(quiet)), np.logaddexp(np.log(rest), np.log(share) + quiet))
    # Beyond: 1 - F0(t) is the share w = (1 - level) / p of 1 - F0(h), of which part is gone for good.
    gone = np.exp(np.minimum(process.log_odds_left(x, recency, age) - quiet, _MOST_GROWN))
    spent = np.where(within, 0.0, level - (1.0 - p)) / np.where(within, 1.0, p) * (1.0 + gone)
    late = quiet + np.log1p(-np.where(spent < 1.0, spent, 0.0))
    grown = -np.where(within, early, late) / (process.r + x)
    days = (process.alpha + age) * np.expm1(np.minimum(grown, _MOST_GROWN))
    return np.where(spent < 1.0, days, np.inf)


def probability_within(
    process: PurchaseProcess,
    x: Floats,
    recency: Floats,
    age: Floats,
    p_churn: Floats,
    horizon_days: float,
    days: Floats | tuple[float, ...],
) -> Floats:
    """(n_rows, n_days) P(the next purchase comes within ``days``); rises with days, 1 - ``p_churn`` at ``horizon_days``.

    Parameters
    ----------
    days : (n_days,) or (n_rows, n_days), 0 or more

    >>> cdnow = PurchaseProcess("mbg", r=0.525, alpha=43.3, a=0.891, b=1.614)
    >>> one = np.array([2.0]), np.array([213.0]), np.array([272.0]), np.array([0.5])
    >>> probability_within(cdnow, *one, 91.0, (0.0, 13.0, 91.0, 364.0)).round(2).tolist()
    [[0.0, 0.1, 0.5, 0.7]]
    """
    x, recency, age, p = (np.asarray(each, np.float64)[:, None] for each in (x, recency, age, p_churn))
    t = np.broadcast_to(np.asarray(days, np.float64), np.broadcast_shapes(np.shape(days), (len(x), 1)))
    before, after = np.minimum(t, horizon_days), np.maximum(t, horizon_days)
    early = np.expm1(process.log_quiet(x, age, before)) / np.expm1(process.log_quiet(x, age, horizon_days))
    history = (x, recency, age)
    more = -np.expm1(process.log_p_none(*history, after) - process.log_p_none(*history, horizon_days))
    return np.where(t <= horizon_days, (1.0 - p) * early, (1.0 - p) + p * more)


def worded(low_days: float, median_days: float, high_days: float) -> Phrase:
    """The days at ``LEVELS`` as a sentence: a median and an interval, or 'not expected back' where the median is infinite.

    >>> worded(3.2, 12.7, 41.0).en
    'next purchase expected in 13 days (80 % of such members: in 3 to 41 days)'
    >>> worded(15.0, 91.0, np.inf).en
    'next purchase expected in 91 days; one in ten comes within 15 days, one in ten or more never again'
    >>> worded(60.0, np.inf, np.inf).en
    'not expected back: most such members never buy again; one in ten does within 60 days'
    >>> worded(np.inf, np.inf, np.inf).en
    'not expected back: fewer than one in ten such members ever buys again'
    """
    low, median, high = (round(max(days, 1.0)) if days <= FAR_DAYS else None for days in (low_days, median_days, high_days))
    if low is None:
        return Phrase(
            "not expected back: fewer than one in ten such members ever buys again",
            "预计不会再购买：此类会员中不到十分之一会回来",
        )
    if median is None:
        return Phrase(
            f"not expected back: most such members never buy again; one in ten does within {_days(low)}",
            f"预计不会再购买：此类会员大多不再回来，十分之一在 {low} 天内回来",
        )
    if high is None:
        return Phrase(
            f"next purchase expected in {_days(median)}; one in ten comes within {_days(low)}, "
            "one in ten or more never again",
            f"预计 {median} 天后再次购买；十分之一在 {low} 天内回来，至少十分之一不再回来",
        )
    return Phrase(
        f"next purchase expected in {_days(median)} (80 % of such members: in {low} to {_days(high)})",
        f"预计 {median} 天后再次购买（80% 的此类会员在 {low} 至 {high} 天之间）",
    )


def _days(days: int) -> str:
    return f"{days:,} day{'s' if days != 1 else ''}"
