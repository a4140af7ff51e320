"""Challenger against champion: both recipes refitted at the newest closed origins, their forecasts compared pair by pair.

Not worse is something to be shown: a challenger is promoted when the upper end of the 95 % interval of its loss less the
champion's is at most a stated tolerance, for churn and for the next tier, and none of its checks failed. Too few members to
tell is therefore no promotion, unless both recipes are the same, whose difference is exactly 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np

from features.errors import ConfigError, CutoffError, UnusableLogError, counted
from features.histories import Histories
from features.operators import Floats
from training.metrics import Estimate, mean_estimate
from training.recipe import Losses, Recipe, refit_losses
from training.train import newest_closed

ORIGINS: Final = 2
TOLERANCE: Final = 0.002
"""Most log loss that a challenger may cost at the upper end of its interval."""


@dataclass(frozen=True)
class Change:
    """What a challenger changes of one log loss: ``change`` is its own less the champion's, below 0 where it is better."""

    target: str
    challenger: float
    champion: float
    change: Estimate
    rows: int

    def within(self, tolerance: float) -> bool:
        """Whether it is shown to be not worse by more than a tolerance."""
        return self.change.high <= tolerance


@dataclass(frozen=True)
class Decision:
    """Whether a challenger becomes champion, against whom, by which figures; ``reasons`` say why not."""

    promoted: bool
    challenger: str
    champion: str
    cutoffs: tuple[str, ...]
    tolerance: float
    changes: tuple[Change, ...]
    failed_checks: tuple[str, ...]
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    data_fingerprint: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    def to_text(self) -> str:
        """What a person reads: the figures, and the sentence."""
        lines = [
            f"challenger {self.challenger} against champion {self.champion}",
            f"both refitted at {', '.join(self.cutoffs)}; log loss, 95 % interval over members in brackets",
            f"  {'':<11}{'challenger':>11}{'champion':>11}  change",
        ]
        lines += [
            f"  {change.target:<11}{change.challenger:>11.4f}{change.champion:>11.4f}  {change.change}"
            for change in self.changes
        ]
        lines += [f"  {note}" for note in self.notes]
        if self.promoted:
            lines.append(f"promoted: not worse by more than {self.tolerance:g} in either, and no check failed")
        else:
            lines += [f"refused: {reason}" for reason in self.reasons]
        return "\n".join(lines)


def check_comparable(challenger: Recipe, champion: Recipe, histories: Histories) -> None:
    """Refuse to compare answers to different questions.

    Raises
    ------
    ConfigError
    """
    for name, what in (("horizon_days", "horizon"), ("lookback_days", "look-back")):
        one, other = getattr(challenger, name), getattr(champion, name)
        if one != other:
            raise ConfigError(
                f"challenger and champion have one {what}, or their figures are about different things",
                f"{one} days against {other}",
                "train a challenger like the champion, or name a champion with 'tiercast train --alias champion'",
            )
    for name, what in (("has_amounts", "amounts"), ("time_zone", "time zone")):
        one, other = getattr(challenger, name), getattr(histories, name)
        if one != other:
            raise ConfigError(
                f"a challenger is measured on a log with the {what} that it was trained with",
                f"{other} in place of {one}",
                "give the settings that it was trained with",
            )


def compare(
    histories: Histories,
    challenger: Recipe,
    champion: Recipe,
    *,
    origins: int = ORIGINS,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[list[tuple[Losses, Losses]], list[str]]:
    """Refit both at the newest closed origins, newest first, and take what each forecast cost.

    Tiers are those of the challenger's policy for both: it is what the programme grants from now on.

    Returns
    -------
    (list, list)
        pairs of losses, challenger's and champion's, an origin each; and notes on what was done otherwise

    Raises
    ------
    ConfigError
        the two cannot be compared
    UnusableLogError
        the log is too short for a single origin
    """
    check_comparable(challenger, champion, histories)
    notes = []
    if champion.policy is not None and challenger.policy is not None and champion.policy != challenger.policy:
        notes.append(f"the policies differ: tiers of both are the challenger's, {challenger.policy.version}")
    rival = replace(champion, policy=challenger.policy or champion.policy)
    pairs: list[tuple[Losses, Losses]] = []
    for cutoff in newest_closed(histories.span[1], challenger.horizon_days, origins):
        try:
            say(f"{cutoff}: refitting the challenger's recipe")
            first = refit_losses(histories, cutoff, challenger)
            say(f"{cutoff}: refitting the champion's recipe")
            pairs.append((first, refit_losses(histories, cutoff, rival)))
        except (CutoffError, UnusableLogError) as error:
            if not pairs:
                raise
            notes.append(f"the log is too short for an origin at {cutoff}: {error.rule}")
            break
    return pairs, notes


def decide(
    pairs: Sequence[tuple[Losses, Losses]],
    *,
    challenger: str,
    champion: str,
    failed_checks: Sequence[str],
    tolerance: float = TOLERANCE,
    notes: Sequence[str] = (),
    data_fingerprint: str = "",
) -> Decision:
    """Judge a challenger by paired losses.

    Parameters
    ----------
    pairs : see ``compare``
    challenger, champion : what the models call themselves
    failed_checks : codes of the challenger's checks that failed
    """
    changes = [change("churn", [(ours.churn, theirs.churn) for ours, theirs in pairs], pairs)]
    notes, reasons = list(notes), []
    tiers = [(ours.next_tier, theirs.next_tier) for ours, theirs in pairs]
    both = [(ours, theirs) for ours, theirs in tiers if ours is not None and theirs is not None]
    if len(both) == len(pairs):
        changes.append(change("next tier", both, pairs))
    elif any(theirs is not None for _, theirs in tiers):
        reasons.append("the champion forecasts the next tier and the challenger does not")
    else:
        notes.append("next tier: not applicable, because neither forecasts it")
    reasons += [
        f"{found.target}: the interval of the change in log loss reaches {found.change.high:+.4f}, above {tolerance:g}"
        + ("" if found.change.low > 0 else "; it holds 0, so more members or origins may settle it")
        for found in changes
        if not found.within(tolerance)
    ]
    if failed_checks:
        what = counted(len(failed_checks), "check")
        reasons.append(f"{what} of the challenger's training failed: {', '.join(failed_checks)}")
    return Decision(
        promoted=not reasons,
        challenger=challenger,
        champion=champion,
        cutoffs=tuple(str(ours.cutoff) for ours, _ in pairs),
        tolerance=tolerance,
        changes=tuple(changes),
        failed_checks=tuple(failed_checks),
        reasons=tuple(reasons),
        notes=tuple(notes),
        data_fingerprint=data_fingerprint,
    )


def change(target: str, losses: Sequence[tuple[Floats, Floats]], pairs: Sequence[tuple[Losses, Losses]]) -> Change:
    """The paired change of one loss over all origins; a member's rows at several origins are drawn together."""
    ours = np.concatenate([first for first, _ in losses])
    theirs = np.concatenate([second for _, second in losses])
    members = np.concatenate([first.members for first, _ in pairs])
    return Change(target, float(ours.mean()), float(theirs.mean()), mean_estimate(ours - theirs, members), len(ours))
