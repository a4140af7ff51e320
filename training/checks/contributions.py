"""Reasons that do not add up to what is served."""

from __future__ import annotations

from typing import Final

import numpy as np

from features.operators import Floats
from training.checks.check import Check, Finding
from training.checks.evidence import Evidence, Explained

TOLERANCE: Final = 1e-9


class Contributions(Check):
    """Base, contributions and named terms, added up row by row."""

    code = "TC-CONTRIBUTIONS"
    title = "Contributions do not sum to what is served"
    finds = (
        "For any explained quantity and any row, the base, the contributions of the features and the named terms "
        f"(season, purchase process) add up to something else than what is served, by more than {TOLERANCE:g} of the "
        "largest of them, or one is no number."
    )
    remedy = (
        "Reasons would be wrong without anyone noticing: do not serve them. Save and load the model again; if it "
        "stays, it is a fault."
    )

    def run(self, evidence: Evidence) -> Finding:
        """The largest gap of each explained quantity."""
        explained = [part for part in evidence.explained if len(part.total)]
        if not explained:
            return self.not_applicable("Nothing to be served is explained.")
        wrong, figures, rows = [], {}, 0
        for part in explained:
            gap = gaps(part)
            rows += len(part.total)
            if gap is None:
                wrong.append(f"{part.name}: the explanation has another shape than what it explains")
                continue
            off = ~(gap <= TOLERANCE)
            figures[f"largest gap of {part.name}"] = float(gap.max())
            if off.any():
                wrong.append(
                    f"{part.name}: {int(off.sum()):,} of {len(gap):,} rows are off, by up to {gap.max():.2g} of their size"
                )
        if wrong:
            return self.say("failed", f"{'; '.join(wrong)}.", figures)
        largest = max(figures.values())
        return self.say("ok", f"{rows:,} explanations add up, to {largest:.1g} of their size.", figures)


def gaps(part: Explained) -> Floats | None:
    """(n_rows,) what is missing to the total, as a share of the largest part of the sum; NaN where one is no number.

    None where the shapes do not fit.
    """
    shape, given = part.total.shape, [np.asarray(part.base, np.float64), *part.terms.values()]
    if part.contributions.ndim != 2 or part.contributions.shape[:1] != shape:
        return None
    if any(term.shape not in ((), shape) for term in given):
        return None
    terms = np.column_stack([part.contributions, *(np.broadcast_to(term, shape) for term in given)])
    size = np.maximum(np.abs(terms).max(axis=1), np.maximum(np.abs(part.total), 1.0))
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(terms.sum(axis=1) - part.total) / size)
