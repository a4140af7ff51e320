from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from retention.plan.problem import Problem, Solution, best_of

PROBLEM = Problem(
    gain=np.array([[5.0, 3.0], [-np.inf, 4.0], [1.0, -np.inf]]),
    cost=np.array([[2.0, 1.0], [0.0, 3.0], [0.5, 0.0]]),
    group=np.array([0, 1, 1]),
    channel=np.array([0, 0]),
    total_budget=5.0,
    group_budgets=np.array([np.inf, 3.0]),
    capacities=np.array([2.0]),
)


def test_what_a_choice_uses_and_gains() -> None:
    choice = np.array([0, 1, -1])
    assert PROBLEM.used(choice).tolist() == [5.0, 2.0, 3.0, 2.0]
    assert PROBLEM.value(choice) == 9.0
    assert PROBLEM.fits(choice)
    assert not PROBLEM.fits(np.array([0, 1, 0]))


def test_gains_less_what_is_used_at_prices() -> None:
    reduced = PROBLEM.reduced(np.array([1.0, 0.0, 0.5, 0.25]))
    assert reduced.tolist() == [[2.75, 1.75], [-np.inf, -0.75], [0.0, -np.inf]]
    choice, best = best_of(reduced)
    assert (choice.tolist(), best.tolist()) == ([0, -1, -1], [2.75, 0.0, 0.0])


@pytest.mark.parametrize(("value", "bound", "gap"), [(9.0, 10.0, 0.1), (10.0, 10.0, 0.0), (0.0, 0.0, 0.0)])
def test_the_gap_is_a_share_of_the_bound(value: float, bound: float, gap: float) -> None:
    assert Solution(np.array([-1]), value, bound, np.zeros(1)).gap == pytest.approx(gap)


def test_what_a_limit_forbids_alone() -> None:
    """2.00 do not pay for what costs 3.00, and a channel without a place takes nobody; what gains nothing is not wanted."""
    one = replace(PROBLEM, total_budget=2.5, group_budgets=np.array([2.0, 2.0]), capacities=np.array([2.0]))
    assert one.short().tolist() == [True, False, True, False]
    assert np.isfinite(one.possible().gain).tolist() == [[True, True], [False, False], [True, False]]
    assert replace(PROBLEM, capacities=np.array([0.0])).short().tolist() == [False, False, False, True]
    nothing = replace(one, gain=-np.abs(PROBLEM.gain))
    assert not nothing.short().any()
    assert not np.isfinite(nothing.possible().gain).any()
