from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import random_problem
from scipy.optimize import linprog

from retention.plan.dual import prices_of
from retention.plan.problem import Problem


def relaxed(problem: Problem) -> tuple[float, np.ndarray]:
    """The linear programme written out in full, variable by variable: its value, and HiGHS's own duals."""
    options = np.argwhere(np.isfinite(problem.gain) & (problem.gain > 0))
    n, limits = len(problem.group_budgets), problem.limits
    rows = np.zeros((len(problem.gain) + len(limits), len(options)))
    for at, (i, a) in enumerate(options):
        rows[i, at] = 1.0
        base = len(problem.gain)
        rows[base, at] = rows[base + 1 + problem.group[i], at] = problem.cost[i, a]
        rows[base + 1 + n + problem.channel[a], at] = 1.0
    most = np.concatenate((np.ones(len(problem.gain)), limits))
    kept = np.isfinite(most)
    found = linprog(-problem.gain[tuple(options.T)], A_ub=rows[kept], b_ub=most[kept], bounds=(0, None), method="highs")
    duals = np.zeros(len(most))
    duals[kept] = -found.ineqlin.marginals
    return -found.fun, duals[len(problem.gain) :]


@settings(max_examples=12)
@given(seed=st.integers(0, 10_000), tight=st.floats(0.05, 1.5))
def test_the_bound_is_the_relaxation_s_value(seed: int, tight: float) -> None:
    problem = random_problem(60, 3, seed=seed, tight=tight)
    value, _ = relaxed(problem)
    prices, bound = prices_of(problem)
    assert bound == pytest.approx(value, rel=1e-5, abs=1e-6)
    assert bound >= value - 1e-6 * value
    assert (prices >= 0).all()


def test_a_price_is_what_one_more_gains() -> None:
    problem = random_problem(400, 4, seed=3, tight=0.3)
    prices, bound = prices_of(problem)
    more = [
        replace(problem, total_budget=problem.total_budget + 0.1),
        replace(problem, group_budgets=problem.group_budgets + np.array([0.0, 0.1, 0.0])),
    ]
    for price, other, step in zip((prices[0], prices[2]), more, (0.1, 0.1), strict=True):
        assert (prices_of(other)[1] - bound) / step == pytest.approx(price, rel=0.05, abs=1e-3)


def test_without_limits_nothing_has_a_price() -> None:
    problem = random_problem(30, 3, seed=0, tight=np.inf)
    prices, bound = prices_of(problem)
    best = np.where(np.isfinite(problem.gain), problem.gain, 0.0).max(axis=1)
    assert prices.tolist() == [0.0] * len(prices)
    assert bound == pytest.approx(np.maximum(best, 0.0).sum())
