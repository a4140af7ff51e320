"""Scoring runs made by hand, with a reference of three inputs and a forecast."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np

from serving.watch.judging import AUC, LEFT, OFF, SPEND_TOTAL, TIER_LOSS
from serving.watch.runs import Outcome, Run
from training.metrics import Estimate
from training.reference import Quantity, Reference

DAY = dt.date(2020, 6, 1)
EVEN = (0, 250, 250, 250, 250)
SKEWED = (0, 700, 100, 100, 100)
EDGES = np.array([1.0, 2.0, 3.0])
NAMES = {"a": "feature", "b": "feature", "c": "log", "p_churn": "forecast"}
REFERENCE = Reference(
    "v",
    28,
    (DAY,),
    tuple(Quantity(name, kind, EDGES, np.array([EVEN])) for name, kind in NAMES.items()),  # type: ignore[arg-type]
    {"members": (1_000.0,)},
    {"rows": 1_000, "no_member": 10},
    {"churn_auc": (0.85, 0.8, 0.9), "next_tier_log_loss": (0.3, 0.2, 0.4)},
)
RUN = Run("v", DAY + dt.timedelta(days=28), 28, 1_000, dict.fromkeys(NAMES, EVEN), {"members": 1_000.0}, {"p_churn": 0.2})


def skewed(*names: str) -> Run:
    return replace(RUN, counts={**RUN.counts, **dict.fromkeys(names, SKEWED)})


def judged(**figures: tuple[float, float, float]) -> Run:
    named = {"auc": AUC, "off": OFF, "tier": TIER_LOSS, "spend": SPEND_TOTAL}
    return replace(RUN, outcome=Outcome(9, 0, {named[key]: Estimate(*value) for key, value in figures.items()}, 0.01))


CALM = replace(
    RUN,
    outcome=Outcome(
        9,
        0,
        {AUC: Estimate(0.84, 0.8, 0.88), OFF: Estimate(0.01, -0.02, 0.03), LEFT: Estimate(0.15, 0.1, 0.2)},
        0.01,
    ),
)
"""Judged, and as was forecast."""
