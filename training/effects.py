"""What an ablation found: the change of each figure by each trial, as a table to read and as a frame."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from features.feature import Feature
from training.metrics import Estimate

if TYPE_CHECKING:
    import pandas as pd

WORTH: Final = 0.001
"""Log loss below which a gain is not worth a feature."""
OUT: Final = "left out"
IN: Final = "put in"
ALL: Final = "all"
Change = Literal["left out", "put in"]
Verdict = Literal["pays", "does not pay", "cannot tell"]
_HEADINGS: Final = {
    OUT: "Left out of the reference: above 0 in log loss, and below 0 in AUC, they were worth having",
    IN: "Put into the reference: below 0 in log loss, and above 0 in AUC, they are worth having",
}


@dataclass(frozen=True)
class Trial:
    """A change of the reference: ``group`` is a family, or a single feature; ``features`` is what is left after it."""

    group: str
    change: Change
    changed: tuple[str, ...]
    features: tuple[Feature, ...]


@dataclass(frozen=True)
class Effect:
    """What a trial changes: each estimate is the trial's figure less the reference's, at a cutoff or at 'all'."""

    cutoff: str
    trial: Trial
    churn: Estimate
    auc: Estimate
    tier: Estimate | None

    @property
    def verdict(self) -> Verdict:
        """Whether the features pay, in log loss of churn or of the next tier.

        They pay where one of the gains is above 0 with its whole interval and neither is below; they do not where neither
        interval reaches ``WORTH``.
        """
        changes = [change for change in (self.churn, self.tier) if change is not None]
        sign = 1.0 if self.trial.change == OUT else -1.0
        gains = [sorted((sign * change.low, sign * change.high)) for change in changes]
        if any(low > 0 for low, _ in gains) and not any(high < 0 for _, high in gains):
            return "pays"
        return "does not pay" if all(high < WORTH for _, high in gains) else "cannot tell"


@dataclass(frozen=True)
class Ablation:
    """The reference's own figures, by metric, and the effects of all trials, each cutoff's and those of all together."""

    reference: tuple[Feature, ...]
    cutoffs: tuple[dt.date, ...]
    forecasts: int
    figures: dict[str, Estimate]
    effects: tuple[Effect, ...]

    @property
    def overall(self) -> list[Effect]:
        """Of all cutoffs together."""
        scope = ALL if len(self.cutoffs) > 1 else str(self.cutoffs[0])
        return [effect for effect in self.effects if effect.cutoff == scope]

    def to_text(self) -> str:
        """A row a family or feature, a column a metric: the change and its 95 % interval over members, and the verdict."""
        dates = ", ".join(str(cutoff) for cutoff in self.cutoffs)
        lines = [f"Reference: {len(self.reference)} features, {self.forecasts:,} forecasts at {dates}"]
        lines += [f"  {metric:<20}{estimate}" for metric, estimate in self.figures.items()]
        for change, heading in _HEADINGS.items():
            lines += _part(heading, [effect for effect in self.overall if effect.trial.change == change])
        lines += [
            "",
            f"pays: the interval lies beyond 0; does not pay: it stays under {WORTH} of log loss; one in twenty is wrong",
        ]
        return "\n".join(lines)

    def to_pandas(self) -> pd.DataFrame:
        """cutoff, group, change, features, metric, value, low, high, verdict: a row an effect and metric."""
        import pandas as pd

        rows = []
        for effect in self.effects:
            metrics = {"churn log loss": effect.churn, "AUC": effect.auc, "next-tier log loss": effect.tier}
            for metric, change in metrics.items():
                if change is not None:
                    trial = effect.trial
                    changed = " ".join(trial.changed)
                    figures = (change.value, change.low, change.high)
                    rows.append((effect.cutoff, trial.group, trial.change, changed, metric, *figures, effect.verdict))
        columns = ["cutoff", "group", "change", "features", "metric", "value", "low", "high", "verdict"]
        return pd.DataFrame(rows, columns=columns)


def _part(heading: str, effects: Sequence[Effect]) -> list[str]:
    if not effects:
        return []
    tiers = effects[0].tier is not None
    metrics = ["churn log loss", "AUC", *(["next-tier log loss"] if tiers else [])]
    width = max(len("features"), *(len(effect.trial.group) for effect in effects)) + 2
    lines = ["", heading, f"  {'':<{width}}{'n':>3}  " + "".join(f"{metric:<29}" for metric in metrics) + "verdict"]
    for effect in effects:
        changes = [effect.churn, effect.auc, *([effect.tier] if effect.tier is not None else [])]
        cells = "".join(f"{signed(change):<29}" for change in changes)
        lines.append(f"  {effect.trial.group:<{width}}{len(effect.trial.changed):>3}  {cells}{effect.verdict}")
    return lines


def signed(change: Estimate) -> str:
    """A change with its sign.

    >>> signed(Estimate(0.0012, -0.0003, 0.0026))
    '+0.0012 [-0.0003, +0.0026]'
    """
    return f"{change.value:+.4f} [{change.low:+.4f}, {change.high:+.4f}]"
