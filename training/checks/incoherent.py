"""Answers that contradict each other."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from features.operators import Floats
from training.checks.check import Check, Finding
from training.checks.evidence import Answers, Evidence

TOLERANCE: Final = 1e-9


class Incoherent(Check):
    """What is said of one member, part against part."""

    code = "TC-INCOHERENT"
    title = "Forecasts of one member contradict each other"
    finds = (
        "For any member to be scored: a probability is no number from 0 to 1; tier probabilities do not sum to 1; a "
        "tier below the one already secured has a probability, where returns do not count; a tier that takes a "
        "purchase is likelier than a purchase; expected spend is below 0 or not finite; the probability of no spend "
        "is not that of leaving; or quantiles of spend fall as their level rises, or are not 0 up to the probability "
        "of leaving."
    )
    remedy = (
        "All of these come from one distribution, so this is a fault of the model's parts or of how they were saved: "
        "do not serve it."
    )

    def run(self, evidence: Evidence) -> Finding:
        """Count the members for which each rule is broken."""
        answers = evidence.answers
        if answers is None or not len(answers.p_churn):
            return self.not_applicable("There is no forecast to be served.")
        n = len(answers.p_churn)
        broken: dict[str, int] = {}
        for rule, bad in {**_churn(answers), **_tiers(answers), **_spend(answers)}.items():
            broken[rule] = n if bad is None else int(bad.sum())
        figures = {rule: float(count) for rule, count in broken.items()}
        wrong = [f"{rule} ({count:,})" for rule, count in broken.items() if count]
        if wrong:
            return self.say("failed", f"Of {n:,} members, so many break a rule: {'; '.join(wrong)}.", figures)
        return self.say("ok", f"{n:,} members keep all of {len(broken)} rules.", figures)


_Bad: TypeAlias = dict[str, Any]
"""Rule → (n_rows,) of bool, who breaks it; None where the array does not fit, and all do."""


def _churn(answers: Answers) -> _Bad:
    return {"p_churn is from 0 to 1": ~_probability(answers.p_churn)}


def _tiers(answers: Answers) -> _Bad:
    p, churn = answers.p_tier, answers.p_churn
    if p is None:
        return {}
    if p.ndim != 2 or len(p) != len(churn):
        return {"tiers have a row a member": None}
    found: _Bad = {
        "tier probabilities are from 0 to 1": ~_probability(p).all(axis=1),
        "tier probabilities sum to 1": ~(np.abs(p.sum(axis=1) - 1.0) <= TOLERANCE),
    }
    if answers.secured is not None and answers.keeps_secured:
        below = np.arange(p.shape[1]) < answers.secured[:, None]
        found["nothing below what is secured"] = ~(np.where(below, p, 0.0).sum(axis=1) <= TOLERANCE)
    if answers.need_purchase is not None and answers.need_purchase.shape == p.shape:
        at_least = np.cumsum(p[:, ::-1], axis=1)[:, ::-1]
        above = answers.need_purchase & ~(at_least <= 1.0 - churn[:, None] + TOLERANCE)
        found["no tier that takes a purchase is likelier than one"] = above.any(axis=1)
    return found


def _spend(answers: Answers) -> _Bad:
    found: _Bad = {}
    n = len(answers.p_churn)
    if (spend := answers.expected_spend) is not None:
        found["expected spend is finite and at least 0"] = (
            ~(np.isfinite(spend) & (spend >= 0)) if spend.shape == (n,) else None
        )
    if (mass := answers.zero_mass) is not None:
        found["no spend is as likely as leaving"] = (
            ~(np.abs(mass - answers.p_churn) <= TOLERANCE) if mass.shape == (n,) else None
        )
    if answers.spend_quantiles:
        levels = sorted(answers.spend_quantiles)
        if any(answers.spend_quantiles[level].shape != (n,) for level in levels):
            return {**found, "quantiles of spend have a row a member": None}
        values = np.column_stack([answers.spend_quantiles[level] for level in levels])
        found["quantiles of spend rise"] = ~(np.diff(values, axis=1) >= 0).all(axis=1) | ~np.isfinite(values).all(axis=1)
        gone = np.array(levels) < answers.p_churn[:, None] - TOLERANCE
        there = np.array(levels) > answers.p_churn[:, None] + TOLERANCE
        found["spend is 0 up to the probability of leaving"] = ((gone & (values != 0)) | (there & ~(values > 0))).any(axis=1)
    return found


def _probability(values: Floats) -> npt.NDArray[np.bool_]:
    return np.isfinite(values) & (values >= -TOLERANCE) & (values <= 1.0 + TOLERANCE)
