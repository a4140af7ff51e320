"""Who is moved, for people: what was measured in fifths of the members held out, and what tells the fifths apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from features.operators import Floats
from retention.trial.table import TrialTable
from retention.uplift.encoding import Column
from retention.uplift.learnt import ArmUplift
from retention.uplift.measured import Measured
from retention.uplift.qini import Ranked

FIFTHS: Final = 5
_EXPLAINED: Final = 1_000
"""Members whose effect is taken apart."""
_SHARE: Final = 0.2
"""Of the strongest covariate's size: what moves the effect less is not told."""
_THROUGHOUT: Final = 0.3
"""Rank correlation from which a number moves the effect in one direction."""


@dataclass(frozen=True)
class Reason:
    """A covariate, how much it moves the effect (mean size), and in which direction, in words."""

    covariate: str
    size: float
    words: str


def fifths(ranked: Ranked) -> list[Measured]:
    """The measured effect by fifth of the members held out, those thought to be moved most first."""
    part = np.minimum((ranked.rank * FIFTHS).astype(int), FIFTHS - 1)
    return [Measured.mean(ranked.score[part == k]) for k in range(FIFTHS) if (part == k).sum() > 1]


def reasons(arm: ArmUplift, trial: TrialTable, *, most: int = 5, seed: int = 1) -> list[Reason]:
    """The covariates that tell members apart, the strongest first; none where members are not told apart."""
    if not arm.individual:
        return []
    n = len(trial)
    some = np.sort(np.random.default_rng(seed).permutation(n)[:_EXPLAINED])
    encoding, x, added = arm.contributions({name: values[some] for name, values in trial.covariates.items()})
    by_covariate: dict[str, Floats] = {}
    words: dict[str, tuple[float, str]] = {}
    for k, column in enumerate(encoding.columns):
        size = float(np.abs(added[:, k]).mean())
        by_covariate[column.covariate] = by_covariate.get(column.covariate, np.zeros(len(some))) + added[:, k]
        if size > words.get(column.covariate, (0.0, ""))[0]:
            words[column.covariate] = (size, _direction(column, x[:, k], added[:, k]))
    found = [
        Reason(name, float(np.abs(total).mean()), words[name][1]) for name, total in by_covariate.items() if name in words
    ]
    found.sort(key=lambda reason: (-reason.size, reason.covariate))
    return [reason for reason in found[:most] if reason.size >= _SHARE * found[0].size]


def _direction(column: Column, x: Floats, added: Floats) -> str:
    """How a column moves the effect, in words.

    >>> _direction(Column("tier", "text", "Base", "Gold"), np.array([0.0, 1.0]), np.array([0.2, -0.1]))
    'more where tier is Gold'
    >>> _direction(Column("visits_90d", "number"), np.array([0.0, 1.0, 2.0]), np.array([0.2, 0.0, -0.2]))
    'more where visits_90d is low (below 1)'
    """
    number = column.kind == "number"
    ranks = np.argsort(np.argsort(x, kind="stable"), kind="stable").astype(np.float64)
    along = float(np.corrcoef(ranks if number else x, added)[0, 1]) if np.ptp(x) > 0 and np.ptp(added) > 0 else 0.0
    if not number:
        if along < 0 and column.otherwise is not None:
            return f"more where {column.otherwise}"
        return f"{'more' if along > 0 else 'less'} where {column.words}"
    middle = float(np.median(x))
    if abs(along) < _THROUGHOUT:
        return f"by {column.words}, neither more nor less throughout"
    return f"more where {column.words} is {f'high (above {middle:.4g})' if along > 0 else f'low (below {middle:.4g})'}"
