"""What a difference is adjusted by: the strata that arms were drawn in, and what was known of members before.

Covariates are columns of one matrix, centred, so that the arms' means are compared at the same members: all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.operators import Floats, Integers

LEAST_A_COVARIATE: Final = 20
"""Members in the smaller arm for each covariate; with fewer, nothing is adjusted: a slope would be fitted to noise."""
_SMALL: Final = 1e-9


def numeric(covariates: Mapping[str, npt.NDArray[Any]]) -> Floats:
    """(n, k) columns of the covariates that are numbers; where one is not known it is its mean, and a column says so.

    >>> numeric({"p": np.array([1.0, np.nan, 3.0]), "tier": np.array(["a", "b", "a"], object)}).tolist()
    [[1.0, 0.0], [2.0, 1.0], [3.0, 0.0]]
    """
    columns = []
    for values in covariates.values():
        if values.dtype.kind not in "fiub":
            continue
        known = np.asarray(values, np.float64)
        missing = np.isnan(known)
        if missing.all():
            continue
        columns.append(np.where(missing, known[~missing].mean(), known))
        if missing.any():
            columns.append(missing.astype(np.float64))
    return np.column_stack(columns) if columns else np.zeros((len(next(iter(covariates.values()), [])), 0))


def adjustable(covariates: Floats | None, treated: npt.NDArray[np.bool_], strata: int) -> Floats | None:
    """Columns that may be adjusted by, of spread 1 about 0; None where there are none, or too few members for them."""
    if covariates is None or not covariates.shape[1]:
        return None
    spread = covariates.std(axis=0)
    varies = spread > _SMALL * (1.0 + np.abs(covariates).max(axis=0))
    for arm in (treated, ~treated):
        varies &= np.ptp(covariates[arm], axis=0) > 0
    smaller = int(min(treated.sum(), (~treated).sum())) - strata
    if not varies.any() or smaller < LEAST_A_COVARIATE * int(varies.sum()):
        return None
    return np.asarray((covariates[:, varies] - covariates[:, varies].mean(axis=0)) / spread[varies])


def compared(treated: npt.NDArray[np.bool_], strata: Integers | None) -> tuple[npt.NDArray[np.bool_], Integers]:
    """(n,) whom a difference can be about, and (n_kept,) strata numbered from 0.

    A stratum with fewer than two members in either arm has nobody to compare with, and is left out.
    """
    if strata is None:
        return np.ones(len(treated), np.bool_), np.zeros(len(treated), np.int64)
    _, at = np.unique(strata, return_inverse=True)
    both = (
        np.minimum(np.bincount(at[treated], minlength=at.max() + 1), np.bincount(at[~treated], minlength=at.max() + 1)) > 1
    )
    kept = both[at]
    return kept, np.unique(at[kept], return_inverse=True)[1].astype(np.int64)
