"""A model that is good at one cutoff and poor at the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from training.checks.check import Check, Finding
from training.checks.evidence import Evidence, Outcome
from training.checks.noise import Measured, measured_auc, measured_mean, spread_beyond_noise
from training.metrics import log_losses

SPREAD: Final = 0.03


class Unstable(Check):
    """The figures of each past cutoff, and whether chance alone could make them so different."""

    code = "TC-UNSTABLE"
    title = "Figures differ from cutoff to cutoff"
    finds = (
        "Between the backtest's cutoffs the AUC, the gain in log loss over the rate that came, or the mean error "
        "differ more than chance gives once in a hundred (Cochran's Q), and by a standard deviation beyond noise of "
        f"more than {SPREAD}."
    )
    remedy = (
        "One cutoff's figures do not stand for the next: expect the spread in the table, not the interval of a single "
        "cutoff. A mean error that swings is season or a change in the shop; an AUC that swings, members of another "
        "kind."
    )

    def run(self, evidence: Evidence) -> Finding:
        """Spread of each figure over cutoffs beyond noise."""
        outcomes = [outcome for outcome in evidence.outcomes if _both(outcome)]
        if len(outcomes) < 2:
            return self.not_applicable(
                f"{len(outcomes)} past cutoffs have an outcome of both kinds: it takes two to differ."
            )
        found = {name: [figure(outcome) for outcome in outcomes] for name, figure in _FIGURES.items()}
        found = {name: figures for name, figures in found.items() if all(np.isfinite(f.error) for f in figures)}
        if not found:
            return self.not_applicable("The cutoffs have too few forecasts for an error of any figure.")
        spreads = {name: spread_beyond_noise(*_arrays(figures)) for name, figures in found.items()}
        table = [
            {"cutoff": str(outcome.cutoff), **{name: figures[i].value for name, figures in found.items()}}
            for i, outcome in enumerate(outcomes)
        ]
        figures = {f"spread of {name}": spread.beyond for name, spread in spreads.items()}
        unsteady = [name for name, spread in spreads.items() if spread.real and spread.beyond > SPREAD]
        parts = [_range(name, found[name], spreads[name].beyond) for name in (unsteady or spreads)]
        text = f"Over {len(outcomes)} cutoffs: {'; '.join(parts)}."
        return self.say("warning" if unsteady else "ok", text, figures, table)


def _range(name: str, figures: list[Measured], beyond: float) -> str:
    values = [figure.value for figure in figures]
    return f"{name} from {min(values):.3f} to {max(values):.3f} ({beyond:.3f} beyond noise)"


def _arrays(figures: list[Measured]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([figure.value for figure in figures]), np.array([figure.error for figure in figures])


def _both(outcome: Outcome) -> bool:
    p = outcome.churn[outcome.ours]
    return bool(outcome.churned.any() and not outcome.churned.all() and np.isfinite(p).all())


def _auc(outcome: Outcome) -> Measured:
    return measured_auc(outcome.churned, outcome.churn[outcome.ours])


def _gain(outcome: Outcome) -> Measured:
    """Log loss below that of the rate that came: comparable between cutoffs of different levels."""
    y = outcome.churned.astype(np.float64)
    known = log_losses(y, np.full(len(y), y.mean()))
    return measured_mean(known - log_losses(y, outcome.churn[outcome.ours]), outcome.member)


def _error(outcome: Outcome) -> Measured:
    return measured_mean(outcome.churned - outcome.churn[outcome.ours], outcome.member)


_FIGURES: Final[dict[str, Callable[[Outcome], Measured]]] = {"AUC": _auc, "gain in log loss": _gain, "mean error": _error}
