"""Findings as text for a terminal, and as plain values for JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any, Final

from training.checks.check import STATUSES, Finding, Status

_COLUMNS: Final = 138


def worst(findings: Sequence[Finding]) -> Status:
    """The gravest status; 'not applicable' without findings.

    >>> worst([Finding("TC-A", "a", "ok", "fine."), Finding("TC-B", "b", "warning", "odd.")])
    'warning'
    """
    return max((finding.status for finding in findings), key=STATUSES.index, default="not applicable")


def to_text(findings: Sequence[Finding], *, all_of_them: bool = False) -> str:
    """Failures, then warnings, with what to do; what is well, or could not be looked at, in a line, or each if asked.

    >>> print(to_text([Finding("TC-A", "a", "ok", "fine."), Finding("TC-B", "b", "warning", "3 rows.", "Look at them.")]))
    Checks: 1 warning, 1 ok
      warning  TC-B  3 rows.
               Look at them.
    """
    by_status = {status: [finding for finding in findings if finding.status == status] for status in reversed(STATUSES)}
    counts = [
        f"{len(found)} {status}{'s' if status == 'warning' and len(found) > 1 else ''}"
        for status, found in by_status.items()
        if found
    ]
    lines = [f"Checks: {', '.join(counts) or 'none'}"]
    told: tuple[Status, ...] = STATUSES if all_of_them else ("warning", "failed")
    for status, found in by_status.items():
        if status not in told:
            continue
        indent = len(status) + 4
        for finding in found:
            lines.append(_filled(f"  {status}  {finding.code}  {finding.found}", indent))
            if finding.fix:
                lines.append(_filled(f"{' ' * indent}{finding.fix}", indent))
    return "\n".join(lines)


def _filled(line: str, indent: int) -> str:
    """A line broken where it is longer than a terminal is wide."""
    return textwrap.fill(line, _COLUMNS, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)


def to_plain(findings: Sequence[Finding]) -> dict[str, Any]:
    """Plain values: the worst status, and each finding."""
    return {"worst": worst(findings), "findings": [finding.to_dict() for finding in findings]}
