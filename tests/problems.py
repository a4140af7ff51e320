"""Assignments to solve, made up."""

from __future__ import annotations

import numpy as np

from retention.plan.problem import Problem


def random_problem(members: int, actions: int, *, seed: int, tight: float) -> Problem:
    """Gains and costs that differ by member and action, a third of the cells closed, three groups and two channels.

    Parameters
    ----------
    tight : limits as a share of what is needed about; inf for none
    """
    groups, channels = 3, 2
    random = np.random.default_rng(seed)
    gain = random.gamma(1.0, 10.0, (members, 1)) * random.gamma(2.0, 0.5, (members, actions))
    gain -= random.gamma(1.0, 2.0, actions)
    cost = random.gamma(2.0, 2.0, actions) * random.uniform(0.5, 1.5, (members, actions))
    gain[random.random((members, actions)) < 0.3] = -np.inf
    need, by_group, by_channel = cost.mean() * members, random.uniform(0.3, 1.2, groups), random.uniform(0.3, 1.2, channels)
    return Problem(
        gain=gain,
        cost=cost,
        group=random.integers(0, groups, members),
        channel=random.integers(0, channels, actions),
        total_budget=tight * 0.5 * need,
        group_budgets=tight * by_group * need / groups,
        capacities=np.floor(tight * by_channel * members),
    )
