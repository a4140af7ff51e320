from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import UnusableLogError
from retention.trial.table import TrialTable
from retention.uplift.scores import contrast, shares


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.floats(0.05, 0.95))
def test_the_mean_over_all_draws_is_the_effect_whatever_is_expected(seed: int, share: float) -> None:
    """Expectation over the arm, by enumeration: unbiased to rounding, also where the models are nonsense."""
    rng = np.random.default_rng(seed)
    with_it, without, wrong_effect, wrong_without = rng.normal(size=(4, 50))
    p = np.full(50, share)
    one, none = np.ones(50), np.zeros(50)
    treated = contrast(with_it, one, none, (p, 1 - p), wrong_effect, wrong_without)
    control = contrast(without, none, one, (p, 1 - p), wrong_effect, wrong_without)
    assert share * treated + (1 - share) * control == pytest.approx(with_it - without)


def test_members_of_a_third_arm_have_what_is_thought() -> None:
    two, none = np.full(3, 2.0), np.zeros(3)
    assert contrast(9 * two, none, none, (two / 4, two / 4), two, two).tolist() == [2.0] * 3


def test_names_swapped_the_scores_change_sign() -> None:
    rng = np.random.default_rng(3)
    y, effect, without = rng.normal(size=(3, 40))
    arm = (rng.random(40) < 0.3).astype(float)
    p = np.full(40, 0.3)
    there = contrast(y, arm, 1 - arm, (p, 1 - p), effect, without)
    back = contrast(y, 1 - arm, arm, (1 - p, p), -effect, without + effect)
    assert back == pytest.approx(-there)


def _trial(arm: np.ndarray, strata: np.ndarray | None = None) -> TrialTable:  # type: ignore[type-arg]
    names = ("control", "mail", "call")[: arm.max() + 1]
    return TrialTable(
        np.arange(len(arm)),
        arm,
        names,
        {"returned": np.zeros(len(arm))},
        {},
        strata,
        () if strata is None else ("Base", "Gold"),
    )


def test_shares_are_those_of_the_stratum() -> None:
    arm = np.array([0] * 150 + [1] * 50 + [0] * 50 + [1] * 150)
    strata = np.repeat([0, 1], 200)
    assert shares(_trial(arm)).tolist() == [[0.5, 0.5]] * 400
    assert shares(_trial(arm, strata))[[0, -1]].tolist() == [[0.75, 0.25], [0.25, 0.75]]


def test_an_arm_with_too_few_members() -> None:
    with pytest.raises(UnusableLogError, match="every arm has 100 members or more; got 99 members in 'mail'"):
        shares(_trial(np.array([0] * 200 + [1] * 99)))


def test_a_stratum_where_it_was_no_choice() -> None:
    arm = np.array([0] * 150 + [1] * 150 + [0] * 50)
    with pytest.raises(UnusableLogError, match="got 0 members of 'Gold' in 'mail'"):
        shares(_trial(arm, np.repeat([0, 1], [300, 50])))
