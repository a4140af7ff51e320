"""A penalised logistic regression that learns from several outcomes at once, each with levels of its own at each cutoff.

    log-odds of outcome k = offset + shared · weights + level of k at the cutoff

Who buys once in a horizon has nearly left, who buys twice less so: together such outcomes say more of the weights than the
first alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from features.operators import Floats
from training.one_thread import one_thread


@dataclass(frozen=True, eq=False)
class Rows:
    """What is learned from.

    ``shared`` is (n_rows, n_shared), the columns whose weights all outcomes share; ``outcomes`` (n_rows, n_outcomes), 0 or
    1, the first being the one that is asked for; ``offset`` (n_rows,) log-odds that are given; ``cutoff`` (n_rows,) which
    of the cutoffs, from 0.
    """

    shared: Floats
    outcomes: Floats
    offset: Floats
    cutoff: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pull:
    """(n_shared,) where each weight is drawn ``towards``, how much (``ridge``), and the sign it may have, 0 for either.

    ``levels`` is how much a cutoff's level is drawn towards the outcome's own.
    """

    towards: Floats
    ridge: Floats
    signs: npt.NDArray[np.int64]
    levels: float


_FREE: Final = 1e-6
"""Ridge of what is hardly drawn: it keeps finite where there is one outcome only."""


def least_loss(rows: Rows, pull: Pull) -> tuple[Floats, float, Floats]:
    """Weights of least log loss, summed over rows and outcomes, + ½ Σ ridge (weight - towards)².

    Returns
    -------
    (n_shared,) weights; and of the first outcome its intercept and (n_cutoffs,) what the cutoffs' levels are beside it
    """
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    n, outcomes = rows.shared.shape[1], rows.outcomes.shape[1]
    cutoffs = int(rows.cutoff.max()) + 1
    ridge = np.concatenate([pull.ridge, np.tile(np.repeat([_FREE, pull.levels], [1, cutoffs]), outcomes)])
    towards = np.concatenate([pull.towards, np.zeros(outcomes * (1 + cutoffs))])

    def loss(w: Floats) -> tuple[float, Floats]:
        common, away = rows.offset + rows.shared @ w[:n], w - towards
        of_level = w[n:].reshape(outcomes, 1 + cutoffs)
        value, missed, slopes = 0.5 * float(ridge @ away**2), np.zeros(len(common)), []
        for y, level in zip(rows.outcomes.T, of_level, strict=True):
            raw = common + (level[0] + level[1:])[rows.cutoff]
            miss = 1.0 / (1.0 + np.exp(-raw)) - y
            value += float((np.logaddexp(0.0, raw) - y * raw).sum())
            missed += miss
            by_cutoff = np.bincount(rows.cutoff, miss, cutoffs)
            slopes += [[by_cutoff.sum()], by_cutoff]
        return value, np.concatenate([rows.shared.T @ missed, *slopes]) + ridge * away

    signs = np.concatenate([pull.signs, np.zeros(outcomes * (1 + cutoffs), np.int64)])
    bounds = [(0.0 if sign > 0 else None, 0.0 if sign < 0 else None) for sign in signs]
    options = {"maxiter": 1000, "ftol": 1e-11, "gtol": 1e-6}
    with one_thread():
        found: Floats = minimize(loss, towards, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    first = found[n : n + 1 + cutoffs]
    return found[:n], float(first[0]), first[1:]
