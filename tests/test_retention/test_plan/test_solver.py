from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import random_problem

from retention.plan import solver
from retention.plan.problem import Problem
from retention.plan.solver import solve


def brute(problem: Problem) -> float:
    """Every assignment there is."""
    members, actions = problem.gain.shape
    best = 0.0
    for each in product(range(-1, actions), repeat=members):
        choice = np.array(each)
        taken = np.flatnonzero(choice >= 0)
        if np.isfinite(problem.gain[taken, choice[taken]]).all() and (problem.used(choice) <= problem.limits + 1e-9).all():
            best = max(best, problem.value(choice))
    return best


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), tight=st.floats(0.0, 1.2))
def test_the_optimum_is_that_of_brute_force(seed: int, tight: float) -> None:
    problem = random_problem(5, 3, seed=seed, tight=tight)
    found = solve(problem)
    assert found.value == pytest.approx(brute(problem), abs=1e-6)
    assert found.bound == pytest.approx(found.value, rel=1e-5, abs=1e-6)
    assert problem.fits(found.choice)


@settings(max_examples=3)
@given(seed=st.integers(0, 10_000), tight=st.floats(0.1, 1.2))
def test_every_limit_holds_and_the_gap_is_small(seed: int, tight: float) -> None:
    problem = random_problem(400, 4, seed=seed, tight=tight)
    found = solve(problem)
    assert problem.fits(found.choice)
    taken = np.flatnonzero(found.choice >= 0)
    assert np.isfinite(problem.gain[taken, found.choice[taken]]).all()
    assert found.value == pytest.approx(problem.value(found.choice))
    assert 0.0 <= found.gap < 1e-3
    assert found.bound >= found.value


def test_a_small_core_proves_what_a_whole_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = random_problem(120, 3, seed=5, tight=0.4)
    whole = solve(problem)
    monkeypatch.setattr(solver, "_CORE_MEMBERS", 10)
    said: list[str] = []
    cored = solve(problem, said.append)
    assert cored.value == pytest.approx(whole.value, rel=2e-4)
    assert cored.bound >= whole.value - 1e-9
    assert any("by the prices alone" in line and not line.startswith("120") for line in said)


def test_members_who_are_all_alike() -> None:
    alike = Problem(
        np.full((3000, 1), 2.0), np.full((3000, 1), 1.5), np.zeros(3000, np.int64), np.zeros(1, np.int64),
        100.0, np.array([np.inf]), np.array([np.inf]),
    )  # fmt: skip
    found = solve(alike)
    assert (found.choice >= 0).sum() == 66
    assert found.value == found.bound == 132.0  # by the solver; the prices alone prove 133.33


def test_nothing_is_worth_doing_or_allowed() -> None:
    problem = random_problem(20, 2, seed=0, tight=1.0)
    for gain in (np.full_like(problem.gain, -np.inf), -np.abs(np.where(np.isfinite(problem.gain), problem.gain, 1.0))):
        nothing = Problem(gain, problem.cost, problem.group, problem.channel, 9.0, problem.group_budgets, problem.capacities)
        found = solve(nothing)
        assert (found.choice == -1).all()
        assert (found.value, found.bound, found.gap) == (0.0, 0.0, 0.0)
    broke = random_problem(20, 2, seed=0, tight=0.0)
    assert (solve(broke).choice == -1).all()
