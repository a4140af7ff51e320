"""A backtest in a word that a manager understands, by a rule that is stated.

======================================  ==============================================================================
grade                                   where
======================================  ==============================================================================
good                                    in log loss it beats every rule, each paired 95 % interval above 0, and its
                                        calibration error is at most 0.03 above what chance alone makes of a right one
fair                                    it beats saying the same of everyone, and no rule is shown to beat it
not better than a simple rule           a rule is shown to beat it, or saying the same of everyone may be as good
not known                               no outcome was known, or nothing to compare it with
======================================  ==============================================================================

Intervals and calibration are those of all cutoffs together. Calibration of tiers is that of keeping the tier held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from features.errors import listed
from training.backtest import OURS
from training.scoreboard import ALL, CHANCE, CHURN, PAIRED, TIER, Score

Word = Literal["good", "fair", "not better than a simple rule", "not known"]
TOLERANCE: Final = 0.03
RULE: Final = (
    "Good: beats every simple rule in log loss, each paired 95 % interval above 0, and its calibration error is at most "
    f"{TOLERANCE:.2f} above what chance alone makes. Fair: beats saying the same of everyone, and no rule is shown to beat "
    "it. Not better than a simple rule: otherwise."
)
_SAME: Final = {CHURN: "base rate", TIER: "same tier"}


@dataclass(frozen=True)
class Grade:
    """The word for a target, and why."""

    target: str
    word: Word
    why: str

    def __str__(self) -> str:
        return f"{self.target}: {self.word}. {self.why}"

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {**vars(self)}


def grades(found: Sequence[Score]) -> list[Grade]:
    """The grade of churn, and of the next tier where it was scored.

    Parameters
    ----------
    found : of all cutoffs, or of one
    """
    targets = [CHURN, *([TIER] if any(score.target == TIER for score in found) else [])]
    return [grade(found, target) for target in targets]


def grade(found: Sequence[Score], target: str) -> Grade:
    """The grade of one target, from its paired intervals and its calibration.

    >>> grade([], "churn").word
    'not known'
    """
    pooled = any(score.cutoff == ALL for score in found)
    last = ALL if pooled else max((score.cutoff for score in found), default="")
    mine = [score for score in found if score.target == target and score.cutoff == last]
    rivals = {score.model: score.estimate for score in mine if score.metric == PAIRED}
    own = {score.metric: score.estimate.value for score in mine if score.model == OURS}
    if not rivals or not {"ECE", CHANCE} <= own.keys():
        return Grade(target, "not known", "No outcome could be compared with a simple rule.")
    better = [model for model, change in rivals.items() if change.high < 0]
    level = [model for model, change in rivals.items() if not change.low > 0 and model not in better]
    if better:
        return Grade(target, "not better than a simple rule", f"{_named(better)} {_is(better)} better in log loss.")
    if _SAME[target] in level:
        return Grade(
            target,
            "not better than a simple rule",
            f"It cannot be told apart from '{_SAME[target]}', which knows no member.",
        )
    error, chance = own["ECE"], own[CHANCE]
    said = f"calibration error {error:.3f}, of which chance alone makes {chance:.3f}"
    calibrated = error <= TOLERANCE + chance
    if level:
        return Grade(target, "fair", f"It cannot be told apart from {_named(level)}; {said}.")
    if not calibrated:
        return Grade(target, "fair", f"It beats all {len(rivals)} simple rules, but its level is off: {said}.")
    return Grade(target, "good", f"It beats all {len(rivals)} simple rules; {said}.")


def _named(models: Sequence[str]) -> str:
    return listed(models)


def _is(models: Sequence[str]) -> str:
    return "is" if len(models) == 1 else "are"
