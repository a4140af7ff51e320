"""Doubly robust scores: one number a member whose mean is the effect, whatever the models behind it are worth.

    score = effect(x) + [arm a] / share_a · (y - expected_a(x)) - [control] / share_0 · (y - expected_0(x))

The shares are known by design, so the mean is unbiased for any ``effect`` and ``expected`` that were learnt on other
members; good ones make it vary less (Robins, Rotnitzky and Zhao 1994; Kennedy 2023, arXiv:2004.14497).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from features.errors import UnusableLogError, counted
from features.operators import Floats
from retention.trial.table import TrialTable

LEAST: Final = 100
"""Members of an arm, below which nobody can be told apart."""
_LEAST_IN_A_STRATUM: Final = 5


def shares(trial: TrialTable) -> Floats:
    """(n, n_arms) each member's probability of each arm: the arm's share of the member's stratum, or of all.

    Raises
    ------
    UnusableLogError
        an arm has fewer than 100 members, or fewer than 5 of a stratum: then it was no choice by chance there

    >>> trial = TrialTable(np.arange(400), np.arange(400) % 4 // 3, ("control", "mail"), {"returned": np.zeros(400)})
    >>> shares(trial)[0].tolist()
    [0.75, 0.25]
    """
    for name, size in zip(trial.arm_names, trial.sizes.tolist(), strict=True):
        if size < LEAST:
            rule = f"to tell who is moved, every arm has {LEAST} members or more"
            fix = "leave the arm out, or try the action on more members"
            raise UnusableLogError(rule, f"{counted(size, 'member')} in {name!r}", fix)
    arms = len(trial.arm_names)
    if trial.strata is None:
        return np.tile(trial.sizes / len(trial), (len(trial), 1))
    count = np.bincount(trial.strata * arms + trial.arm, minlength=len(trial.strata_names) * arms).reshape(-1, arms)
    some = count.sum(axis=1) > 0
    scarce = np.argwhere((count < _LEAST_IN_A_STRATUM) & some[:, None])
    if len(scarce):
        stratum, arm = scarce[0].tolist()
        got = f"{counted(int(count[stratum, arm]), 'member')} of {trial.strata_names[stratum]!r} in {trial.arm_names[arm]!r}"
        rule = f"in every stratum chance put {_LEAST_IN_A_STRATUM} members or more into every arm"
        raise UnusableLogError(rule, got, "leave the stratum or the arm out, or join strata that were drawn alike")
    share = count / np.maximum(count.sum(axis=1, keepdims=True), 1)
    return np.asarray(share[trial.strata])


def contrast(
    y: Floats, treated: Floats, control: Floats, share: tuple[Floats, Floats], effect: Floats, without: Floats
) -> Floats:
    """(n,) doubly robust score of an arm against the control.

    Parameters
    ----------
    treated, control : (n,) 1 for members of that arm, 0 for others; a member of a third arm is in neither
    share : (n,) probability of the arm, and of the control, above 0
    effect : (n,) what the arm is thought to change
    without : (n,) outcome expected without it

    >>> one = np.ones(2)
    >>> contrast(np.array([5.0, 3.0]), np.array([1.0, 0.0]), np.array([0.0, 1.0]), (one / 2, one / 2), one, 3 * one).tolist()
    [3.0, 1.0]
    """
    missed = treated / share[0] * (y - without - effect) - control / share[1] * (y - without)
    return np.asarray(effect + missed)
