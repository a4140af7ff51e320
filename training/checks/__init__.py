"""Checks of a training: each a class with a code that says what it found and what to do, or why it does not apply.

::

    findings = run_checks(gather(histories, fitted, forecasts, origins))
    print(to_text(findings))
"""

from training.checks.check import Check, Finding
from training.checks.evidence import Answers, Evidence, Explained, LogCounts, Outcome, Rows
from training.checks.gather import gather
from training.checks.report import to_plain, to_text, worst
from training.checks.suite import all_checks, run_checks

__all__ = [
    "Answers",
    "Check",
    "Evidence",
    "Explained",
    "Finding",
    "LogCounts",
    "Outcome",
    "Rows",
    "all_checks",
    "gather",
    "run_checks",
    "to_plain",
    "to_text",
    "worst",
]
