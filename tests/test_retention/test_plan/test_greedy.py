from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import random_problem

from retention.plan.greedy import in_order


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), tight=st.floats(0.05, 1.5))
def test_limits_hold_and_nobody_in_front_was_passed_over_in_vain(seed: int, tight: float) -> None:
    problem = random_problem(60, 3, seed=seed, tight=tight)
    random = np.random.default_rng(seed)
    order, strength = random.random(60), random.random((60, 3))
    choice = in_order(problem, order, strength)
    assert problem.fits(choice)
    rest = problem.limits.copy()
    for i in np.argsort(-order):
        fit = [
            a
            for a in range(3)
            if np.isfinite(problem.gain[i, a]) and (problem.used(np.where(np.arange(60) == i, a, -1)) <= rest).all()
        ]
        expected = max(fit, key=lambda a: strength[i, a], default=-1)
        assert choice[i] == expected
        rest -= problem.used(np.where(np.arange(60) == i, choice[i], -1))
