"""Who is moved by each arm of a trial: learnt, tried on members held out, used only where it beats one effect for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError, UnusableLogError
from features.operators import Floats
from retention.trial.table import TrialTable
from retention.uplift.encoding import Encoding
from retention.uplift.forest import TREES, EffectForest, fit
from retention.uplift.held_out import HeldOut, hold_out
from retention.uplift.measured import Measured, above_zero
from retention.uplift.policies import Money, Policy, beats_the_same, compare
from retention.uplift.qini import Ranked
from retention.uplift.randomised import check_randomised
from retention.uplift.scores import shares

_ORDERED: Final = "their order is better than chance, so with fewer to be treated (--at-most) it may"
Covariates = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class ArmUplift:
    """One arm against the control.

    Parameters
    ----------
    average : the effect on all, from every member of the two arms
    held_out : (n_held_out,) members on whom nothing was learnt, ranked
    individual : whether members are told apart; otherwise all have the average
    slope : what a deviation from the average is multiplied by, see HeldOut
    """

    name: str
    average: Measured
    held_out: Ranked
    individual: bool
    slope: float
    _forest: EffectForest
    _encoding: Encoding
    _pair: npt.NDArray[np.bool_]

    def gains(self, covariates: Covariates) -> tuple[Floats, Floats]:
        """(n,) effect on members with these covariates, and its standard error."""
        n = len(next(iter(covariates.values())))
        if not self.individual:
            return np.full(n, self.average.value), np.full(n, self.average.error)
        x = self._encoding.matrix(covariates)
        error = np.sqrt(self.average.error**2 + (self.slope * self._forest.error(x)) ** 2)
        return self.average.value + self.slope * self._forest.deviation(x), error

    def own_gains(self, trial: TrialTable) -> tuple[Floats, Floats]:
        """The same for the trial's own members: by trees that did not see what became of them."""
        gain, error = self.gains(trial.covariates)
        if self.individual:
            gain[self._pair] = self.average.value + self.slope * self._forest.own
        return gain, error

    def contributions(self, covariates: Covariates) -> tuple[Encoding, Floats, Floats]:
        """The columns, (n, n_columns) their values, and what each adds to the effect."""
        x = self._encoding.matrix(covariates)
        return self._encoding, x, self.slope * self._forest.contributions(x)


@dataclass(frozen=True, eq=False)
class Uplift:
    """What a trial says of who is moved, for one outcome.

    Parameters
    ----------
    arms : one a treatment
    policies : ways to choose, in money, where money was given; ours first
    verdict : whether members are told apart, and why, in a sentence
    """

    outcome: str
    arms: tuple[ArmUplift, ...]
    policies: tuple[Policy, ...]
    individual: bool
    verdict: str


def learn(
    trial: TrialTable,
    outcome: str,
    *,
    money: Money | None = None,
    risk: Floats | None = None,
    trees: int = TREES,
    seed: int = 1,
    progress: Callable[[str], None] = lambda _: None,
) -> Uplift:
    """Learn who is moved by each arm.

    With ``money`` members are told apart where choosing them by it gains, with 95 % certainty, over treating everyone alike;
    without, in each arm whose Qini coefficient is above 0, several arms being counted as several tests.

    Raises
    ------
    ConflictError, UnusableLogError, ColumnError, ConfigError
    """
    y = trial.outcome(outcome)
    if not np.ptp(y) > 0:
        raise UnusableLogError(f"the outcome {outcome!r} differs between members", "one value", "take another outcome")
    if money is not None and len(money.costs) != len(trial.treatments):
        raise ConfigError("every treatment has a cost", f"{len(money.costs)} costs", "name each with --cost")
    check_randomised(trial)
    tried = []
    for arm, name in enumerate(trial.treatments, 1):
        progress(f"{name}: learning on a part, trying on the rest")
        tried.append(hold_out(trial, arm, outcome, trees=trees, seed=seed))
    policies = _policies(trial, tried, money, risk)
    ordered = above_zero([found.ranked.coefficient() for found in tried])
    individual = [beats_the_same(policies, len(tried))] * len(tried) if policies else ordered
    arms = []
    for arm, (name, found, apart) in enumerate(zip(trial.treatments, tried, individual, strict=True), 1):
        progress(f"{name}: learning on all")
        arms.append(_arm(trial, arm, y, name, found, apart, trees, seed))
    return Uplift(outcome, tuple(arms), policies, any(individual), _verdict(arms, policies, ordered=any(ordered)))


def _policies(trial: TrialTable, tried: list[HeldOut], money: Money | None, risk: Floats | None) -> tuple[Policy, ...]:
    if money is None:
        return ()
    at, block = tried[0].at, tried[0].block
    effects = np.stack([found.effect for found in tried], axis=1)
    scores = np.stack([found.score for found in tried], axis=1)
    return compare(effects, scores, block, money, trial.treatments, at=at, risk=None if risk is None else risk[at])


def _arm(
    trial: TrialTable, arm: int, y: Floats, name: str, found: HeldOut, individual: bool, trees: int, seed: int
) -> ArmUplift:
    share = shares(trial)
    pair = (trial.arm == arm) | (trial.arm == 0)
    of_two = share[pair, arm] / (share[pair, arm] + share[pair, 0])
    encoding = Encoding.of({known: values[pair] for known, values in trial.covariates.items()})
    x = encoding.matrix(trial.covariates)[pair]
    forest = fit(x, y[pair], trial.arm[pair] == arm, of_two, trees=trees, seed=seed)
    return ArmUplift(name, forest.average, found.ranked, individual, found.slope, forest, encoding, pair)


def _verdict(arms: list[ArmUplift], policies: tuple[Policy, ...], *, ordered: bool) -> str:
    apart = [arm.name for arm in arms if arm.individual]
    if policies:
        if apart:
            return "members are told apart: choosing them by uplift beats everyone the same on members held out"
        said = "one effect for all: choosing members by uplift is not shown to beat everyone the same on members held out"
        return f"{said}; {_ORDERED}" if ordered else said
    if not apart:
        return "one effect for all: nobody is shown to be moved more than others"
    rest = [arm.name for arm in arms if not arm.individual]
    of = f" by {', '.join(apart)}; one effect for all by {', '.join(rest)}" if rest else ""
    return f"members are told apart{of}: on members held out, those ranked first are moved more"
