"""All checks, run one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from training.checks.check import Check, Finding
from training.checks.contributions import Contributions
from training.checks.drift import Drift
from training.checks.duplicates import Duplicates
from training.checks.empty_feature import EmptyFeature
from training.checks.evidence import Evidence
from training.checks.few_churners import FewChurners
from training.checks.incoherent import Incoherent
from training.checks.leak_feature import LeakingFeature
from training.checks.leak_future import LeakingFuture
from training.checks.miscalibrated import Miscalibrated
from training.checks.season import SeasonUncovered
from training.checks.unstable import Unstable
from training.checks.worse_rule import WorseThanRule


def all_checks() -> tuple[Check, ...]:
    """One of each, in the order in which they are reported."""
    return (
        LeakingFeature(),
        LeakingFuture(),
        WorseThanRule(),
        Miscalibrated(),
        Unstable(),
        SeasonUncovered(),
        Drift(),
        FewChurners(),
        Duplicates(),
        EmptyFeature(),
        Contributions(),
        Incoherent(),
    )


def run_checks(evidence: Evidence, checks: Sequence[Check] | None = None) -> list[Finding]:
    """A finding a check, in their order. A check that breaks is a warning, and stops no other and no training."""
    return [_run(check, evidence) for check in (all_checks() if checks is None else checks)]


def _run(check: Check, evidence: Evidence) -> Finding:
    # Of whatever kind; an error's text may name a member, so its kind alone is told.
    try:
        return check.run(evidence)
    except Exception as error:
        return check.say("warning", f"The check itself broke, with {type(error).__name__}: what it looks for is not known.")
