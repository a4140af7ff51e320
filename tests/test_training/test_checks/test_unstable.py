"""TC-UNSTABLE."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import plain_evidence as plain
import pytest

from training.checks import Evidence, Outcome
from training.checks.unstable import Unstable

check = Unstable()


def outcomes(n: int = 2_000, cutoffs: int = 4) -> tuple[Outcome, ...]:
    return tuple(plain.outcome(n, seed=seed, months_ago=cutoffs - seed) for seed in range(cutoffs))


@pytest.mark.parametrize("n", [50, 400, 4_000])
def test_cutoffs_that_differ_by_chance_are_quiet(n: int) -> None:
    found = check.run(plain.evidence(outcomes=outcomes(n)))
    assert found.status == "ok"
    assert [set(row) for row in found.table] == [{"cutoff", "AUC", "gain in log loss", "mean error"}] * 4


def test_a_cutoff_where_the_ranking_is_lost_is_a_warning() -> None:
    *others, last = outcomes()
    shuffled = replace(last, churn={plain.OURS: np.random.default_rng(0).permutation(last.churn[plain.OURS])})
    found = check.run(plain.evidence(outcomes=(*others, shuffled)))
    assert found.status == "warning"
    assert "AUC from 0.4" in found.found
    assert "gain in log loss from -" in found.found
    assert "mean error" not in found.found
    assert found.fix


def test_a_level_that_swings_is_a_warning() -> None:
    swinging = tuple(plain.outcome(seed=i, months_ago=4 - i, shift=shift) for i, shift in enumerate((-0.5, 0.5, -0.5, 0.5)))
    found = check.run(plain.evidence(outcomes=swinging))
    assert found.status == "warning"
    assert "mean error" in found.found
    assert "AUC" not in found.found


def test_a_difference_that_is_real_and_small_is_quiet() -> None:
    slightly = tuple(plain.outcome(50_000, seed=i, months_ago=2 - i, shift=0.08 * i) for i in range(2))
    found = check.run(plain.evidence(outcomes=slightly))
    assert found.status == "ok"
    assert 0 < found.figures["spread of mean error"] < 0.03


def test_a_sound_programme_is_quiet(sound: Evidence) -> None:
    assert check.run(sound).status == "ok"


def test_it_takes_two_cutoffs() -> None:
    gone = replace(plain.outcome(seed=1), churned=np.ones(2_000, bool))
    for found in ((), outcomes(cutoffs=1), (plain.outcome(), gone), (plain.outcome(), plain.outcome(0))):
        assert check.run(plain.evidence(outcomes=found)).status == "not applicable"
