"""How often 95 % intervals of an effect hold the truth, how wide they are, and how often arms are refused.

Simulated campaigns whose truth is known (tests/trials.py): small and large, unequal shares, shares that differ by tier,
skewed spend with many zeros, few who return. Run by hand: python benchmarks/coverage_effect.py [SIMULATIONS].
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import numpy as np
from scipy import stats
from trials import Simulated, simulate

from retention.effect.checks import ALARM, balance, sample_ratio
from retention.effect.difference import difference
from retention.trial.table import TrialTable

DESIGNS = {
    "200, half held out": (200, 0.5, {}),
    "400, a fifth": (400, 0.2, {}),
    "400, a quarter, few return": (400, 0.25, {"rarely": 2.5}),
    "1,000, a tenth, by tier": (1000, 0.1, {"by_tier": True}),
    "1,000, a tenth, very skewed": (1000, 0.1, {"skew": 1.3}),
    "2,000, a tenth, very skewed": (2000, 0.1, {"skew": 1.3, "by_tier": True}),
    "4,000, 30 %, few return": (4000, 0.3, {"rarely": 2.5, "by_tier": True}),
}
NAMES = ("Member", "Silver", "Gold")


def coverage(simulations: int) -> None:
    """A line a design, outcome and way: covered, width against the plain one, mean error in standard errors of it."""
    print(f"{'design':<30}{'outcome':<10}{'way':<16}{'told':>6}{'covers':>8}{'width':>8}{'bias':>7}{'misses below':>14}")
    for name, (members, share, given) in DESIGNS.items():
        rng = np.random.default_rng(1)
        rows: dict[tuple[str, str], list[tuple[float, ...]]] = {}
        for _ in range(simulations):
            made = simulate(rng, members, share, **given)
            for outcome, known in (("returned", made.p_churn), ("spend", made.expected_spend)):
                for way, ends in _ways(made, outcome, known, plain=not given.get("by_tier")).items():
                    rows.setdefault((outcome, way), []).append((*ends, made.truth[outcome]))
        for (outcome, way), found in rows.items():
            value, low, high, truth = np.array(found).T
            width = np.mean(high - low) / np.mean(np.diff(np.array(rows[outcome, "plain"])[:, 1:3]))
            error = value - truth
            line = f"{name:<30}{outcome:<10}{way:<16}{len(found):>6}{np.mean((low <= truth) & (truth <= high)):>8.1%}"
            print(
                f"{line}{width:>8.3f}{error.mean() / error.std() * np.sqrt(len(found)):>+7.1f}{np.mean(high < truth):>14.1%}"
            )


def _ways(made: Simulated, outcome: str, known: np.ndarray, *, plain: bool) -> dict[str, tuple[float, float, float]]:
    y = getattr(made, outcome)
    ways = {"plain": difference(y, made.treated, made.strata)}
    ways["adjusted"] = difference(y, made.treated, made.strata, known[:, None])
    ends = {way: (one.value, one.low, one.high) for way, one in ways.items() if one.told}
    if plain and outcome == "spend" and ends:
        for way, equal in (("Welch's", False), ("one variance", True)):
            found = stats.ttest_ind(y[made.treated], y[~made.treated], equal_var=equal).confidence_interval(0.95)
            ends[way] = (ways["plain"].value, float(found.low), float(found.high))
    return ends


def refusals(simulations: int) -> None:
    """How often a fair draw is refused, and one that is not."""
    print(f"\n{'refused':<52}{'of 400':>8}{'of 4,000':>10}")
    refused: dict[str, list[float]] = {}
    for members in (400, 4000):
        rng = np.random.default_rng(2)
        seen: dict[str, list[bool]] = {}
        for _ in range(simulations):
            made = simulate(rng, members, 0.3)
            followed = rng.random(members) < np.clip(0.7 + 0.6 * (made.p_churn - made.p_churn.mean()), 0.02, 0.98)
            lost = made.treated | (rng.random(members) > 0.2)
            everybody = np.ones(members, bool)
            for name, treated, kept in (
                ("drawn by lot", made.treated, everybody),
                ("likelier where p_churn is high", followed, everybody),
                ("a fifth of the hold-out lost after the draw", made.treated, lost),
            ):
                trial = _trial(made, treated, kept)
                p = [balance(trial).p]
                if name != "likelier where p_churn is high":  # a share of its own, for what is seen without the ratio
                    p += [one.p for one in sample_ratio(trial, (0.3, 0.7))]
                seen.setdefault(name, []).append(min(p) < ALARM)
        for name, found in seen.items():
            refused.setdefault(name, []).append(float(np.mean(found)))
    for name, shares in refused.items():
        print(f"{name:<52}{shares[0]:>8.1%}{shares[1]:>10.1%}")


def _trial(made: Simulated, treated: np.ndarray, kept: np.ndarray) -> TrialTable:
    known = {"p_churn": made.p_churn, "expected_spend": made.expected_spend}
    arm, arms = treated.astype(np.int64), ("hold-out", "treated")
    return TrialTable(np.arange(len(arm)), arm, arms, {"spend": made.spend}, known, made.strata, NAMES).where(kept)


if __name__ == "__main__":
    count = int(sys.argv[1]) if sys.argv[1:] else 1000
    coverage(count)
    refusals(count)
