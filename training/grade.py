"""A backtest in a word that a manager understands, by a rule that is stated.

======================================  ==============================================================================
grade                                   where
======================================  ==============================================================================
good                                    in log loss it beats every rule, each paired 95 % interval above 0, and its
                                        calibration error is at most 0.03 above what chance alone makes of a right one
fair                                    it beats saying the same of everyone, and no rule is shown to beat it
not better than a simple rule           a rule is shown to beat it, or saying the same of everyone may be as good
not known                               fewer than 100 forecasts whose outcome is known, or than 10 who left or stayed (who
                                        kept or changed their tier)
======================================  ==============================================================================

Intervals and calibration are those of all cutoffs together. Calibration of tiers is that of keeping the tier held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from features.errors import listed
from training.backtest import OURS, Origin
from training.scoreboard import ALL, CHANCE, CHURN, PAIRED, TIER, Score
from training.slices import FEW_OF_A_KIND, FEW_ROWS

Word = Literal["good", "fair", "not better than a simple rule", "not known"]
TOLERANCE: Final = 0.03
RULE: Final = (
    "Good: beats every simple rule in log loss, each paired 95 % interval above 0, and its calibration error is at most "
    f"{TOLERANCE:.2f} above what chance alone makes. Fair: beats saying the same of everyone, and no rule is shown to beat "
    f"it. Not better than a simple rule: otherwise. Not known: fewer than {FEW_ROWS} outcomes, or than {FEW_OF_A_KIND} of "
    "a kind."
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


def grades(found: Sequence[Score], origins: Sequence[Origin]) -> list[Grade]:
    """The grade of churn, and of the next tier where it was scored.

    Parameters
    ----------
    found : the scores of ``origins``
    """
    seen = {CHURN: _left(origins), TIER: _moved(origins)}
    targets = [CHURN, *([TIER] if any(score.target == TIER for score in found) else [])]
    return [grade(found, target, len(seen[target]), int(seen[target].sum())) for target in targets]


def grade(found: Sequence[Score], target: str, rows: int, changed: int) -> Grade:
    """The grade of one target, from its paired intervals and its calibration.

    Parameters
    ----------
    rows : forecasts scored
    changed : how many of these members left, or changed their tier

    >>> grade([], "churn", 0, 0).word
    'not known'
    """
    if rows < FEW_ROWS or min(changed, rows - changed) < FEW_OF_A_KIND:
        kinds = ("left", "stayed") if target == CHURN else ("changed their tier", "kept it")
        counts = f"{rows:,} outcomes, {changed:,} who {kinds[0]} and {rows - changed:,} who {kinds[1]}"
        return Grade(target, "not known", f"Too few to say: {counts}.")
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


def _left(origins: Sequence[Origin]) -> npt.NDArray[np.bool_]:
    parts = [origin.labels.churned for origin in origins if origin.labels is not None]
    return np.concatenate(parts) if parts else np.zeros(0, np.bool_)


def _moved(origins: Sequence[Origin]) -> npt.NDArray[np.bool_]:
    parts = []
    for origin in origins:
        state, labels = origin.forecasts.table.state, origin.labels
        if state is not None and labels is not None and labels.next_tier is not None:
            parts.append(labels.next_tier != state.tier)
    return np.concatenate(parts) if parts else np.zeros(0, np.bool_)


def _named(models: Sequence[str]) -> str:
    return listed(models)


def _is(models: Sequence[str]) -> str:
    return "is" if len(models) == 1 else "are"
