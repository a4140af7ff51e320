"""An honest causal forest of one arm against the control. The only file that calls EconML.

Wager and Athey (2018, arXiv:1510.04342); Athey, Tibshirani and Wager (2019, arXiv:1610.01271). What the forest sees is what
is left of arm and outcome: [treated] - share, the share known by design, and y - expected(x), expected out of bag.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.operators import Floats
from retention.uplift.measured import Measured
from retention.uplift.scores import contrast

TREES: Final = 100
_MOST_ROWS_A_TREE: Final = 8_000
_LEAST_IN_A_LEAF: Final = 20
_DEPTH: Final = 5
"""Deeper trees chase noise: in a thousand members an effect of single points shows in few parts, or not at all."""
_PARALLEL_FROM_ROWS: Final = 20_000


@dataclass(frozen=True, eq=False)
class EffectForest:
    """A fitted forest; members' effects are ``average`` and a deviation from it.

    ``own`` is (n,) the deviation of each training member, by trees that saw neither the member's arm nor its outcome.
    """

    average: Measured
    own: Floats
    _forest: Any
    _outcome: Any
    _unit: float
    _centre: float

    def deviation(self, x: Floats) -> Floats:
        """(n,) by how much more each member is moved than the average."""
        return self._unit * _flat(self._forest.predict(x)) - self._centre

    def error(self, x: Floats) -> Floats:
        """(n,) standard error of each deviation."""
        return self._unit * np.sqrt(np.maximum(_flat(self._forest.predict_and_var(x)[1]), 0.0))

    def expected(self, x: Floats) -> Floats:
        """(n,) outcome expected of each member, over both arms."""
        return _flat(self._outcome.predict(x))

    def contributions(self, x: Floats) -> Floats:
        """(n, n_columns) SHAP values: what each column adds to the effect on a member.

        They are of the mean of the trees' own answers; the forest weighs trees by members, so it may differ a little.
        """
        values = _shap().TreeExplainer(self._forest).shap_values(x)
        return np.asarray(self._unit * np.asarray(values).reshape(x.shape))


def fit(
    x: Floats, y: Floats, treated: npt.NDArray[np.bool_], share: Floats, *, trees: int = TREES, seed: int = 1
) -> EffectForest:
    """Fit an arm against the control.

    Parameters
    ----------
    x : (n, n_columns) finite
    y : (n,) outcome
    treated : (n,) who was in the arm; the others were in the control
    share : (n,) probability of the arm, in (0, 1)
    trees : a multiple of 4, as variances come from bags of four
    """
    grf = _grf()
    settings: dict[str, Any] = {
        "n_estimators": trees,
        "max_samples": min(0.45, _MOST_ROWS_A_TREE / len(y)),
        "min_samples_leaf": _LEAST_IN_A_LEAF,
        "max_depth": _DEPTH,
        "n_jobs": 1 if len(y) < _PARALLEL_FROM_ROWS else -1,
        "random_state": seed,
    }
    arm = treated.astype(np.float64)
    # In units of its own spread: the splits must not depend on the currency.
    unit = float(y.std()) or 1.0
    outcome = grf.RegressionForest(inference=False, **settings).fit(x, y[:, None])
    expected = _out_of_bag(outcome, x)
    forest = grf.CausalForest(**settings).fit(x, (arm - share)[:, None], ((y - expected) / unit)[:, None])
    raw = unit * _out_of_bag(forest, x)
    score = contrast(y, arm, 1.0 - arm, (share, 1.0 - share), raw, expected - share * raw)
    centre = float(raw.mean())
    return EffectForest(Measured.mean(score), raw - centre, forest, outcome, unit, centre)


def _out_of_bag(forest: Any, x: Floats) -> Floats:
    """(n,) predictions by trees that did not see the row; the mean for a row that every tree saw."""
    found = _flat(forest.oob_predict(x))
    unseen = np.isnan(found)
    return np.where(unseen, found[~unseen].mean(), found) if unseen.any() else found


def _flat(values: Any) -> Floats:
    return np.asarray(values, np.float64).reshape(-1)


@cache
def _grf() -> Any:
    import econml.grf

    return econml.grf


@cache
def _shap() -> Any:
    with warnings.catch_warnings():
        # It sets colours by a method that Matplotlib is about to retire.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        import shap
    return shap
