"""TC-WORSE-RULE."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import plain_evidence as plain
import pytest

from training.checks import Evidence, Outcome
from training.checks.worse_rule import WorseThanRule

check = WorseThanRule()


def with_rule(outcome: Outcome, name: str, better: float) -> Outcome:
    """A rule that gives so much more log-odds to what came; below 0, less."""
    p = outcome.churn[plain.OURS]
    toward = np.where(outcome.churned, better, -better)
    return replace(outcome, churn={**outcome.churn, name: plain.probability(np.log(p / (1 - p)) + toward)})


def with_tiers(outcome: Outcome, ours: float, rule: float) -> Outcome:
    """Three tiers, with so much probability given to the one that came."""
    n = len(outcome.member)
    then = np.random.default_rng(5).integers(0, 3, n)
    tiers = {}
    for name, right in ((plain.OURS, ours), ("Markov", rule)):
        p = np.full((n, 3), (1 - right) / 2)
        p[np.arange(n), then] = right
        tiers[name] = p * np.array([1.0, 1.0, 1.0])
    return replace(outcome, tiers=tiers, next_tier=then)


def test_a_better_rule_fails() -> None:
    found = check.run(plain.evidence(outcomes=(with_rule(plain.outcome(), "recency rule", 0.1),)))
    assert found.status == "failed"
    assert found.found.startswith("recency rule is better in churn log loss by 0.0")
    assert found.figures["better"] == 1
    assert "base rate" not in found.found


def test_a_better_rule_of_tiers_fails() -> None:
    found = check.run(plain.evidence(outcomes=(with_tiers(plain.outcome(), 0.5, 0.6),)))
    assert found.status == "failed"
    assert f"by {np.log(0.6 / 0.5):.3f}" in found.found
    assert check.run(plain.evidence(outcomes=(with_tiers(plain.outcome(), 0.6, 0.5),))).status == "ok"


def test_a_rule_better_at_one_cutoff_alone_is_a_warning() -> None:
    outcomes = (
        with_rule(plain.outcome(500, months_ago=1), "recency rule", 0.1),
        with_rule(plain.outcome(2_000, months_ago=2, seed=1), "recency rule", -0.3),
    )
    found = check.run(plain.evidence(outcomes=outcomes))
    assert found.status == "warning"
    assert str(outcomes[0].cutoff) in found.found
    assert str(outcomes[1].cutoff) not in found.found


def test_a_rule_better_by_next_to_nothing_is_a_warning() -> None:
    found = check.run(plain.evidence(outcomes=(with_rule(plain.outcome(), "recency rule", 0.001),)))
    assert found.figures["better"] == 1
    assert found.status == "warning"


def test_of_rules_as_good_as_ours_about_one_in_forty_is_blamed() -> None:
    blamed = 0
    for seed in range(80):
        one = plain.outcome(300, seed=seed)
        p = one.churn[plain.OURS]
        noise = np.random.default_rng(seed).normal(0, 0.1, (2, 300))
        ours, other = (plain.probability(np.log(p / (1 - p)) + part) for part in noise)
        found = check.run(plain.evidence(outcomes=(replace(one, churn={plain.OURS: ours, "as good": other}),)))
        blamed += found.status != "ok"
    assert blamed <= 6


def test_a_sound_programme_is_quiet(sound: Evidence) -> None:
    found = check.run(sound)
    assert found.status == "ok"
    assert {row["target"] for row in found.table} == {"churn", "next-tier"}


def test_only_rules_of_all_cutoffs_are_compared() -> None:
    outcomes = (with_rule(plain.outcome(), "late rule", 0.5), plain.outcome(seed=1, months_ago=2))
    found = check.run(plain.evidence(outcomes=outcomes))
    assert [row["rule"] for row in found.table if row["cutoff"] == "all"] == ["base rate"]


@pytest.mark.parametrize(
    "outcomes", [(), (plain.outcome(0),), (replace(plain.outcome(50), churn={"base rate": np.full(50, 0.4)}),)]
)
def test_without_an_outcome_or_a_rule_it_does_not_apply(outcomes: tuple[Outcome, ...]) -> None:
    assert check.run(plain.evidence(outcomes=outcomes)).status == "not applicable"
