"""What is done without a plan: call whoever is most likely to leave, while the money lasts."""

from __future__ import annotations

import numpy as np

from features.operators import Floats
from retention.plan.problem import NOTHING, Codes, Problem


def in_order(problem: Problem, order: Floats, strength: Floats) -> Codes:
    """(n_members,) members one by one, each given the strongest action that still fits, whatever it gains.

    Parameters
    ----------
    order : (n_members,) highest first
    strength : (n_members, n_actions) of actions for a member, highest first

    >>> gain = np.array([[5.0], [9.0]])
    >>> group, channel = np.zeros(2, np.int64), np.zeros(1, np.int64)
    >>> one_place = Problem(gain, gain * 0, group, channel, 9.0, np.array([9.0]), np.array([1.0]))
    >>> in_order(one_place, np.array([0.9, 0.1]), gain).tolist()
    [0, -1]
    """
    choice = np.full(len(order), NOTHING)
    rest = problem.limits.copy()
    n = len(problem.group_budgets)
    ranked = np.argsort(-np.where(np.isfinite(problem.gain), strength, -np.inf), axis=1, kind="stable")
    open_ = np.isfinite(problem.gain)
    cheapest = float(problem.cost[open_].min()) if open_.any() else np.inf
    for i in np.argsort(-order, kind="stable").tolist():
        if rest[0] < cheapest:
            break
        for action in ranked[i].tolist():
            if not open_[i, action]:
                break
            lines = [0, 1 + int(problem.group[i]), 1 + n + int(problem.channel[action])]
            cost = problem.cost[i, action]
            uses = np.array([cost, cost, 1.0])
            if (uses <= rest[lines]).all():
                rest[lines] -= uses
                choice[i] = action
                break
    return choice
