"""Evidence written by hand: a sound programme as plain arrays, for checks that are to be given one fault."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from features.operators import Floats
from features.snapshot import to_day
from training.checks import Evidence, Outcome, Rows

AS_OF = dt.date(2021, 3, 1)
OURS = "ours"


def evidence(**parts: Any) -> Evidence:
    """With the parts named and nothing else."""
    return Evidence(AS_OF, 28, 91, **parts)


def rows(members: int = 300, cutoffs: int = 4, features: int = 3, seed: int = 0) -> Rows:
    """Members at cutoffs four weeks apart; the first feature tells something of who leaves, the others nothing."""
    rng = np.random.default_rng(seed)
    member = np.tile(np.arange(members), cutoffs)
    newest = to_day(AS_OF) - 28
    cutoff = np.repeat(newest - 28 * np.arange(cutoffs)[::-1], members)
    x = rng.normal(size=(len(member), features))
    churned = rng.random(len(member)) < 1 / (1 + np.exp(0.5 - x[:, 0]))
    return Rows(tuple(f"f{j}" for j in range(features)), x, member, cutoff, churned)


def outcome(n: int = 2_000, *, seed: int = 0, months_ago: int = 1, shift: float = 0.0, stretch: float = 1.0) -> Outcome:
    """Forecasts that come true, and a base rate; ``shift`` and ``stretch`` what is said, in log-odds, away from that."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(-0.5, 1.2, n)
    churned = rng.random(n) < probability(truth)
    said = probability(truth * stretch + shift)
    rate = np.full(n, probability(np.array(-0.5)))
    cutoff = AS_OF - dt.timedelta(days=28 * months_ago)
    return Outcome(cutoff, np.arange(n), OURS, {OURS: said, "base rate": rate}, churned)


def probability(log_odds: Floats) -> Floats:
    """Log-odds as probabilities."""
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)))
