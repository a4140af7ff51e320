"""A forecast that a simple rule beats."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from training.checks.check import Check, Finding, Status
from training.checks.evidence import Evidence, Outcome
from training.checks.noise import Measured, measured_mean
from training.effects import WORTH
from training.metrics import class_log_losses, log_losses


class WorseThanRule(Check):
    """Paired losses against every baseline, over all past cutoffs together."""

    code = "TC-WORSE-RULE"
    title = "A rule is better"
    finds = (
        "Over the backtest's cutoffs together, a baseline has a smaller log loss than ours, for churn or for the next "
        "tier, and the 95 % interval over members of the paired difference lies above 0. It fails where the "
        f"difference is more than {WORTH:g}; a smaller one, or one at a single cutoff alone, is a warning."
    )
    remedy = (
        "Do not serve this model: the rule is simpler and better. Look at the calibration and at the season first: a "
        "level that is off costs more than ranking gains; then at how many members were learned from."
    )

    def run(self, evidence: Evidence) -> Finding:
        """Difference in log loss to each rule."""
        found = [*_differences(evidence.outcomes, "all")]
        if not found:
            return self.not_applicable("There is no past cutoff with an outcome and a rule to compare with.")
        single = [row for outcome in evidence.outcomes for row in _differences([outcome], str(outcome.cutoff))]
        table = [
            {"target": target, "rule": rule, "cutoff": at, "worse by": worse.value, "low": worse.low, "high": worse.high}
            for target, rule, at, worse in [*found, *(single if len(evidence.outcomes) > 1 else [])]
        ]
        beaten = [row for row in found if row[3].low > 0]
        once = [row for row in single if row[3].low > 0]
        figures = {"rules": float(len(found)), "better": float(len(beaten)), "better at one cutoff": float(len(once))}
        if beaten:
            status: Status = "failed" if any(row[3].value > WORTH for row in beaten) else "warning"
            text = "; ".join(f"{rule} is better in {target} log loss by {worse}" for target, rule, _, worse in beaten)
            return self.say(status, f"{text}.", figures, table)
        if once:
            text = "; ".join(f"{rule} in {target} log loss at {at} by {worse}" for target, rule, at, worse in once)
            return self.say("warning", f"Better than ours at single cutoffs, though not over all: {text}.", figures, table)
        closest = max(found, key=lambda row: row[3].high)
        text = f"No rule is better in {len(found)} comparisons; the closest, {closest[1]}, is worse by {_less(closest[3])}."
        return self.say("ok", text, figures, table)


def _less(worse: Measured) -> Measured:
    """The same difference, seen from the other side."""
    return Measured(-worse.value, worse.error)


def _differences(outcomes: list[Outcome] | tuple[Outcome, ...], at: str) -> Iterator[tuple[str, str, str, Measured]]:
    """(target, rule, cutoff, our loss less the rule's) for the rules that all of the cutoffs have."""
    outcomes = [outcome for outcome in outcomes if len(outcome.member)]
    if not outcomes:
        return
    member = np.concatenate([outcome.member for outcome in outcomes])
    y = np.concatenate([outcome.churned for outcome in outcomes]).astype(np.float64)
    for rule in _shared([set(outcome.churn) for outcome in outcomes], outcomes[0]):
        ours = log_losses(y, np.concatenate([outcome.churn[outcome.ours] for outcome in outcomes]))
        theirs = log_losses(y, np.concatenate([outcome.churn[rule] for outcome in outcomes]))
        yield "churn", rule, at, measured_mean(ours - theirs, member)
    tiers = [(outcome, outcome.next_tier) for outcome in outcomes if outcome.next_tier is not None]
    if len(tiers) < len(outcomes):
        return
    then = np.concatenate([tier for _, tier in tiers])
    for rule in _shared([set(outcome.tiers) for outcome in outcomes], outcomes[0]):
        ours = class_log_losses(then, np.concatenate([outcome.tiers[outcome.ours] for outcome in outcomes]))
        theirs = class_log_losses(then, np.concatenate([outcome.tiers[rule] for outcome in outcomes]))
        yield "next-tier", rule, at, measured_mean(ours - theirs, member)


def _shared(names: list[set[str]], first: Outcome) -> list[str]:
    common = set.intersection(*names)
    return sorted(common - {first.ours}) if first.ours in common else []
