"""A search for how the trees should learn, in a box of time; it can be stopped and taken up again.

Searched on rolling origins that end where the newest closed horizon begins; that horizon is seen once, for the verdict:
what was found is kept only where it beats what is in force by more than its interval.
"""

from __future__ import annotations

import hashlib
import json
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from features.histories import Histories
from training.learning import DEFAULTS, Learning
from training.metrics import Estimate, mean_estimate
from training.recipe import Recipe, refit_losses
from training.train import newest_closed

ORIGINS: Final = 2
_LEAF_ROWS: Final = (0, 5, 10, 20, 50, 100, 200)  # 0: it follows the number of rows
_ROUNDS: Final = DEFAULTS.max_rounds
_REPEATS: Final = 20


@dataclass(frozen=True)
class Trial:
    """Settings that were tried: ``loss`` is the mean log loss of churn and next tier, added up, over the origins."""

    number: int
    learning: Learning
    loss: float
    seconds: float


@dataclass(frozen=True)
class Verdict:
    """What the held-out horizon says: ``change`` is the loss of what was found less that of what is in force."""

    found: Learning
    cutoff: str
    change: Estimate

    @property
    def kept(self) -> bool:
        """Whether it beats what is in force by more than the interval."""
        return self.change.high < 0


class Search:
    """A study on disk.

    Parameters
    ----------
    objective : from settings to the loss
    storage : SQLite file of studies, made if it is not there
    study : name; the same name goes on where the last search stopped
    in_force : the settings to beat, tried first

    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "tuning.db"
    >>> search = Search(lambda learning: abs(learning.leaves - 4), place, "example", Learning())
    >>> len(search.run(seconds=60, most=3)), search.trials[0].loss
    (3, 1.0)
    """

    def __init__(self, objective: Callable[[Learning], float], storage: Path, study: str, in_force: Learning) -> None:
        storage.parent.mkdir(parents=True, exist_ok=True)
        self._objective = objective
        self._in_force = in_force
        with _optuna() as optuna:
            self._study = optuna.create_study(
                storage=f"sqlite:///{storage.absolute()}", study_name=study, direction="minimize", load_if_exists=True
            )
            self._take_up()
            # A seed that moves on, or a search that is taken up would draw what the first one drew.
            self._study.sampler = optuna.samplers.TPESampler(seed=1 + len(self._study.trials), n_startup_trials=8)

    def _take_up(self) -> None:
        """Trials that a killed search left open are tried again; a new study begins with what is in force."""
        import optuna

        for open_ in self._study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
            self._study.tell(open_.number, state=optuna.trial.TrialState.FAIL)
            if open_.params:
                self._study.enqueue_trial(open_.params)
        if not self._study.trials and (known := _to_parameters(self._in_force)) is not None:
            self._study.enqueue_trial(known)

    @property
    def trials(self) -> list[Trial]:
        """All that were tried, those of earlier searches too, in their order."""
        import optuna

        done = self._study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
        return [_trial(frozen) for frozen in done if "learning" in frozen.user_attrs]

    @property
    def best(self) -> Trial:
        """The one with the least loss, the earliest of several."""
        return min(self.trials, key=lambda trial: trial.loss)

    def run(
        self,
        *,
        seconds: float,
        most: int | None = None,
        reserve: float = 0.0,
        tried: Callable[[Trial], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> list[Trial]:
        """Try settings until the box is full: no trial is begun that would not fit, going by the longest so far.

        Parameters
        ----------
        reserve : so many times the longest trial is left over for what follows the search
        most : trials at most, of this search
        tried : is told each trial before it is written down as done

        Returns
        -------
        list
            the trials of this search
        """
        end = clock() + seconds
        measured = {trial.learning: trial.loss for trial in self.trials}
        longest = max((trial.seconds for trial in self.trials), default=0.0)
        new: list[Trial] = []
        repeats = 0
        while (most is None or len(new) < most) and clock() + (1 + reserve) * longest <= end and repeats < _REPEATS:
            with _optuna():
                asked = self._study.ask()
                learning = _learning(asked)
            if learning in measured:
                self._study.tell(asked, measured[learning])
                repeats += 1
                continue
            began = clock()
            loss = float(self._objective(learning))
            trial = Trial(asked.number, learning, loss, clock() - began)
            tried(trial)
            asked.set_user_attr("learning", learning.to_dict())
            asked.set_user_attr("seconds", trial.seconds)
            self._study.tell(asked, loss)
            measured[learning] = loss
            longest = max(longest, trial.seconds)
            new.append(trial)
            repeats = 0
        return new


def origins_of(histories: Histories, horizon_days: int, count: int = ORIGINS) -> tuple[Any, list[Any]]:
    """The cutoff kept for the verdict, and those of the search, whose horizons are over by then; newest first."""
    (verdict,) = newest_closed(histories.span[1], horizon_days, 1)
    return verdict, newest_closed(verdict, horizon_days, count)


def study_name(fingerprint: str, recipe: Recipe, cutoffs: Sequence[Any]) -> str:
    """One name for one log and one question: other rows, features, policy, spans, origins or settings, another name."""
    asked = {
        "features": [feature.to_dict() for feature in recipe.features],
        "policy": recipe.policy.model_dump(mode="json") if recipe.policy else None,
        "spans": [recipe.horizon_days, recipe.lookback_days],
        "cutoffs": [str(cutoff) for cutoff in cutoffs],
        "in force": recipe.learning.to_dict(),
    }
    return f"{fingerprint}-{hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:8]}"


def objective(histories: Histories, recipe: Recipe, cutoffs: Sequence[Any]) -> Callable[[Learning], float]:
    """The loss of settings over cutoffs; nothing from the newest of these plus a horizon on is looked at."""

    def loss(learning: Learning) -> float:
        tried = replace(recipe, learning=learning)
        return float(np.concatenate([refit_losses(histories, cutoff, tried).total for cutoff in cutoffs]).mean())

    return loss


def judge(histories: Histories, recipe: Recipe, found: Learning, cutoff: Any) -> Verdict:
    """Compare what was found with the recipe as it is at a cutoff that the search has not seen, member by member."""
    now = refit_losses(histories, cutoff, recipe)
    then = refit_losses(histories, cutoff, replace(recipe, learning=found))
    return Verdict(found, str(cutoff), mean_estimate(then.total - now.total, now.members))


def _learning(asked: Any) -> Learning:
    """Settings that Optuna proposes, rounded to what will be written down."""
    rate = float(f"{asked.suggest_float('learning_rate', 0.02, 0.3, log=True):.2g}")
    rows = asked.suggest_categorical("min_rows_a_leaf", _LEAF_ROWS)
    return Learning(
        leaves=asked.suggest_int("leaves", 2, 8),
        learning_rate=rate,
        min_rows_a_leaf=rows or None,
        l2=float(f"{asked.suggest_float('l2', 0.1, 100.0, log=True):.2g}"),
        max_rounds=min(2000, max(_ROUNDS, round(_ROUNDS * DEFAULTS.learning_rate / rate))),  # slower takes more trees
        cutoffs=asked.suggest_int("cutoffs", 2, 12),
    )


def _to_parameters(learning: Learning) -> dict[str, Any] | None:
    """Settings as Optuna's parameters; None where the search does not go there."""
    rows = learning.min_rows_a_leaf or 0
    inside = (
        0.02 <= learning.learning_rate <= 0.3
        and rows in _LEAF_ROWS
        and 0.1 <= learning.l2 <= 100.0
        and 2 <= learning.cutoffs <= 12
    )
    names = ("leaves", "learning_rate", "l2", "cutoffs")
    return {**{name: getattr(learning, name) for name in names}, "min_rows_a_leaf": rows} if inside else None


def _trial(frozen: Any) -> Trial:
    learning = Learning.from_dict(frozen.user_attrs["learning"])
    return Trial(frozen.number, learning, float(frozen.value), float(frozen.user_attrs["seconds"]))


class _optuna:  # noqa: N801
    """Optuna without its log and warnings, which are about itself."""

    def __enter__(self) -> Any:
        self._caught = warnings.catch_warnings()
        self._caught.__enter__()
        warnings.simplefilter("ignore")
        import optuna

        optuna.logging.set_verbosity(optuna.logging.CRITICAL)
        return optuna

    def __exit__(self, *_: object) -> None:
        self._caught.__exit__(None, None, None)
