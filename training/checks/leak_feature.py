"""A feature that tells alone what nobody can know."""

from __future__ import annotations

from typing import Final

import numpy as np

from features.operators import Floats
from training.checks.check import Check, Finding
from training.checks.evidence import Evidence, Rows
from training.checks.leak_future import sample
from training.metrics import auc

FAILS_FROM: Final = 0.97
STANDS_OUT_FROM: Final = 0.92
STANDS_OUT_BY: Final = 0.08
_LEAST_ROWS: Final = 50
_MOST_ROWS: Final = 50_000
"""More rows would take long and tell no more."""
_BINS: Final = 50
_COPIES_FROM: Final = 0.9
"""Rank correlation from which a feature tells the same as another."""


class LeakingFeature(Check):
    """Each feature alone, as a ranking of the training rows."""

    code = "TC-LEAK-FEATURE"
    title = "A feature alone is too good"
    finds = (
        f"One feature alone ranks leavers above stayers of the training rows with an AUC of more than {FAILS_FROM} "
        f"(failed), or of more than {STANDS_OUT_FROM} while no feature that is not nearly its copy comes within "
        f"{STANDS_OUT_BY} of it (warning). How long a member has been silent honestly reaches .8 to .9, and never "
        "stands alone: rates and gaps tell much of it."
    )
    remedy = (
        "Look at how the feature is made: does it read anything from the cutoff on, or a column that is filled in "
        "afterwards, such as a closing date? Leave it out until that is known."
    )

    def run(self, evidence: Evidence) -> Finding:
        """AUC of each feature, in its own order or as the leaving rates of its values."""
        rows = evidence.training
        if rows is None or rows.churned is None or not rows.names:
            return self.not_applicable("There are no training rows to look at.")
        leavers = int(rows.churned.sum())
        if len(rows) < _LEAST_ROWS or not 5 <= leavers <= len(rows) - 5:
            return self.not_applicable(f"{leavers} of {len(rows)} training rows left: too few of one kind to rank.")
        rows = rows.take(sample(np.arange(len(rows)), _MOST_ROWS))
        alone = np.array([alone_auc(rows.x[:, j], rows) for j in range(len(rows.names))])
        best = int(alone.argmax())
        rest = _rest(rows, alone, best)
        figures = {"AUC": float(alone[best]), "next": rest}
        table = [{"feature": rows.names[j], "AUC": float(alone[j])} for j in np.argsort(-alone, kind="stable")[:5]]
        name = rows.names[best]
        if alone[best] > FAILS_FROM:
            names = ", ".join(rows.names[j] for j in np.flatnonzero(alone > FAILS_FROM))
            text = f"{names} alone: AUC up to {alone[best]:.3f} on the training rows, above {FAILS_FROM}."
            return self.say("failed", text, figures, table)
        if alone[best] > STANDS_OUT_FROM and alone[best] - rest > STANDS_OUT_BY:
            text = f"{name} alone has an AUC of {alone[best]:.3f}; no other but its copies comes above {rest:.3f}."
            return self.say("warning", text, figures, table)
        return self.say("ok", f"The strongest feature alone, {name}, has an AUC of {alone[best]:.3f}.", figures, table)


def alone_auc(values: Floats, rows: Rows) -> float:
    """AUC of a feature alone, at least .5: by its order, or by the leaving rate that other members show for its value.

    The second sees leaks that do not rise or fall, and leaks through what is missing.
    """
    assert rows.churned is not None
    y = rows.churned.astype(np.float64)
    there = np.isfinite(values)
    lowest = np.where(there, values, np.inf).min() - 1.0 if there.any() else 0.0
    order = auc(y, np.where(there, values, lowest))
    return max(order, 1.0 - order, auc(y, _rates(values, there, rows.member, y)))


def _rates(values: Floats, there: np.ndarray, member: np.ndarray, y: Floats) -> Floats:
    """(n_rows,) leaving rate of each row's bin among the members of the other half, 1 row of the overall rate added."""
    edges = np.unique(np.quantile(values[there], np.linspace(0, 1, _BINS + 1)[1:-1])) if there.any() else np.empty(0)
    bins = np.where(there, np.searchsorted(edges, values, "right") + 1, 0)
    _, dealt = np.unique(member, return_inverse=True)
    half = np.random.default_rng(0).permutation(int(dealt.max()) + 1)[dealt] % 2
    rates = np.empty(len(y))
    for own in (0, 1):
        other = half != own
        size = np.bincount(bins[other], minlength=len(edges) + 2)
        left = np.bincount(bins[other], weights=y[other], minlength=len(edges) + 2)
        rates[~other] = ((left + y.mean()) / (size + 1.0))[bins[~other]]
    return rates


def _rest(rows: Rows, alone: Floats, best: int) -> float:
    """The best AUC among features that do not nearly copy the best one; .5 without any."""
    ranks = _ranks(rows.x[:, best])
    found = 0.5
    for j in np.argsort(-alone, kind="stable").tolist():
        if j == best or np.ptp(other := _ranks(rows.x[:, j])) == 0:
            continue
        if np.ptp(ranks) == 0 or abs(np.corrcoef(ranks, other)[0, 1]) < _COPIES_FROM:
            return max(found, float(alone[j]))
    return found


def _ranks(values: Floats) -> Floats:
    there = np.isfinite(values)
    filled = np.where(there, values, np.inf)
    return np.unique(filled, return_inverse=True)[1].astype(np.float64)
