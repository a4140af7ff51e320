"""Small boosted trees with as many rounds as pay on members not trained on. The only file that calls LightGBM."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

import numpy as np

from features.operators import Floats, Integers
from training.learning import DEFAULTS, Learning
from training.split import member_folds

_PATIENCE: Final = 30
_FOLDS: Final = 4
_MIN_ROWS: Final = 60
_FEATURES: Final = 0.5
# Below this many rows threads wait for each other longer than they work, and far longer on a busy machine.
_PARALLEL_FROM_ROWS: Final = 200_000
Objective = Literal["binary", "regression"]


@dataclass(frozen=True, eq=False)
class Boosted:
    """A fitted booster: raw score = where a row starts + the trees in ``text``.

    ``held_out`` is (n_rows,) the raw score of each training row by a model that saw none of its member's rows.
    """

    text: str
    rounds: int
    held_out: Floats


def boost(
    x: Floats,
    y: Floats,
    member: Integers,
    start: Floats,
    *,
    objective: Objective,
    directions: tuple[int, ...] | None = None,
    learning: Learning = DEFAULTS,
    seed: int = 1,
) -> Boosted:
    """Fit trees of few leaves on top of what is forecast without them; rounds, possibly none, by folds over members.

    Parameters
    ----------
    x : (n_rows, n_features), NaN for missing
    y : (n_rows,) 0 or 1 for 'binary' (raw scores are log-odds), any number for 'regression'
    member : (n_rows,) rows of one member stay in one fold
    start : (n_rows,) raw score that the trees are added to
    directions : (n_features,) sign in which the trees may move with each feature
    learning : how many leaves, rounds ...
    """
    none = Boosted("", 0, start.copy())
    if len(y) < _MIN_ROWS or len(np.unique(member)) < _FOLDS or np.ptp(y) == 0 or not x.shape[1]:
        return none
    lightgbm = _lightgbm()
    parameters = _parameters(objective, len(y), directions, learning, seed)
    data = lightgbm.Dataset(x, y, init_score=start, free_raw_data=False, params=parameters)
    fold = member_folds(member, _FOLDS, seed)
    splits = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(_FOLDS)]
    history = lightgbm.cv(
        parameters,
        data,
        num_boost_round=learning.max_rounds,
        folds=splits,
        callbacks=[lightgbm.early_stopping(_PATIENCE, verbose=False)],
        return_cvbooster=True,
    )
    loss = next(np.asarray(value) for key, value in history.items() if key.endswith("-mean"))
    rounds = int(loss.argmin()) + 1
    held_out = start.copy()
    for booster, (_, out) in zip(history["cvbooster"].boosters, splits, strict=True):
        held_out[out] += booster.predict(x[out], raw_score=True, num_iteration=rounds)
    if not _pays(_losses(y, start, objective) - _losses(y, held_out, objective), member):
        return none
    fitted = lightgbm.train(parameters, data, num_boost_round=rounds)
    return Boosted(fitted.model_to_string(), rounds, held_out)


def boost_from_mean(
    x: Floats,
    y: Floats,
    member: Integers,
    *,
    objective: Objective,
    learning: Learning = DEFAULTS,
    seed: int = 1,
) -> tuple[Boosted, float]:
    """``boost`` on top of the best constant, and that constant."""
    bias = _constant(y, objective)
    return boost(x, y, member, np.full(len(y), bias), objective=objective, learning=learning, seed=seed), bias


def _parameters(
    objective: Objective, rows: int, directions: tuple[int, ...] | None, learning: Learning, seed: int
) -> dict[str, Any]:
    return {
        "objective": objective,
        "metric": "binary_logloss" if objective == "binary" else "l2",
        "num_leaves": learning.leaves,
        "learning_rate": learning.learning_rate,
        "min_data_in_leaf": learning.min_rows_a_leaf or int(np.clip(rows // 50, 10, 50)),
        "lambda_l2": learning.l2,
        "feature_fraction": _FEATURES,
        "monotone_constraints": list(directions) if directions is not None else None,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1 if rows < _PARALLEL_FROM_ROWS else 0,
        "verbosity": -1,
    }


def _constant(y: Floats, objective: Objective) -> float:
    """Best constant raw score; a rate of 0 or 1 is drawn in by half a row."""
    if objective == "regression":
        return float(y.mean()) if len(y) else 0.0
    rate = (float(y.sum()) + 0.5) / (len(y) + 1.0)
    return float(np.log(rate / (1.0 - rate)))


def _losses(y: Floats, raw: Floats, objective: Objective) -> Floats:
    """(n_rows,) squared error, or log loss of log-odds."""
    return np.asarray((y - raw) ** 2 if objective == "regression" else np.logaddexp(0.0, raw) - y * raw)


def _pays(gain: Floats, member: Integers) -> bool:
    """Whether the mean gain over no trees at all is above its standard error, whose unit is the member.

    The rounds were chosen for the least loss, so on noise a gain above 0 is the rule.
    """
    _, at = np.unique(member, return_inverse=True)
    excess = np.bincount(at, gain - gain.mean())
    return bool(gain.sum() > np.sqrt((excess**2).sum()))


@cache
def _lightgbm() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import lightgbm
    return lightgbm
