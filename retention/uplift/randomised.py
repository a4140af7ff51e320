"""Whether the arms were drawn by chance: a covariate that tells them apart was not known before, or the choice was none."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from features.errors import ConflictError, listed
from features.operators import Floats
from retention.trial.table import TrialTable
from retention.uplift.encoding import Encoding
from retention.uplift.scores import shares

_LEVEL: Final = 0.001
"""Probability that a trial which was randomised is refused."""


def check_randomised(trial: TrialTable) -> None:
    """Refuse a trial whose arms differ beyond chance in what was known before.

    Raises
    ------
    ConflictError
    """
    encoding = Encoding.of(trial.covariates)
    x = encoding.matrix(trial.covariates)
    share = shares(trial)
    least = _LEVEL / (len(encoding.columns) * len(trial.treatments))
    apart = []
    for arm in range(1, len(trial.arm_names)):
        pair = (trial.arm == arm) | (trial.arm == 0)
        of_two = share[pair, arm] / (share[pair, arm] + share[pair, 0])
        p = _differences(x[pair], trial.arm[pair] == arm, of_two)
        apart += [column.covariate for column, value in zip(encoding.columns, p.tolist(), strict=True) if value < least]
    if apart:
        raise ConflictError(
            "arms drawn by chance are alike in what was known before",
            f"arms that differ beyond chance in {listed(list(dict.fromkeys(apart)))}",
            "leave out columns that came after the treatment, name the strata that members were drawn in, "
            "or run a campaign that is drawn by chance",
        )


def _differences(x: Floats, treated: npt.NDArray[np.bool_], share: Floats) -> Floats:
    """(n_columns,) two-sided p of each column having nothing to do with the arm, given the share."""
    from scipy.stats import rankdata  # type: ignore[import-untyped]

    # By ranks: a few large values must not hide a shift, nor make one.
    rank = rankdata(x, axis=0)
    rank -= rank.mean(axis=0)
    left = (treated - share)[:, None]
    score = (left * rank).sum(axis=0)
    spread = np.sqrt(((left * rank) ** 2).sum(axis=0))
    z = np.divide(np.abs(score), spread, out=np.zeros(x.shape[1]), where=spread > 0)
    return np.array([math.erfc(value / math.sqrt(2.0)) for value in z.tolist()])
