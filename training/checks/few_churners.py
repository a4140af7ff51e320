"""Too little to learn from."""

from __future__ import annotations

from typing import Final

import numpy as np

from training.checks.check import Check, Finding
from training.checks.evidence import Evidence

FEW: Final = 100


class FewChurners(Check):
    """Rows and members of each kind among those learned from."""

    code = "TC-FEW-CHURNERS"
    title = "Too few members of a kind were learned from"
    finds = (
        f"Fewer than {FEW} different members of the training rows left, or fewer than {FEW} stayed (warning). A tree "
        f"of 8 leaves has about a dozen of {FEW} in each, and a rate seen in {FEW} members is known to a tenth of "
        "itself. It fails where none of a kind is there: then nothing but a constant can be learned. Rows of one "
        "member at several cutoffs are not independent, so members count and not rows."
    )
    remedy = (
        "Give a longer log, or more members; or a longer horizon if hardly any stay, a shorter one if hardly any "
        "leave. Until then read the forecast as a rule of thumb: its intervals are as wide as the report shows."
    )

    def run(self, evidence: Evidence) -> Finding:
        """Count each kind."""
        rows = evidence.training
        if rows is None or rows.churned is None or not len(rows):
            return self.not_applicable("There are no training rows to count.")
        counts = {
            "left": (int(rows.churned.sum()), len(np.unique(rows.member[rows.churned]))),
            "stayed": (int((~rows.churned).sum()), len(np.unique(rows.member[~rows.churned]))),
        }
        figures = {
            f"{part} that {kind}": float(n) for kind, both in counts.items() for part, n in zip(_PARTS, both, strict=True)
        }
        text = " and ".join(f"{n:,} rows of {m:,} members {kind}" for kind, (n, m) in counts.items())
        rarest = min(members for _, members in counts.values())
        if rarest >= FEW:
            return self.say("ok", f"{text}.", figures)
        if rarest:
            return self.say("warning", f"{text}: fewer than {FEW} members of a kind.", figures)
        return self.say("failed", f"{text}: one kind is all there is.", figures)


_PARTS: Final = ("rows", "members")
