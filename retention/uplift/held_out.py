"""Predictions for members on whom nothing was learnt, and doubly robust scores of what became of them.

Members are dealt into six blocks by a hash of their ids. Blocks 3 to 6 are each predicted by a forest of all blocks before.
So each block's figures are right given what came before, and their errors add up as those of independent ones do (Luedtke
and van der Laan 2016; Wager 2024, arXiv:2405.05534). Where every block is predicted by all the others, they do not: chance
that is common to two blocks makes each look like the proof of the other, and order is seen where there is none.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.errors import ColumnError
from features.operators import Floats, Integers
from retention.trial.table import TrialTable
from retention.uplift.encoding import Encoding
from retention.uplift.forest import TREES, fit
from retention.uplift.qini import Ranked
from retention.uplift.scores import contrast, shares

BLOCKS: Final = 6
FIRST: Final = 2
"""Blocks that are only learnt from."""


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What was predicted of each member of the blocks held out, and how it turned out.

    Parameters
    ----------
    at : (n_held_out,) positions in the trial, members of every arm
    block : (n_held_out,)
    effect : (n_held_out,) predicted effect of the arm against the control
    score : (n_held_out,) doubly robust score of it, over all arms of the trial
    ranked : members of the arm and of the control alone, ranked by ``effect``
    slope : by how much the scores rise with the prediction, within blocks, from 0 (not at all) to 1 (as predicted): the best
        linear predictor of Chernozhukov, Demirer, Duflo and Fernández-Val (2018, arXiv:1712.04802)
    """

    at: Integers
    block: Integers
    effect: Floats
    score: Floats
    ranked: Ranked
    slope: float


def hold_out(trial: TrialTable, arm: int, outcome: str, *, trees: int = TREES, seed: int = 1) -> HeldOut:
    """Try a forest of an arm against the control on members held out; of other arms' members, only ``at`` changes."""
    y = trial.outcome(outcome)
    share = shares(trial)
    of_two = share[:, arm] / (share[:, arm] + share[:, 0])
    treated, control = trial.arm == arm, trial.arm == 0
    pair = treated | control
    encoding = Encoding.of({name: values[pair] for name, values in trial.covariates.items()})
    x = encoding.matrix(trial.covariates)
    block = blocks(trial.members, seed)
    effect, without = np.zeros(len(trial)), np.zeros(len(trial))
    for k in range(FIRST, BLOCKS):
        known, new = pair & (block < k), block == k
        if not new.any():
            continue
        if not (treated & known).any() or not (control & known).any():
            raise ColumnError("every part of a trial has both arms", "ids that part them", "give members other ids")
        forest = fit(x[known], y[known], treated[known], of_two[known], trees=trees, seed=seed)
        effect[new] = forest.average.value + forest.deviation(x[new])
        without[new] = forest.expected(x[new]) - of_two[new] * effect[new]
    at = np.flatnonzero(block >= FIRST)
    arms = treated.astype(np.float64), control.astype(np.float64)
    score = contrast(y, *arms, (share[:, arm], share[:, 0]), effect, without)
    both = at[pair[at]]
    of_pair = contrast(y, *arms, (of_two, 1.0 - of_two), effect, without)
    ranked = Ranked.of(of_pair[both], effect[both], block[both])
    slope = _slope(ranked.score, effect[both], block[both])
    return HeldOut(at, block[at], effect[at], score[at], ranked, slope)


def _slope(score: Floats, effect: Floats, block: Integers) -> float:
    apart = effect.copy()
    for one in np.unique(block):
        apart[block == one] -= apart[block == one].mean()
    varies = float(apart @ apart)
    return float(np.clip(apart @ score / varies, 0.0, 1.0)) if varies > 0 else 0.0


def blocks(members: npt.NDArray[Any], seed: int = 1) -> Integers:
    """(n,) block of each member, whoever else is there.

    >>> blocks(np.array([7, 8, 9])).tolist() == [*blocks(np.array([7])).tolist(), *blocks(np.array([8, 9])).tolist()]
    True
    """
    salt = f"tiercast uplift {seed}".encode()
    digests = [hashlib.blake2b(str(member).encode(), digest_size=8, key=salt).digest() for member in members.tolist()]
    return np.array([int.from_bytes(digest, "big") % BLOCKS for digest in digests], np.int64)
