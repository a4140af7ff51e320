"""The maximum of a likelihood within bounds, found from several starts; it fails softly.

A weak pull towards the centre keeps what the data say nothing about finite: a small multiple of the squared distance,
against the mean log-likelihood a member. It decides where a parameter would run off to infinity and is not seen elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from features.operators import Floats
from training.one_thread import one_thread

Objective = Callable[[Floats], tuple[float, Floats]]  # theta → mean negative log-likelihood, its gradient

PULL: Final = 1e-6
_WORST: Final = 1e12


def most_likely(
    objective: Objective,
    starts: Sequence[Floats],
    lower: Floats,
    upper: Floats,
    *,
    quick: Objective | None = None,
    pull: float = PULL,
) -> Floats:
    """(n_parameters,) where ``objective`` is least.

    The fallback, where no start leads anywhere, is the first start itself, clipped into the bounds.

    Parameters
    ----------
    objective : mean negative log-likelihood and its gradient at a (n_parameters,) point
    starts : points to begin at; the first is also the centre of the pull
    lower, upper : (n_parameters,) bounds, closed
    quick : the same on fewer rows; with it all starts are tried there, and only the best goes on with ``objective``
    pull : what the squared distance from the centre is multiplied by
    """
    starts = [np.clip(start, lower, upper) for start in starts]
    centre = starts[0]
    with one_thread():
        if quick is not None:
            starts = [_best(_pulled(quick, centre, pull), starts, lower, upper)]
        return _best(_pulled(objective, centre, pull), starts, lower, upper)


def _pulled(objective: Objective, centre: Floats, pull: float) -> Objective:
    """With the pull, and 0 at the centre: the stopping rule is relative to the value, whose constant means nothing."""
    at_centre = objective(centre)[0]

    def pulled(theta: Floats) -> tuple[float, Floats]:
        value, slope = objective(theta)
        away = theta - centre
        value, slope = value - at_centre + pull * float(away @ away), slope + 2.0 * pull * away
        return (value, slope) if np.isfinite(value) and np.isfinite(slope).all() else (_WORST, np.zeros_like(theta))

    return pulled


def _best(objective: Objective, starts: Sequence[Floats], lower: Floats, upper: Floats) -> Floats:
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    best, least = starts[0], objective(starts[0])[0]
    for start in starts:
        found = minimize(
            objective,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=list(zip(lower, upper, strict=True)),
            options={"maxiter": 500, "maxcor": 20, "ftol": 1e-13, "gtol": 1e-9},
        )
        if np.isfinite(found.fun) and np.isfinite(found.x).all() and found.fun < least:
            best, least = found.x, float(found.fun)
    return np.clip(best, lower, upper)
