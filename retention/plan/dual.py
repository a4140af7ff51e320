"""The prices of limits: the minimum of the Lagrangian dual, by cutting planes that HiGHS puts together.

With a price on each limit b, members decide by themselves, and the sum of what they would gain bounds every assignment::

    D(λ) = λ·b + Σ_i max(0, max_a g_ia - λ·r_ia)        λ >= 0

D is convex and piecewise linear in some twenty prices, however many members there are. It is the sum over groups of
members, each of which gives a plane of its own at every prices tried; HiGHS finds the lowest point over all planes so far.
The next prices tried are that point, and the one half way to the best so far, which keeps the search from leaping about. A
price above the most that any action gains a unit buys nothing, so prices lie in a box.

Kelley, The cutting-plane method for solving convex programs, J. SIAM 8 (1960); Ben-Ameur and Neto, Acceleration of
cutting-plane and column generation algorithms, Networks 49 (2007).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from features.operators import Floats
from retention.plan.problem import NOTHING, Problem, best_of

_CLOSE: Final = 1e-7
"""Share of the bound by which the lowest point found and the planes' may differ."""
_MOST_ROUNDS: Final = 300
_NO_BETTER: Final = 8
"""Rounds without a better point after which HiGHS's own tolerance is reached."""

Say = Callable[[str], None]


def prices_of(problem: Problem, say: Say = lambda _: None) -> tuple[Floats, float]:
    """Prices as ``Problem.limits``, 0 for those without a limit, and the bound that they prove."""
    limits = problem.limits
    limited = np.flatnonzero(np.isfinite(limits))
    most = _most(problem)[limited]
    best, center = np.inf, np.zeros(len(limits))
    planes = _Planes(problem, limited, most)
    trial, lowest, since = center.copy(), -np.inf, 0
    for step in range(_MOST_ROUNDS):
        for prices in (trial,) if step == 0 else (trial, (trial + center) / 2.0):
            value = planes.add(prices)
            since = 0 if value < best - 1e-3 * _CLOSE * abs(best) or step == 0 else since + 1
            if value < best:
                best, center = value, prices
        if not len(limited) or since > 2 * _NO_BETTER or best - lowest <= _CLOSE * max(abs(best), 1e-12):
            break
        lowest, trial = planes.lowest()
        if best - lowest <= _CLOSE * max(abs(best), 1e-12):
            break
        if step % 20 == 19:
            say(f"prices: round {step + 1}, within {(best - lowest) / max(abs(best), 1e-12):.2e} of the lowest")
    return center, best


class _Planes:
    """What is known of D: value and slopes of each group's part at the prices tried."""

    def __init__(self, problem: Problem, limited: np.ndarray, most: Floats) -> None:
        self._problem, self._limited, self._most = problem, limited, np.maximum(most, 1e-12)
        self._rows: list[tuple[int, Floats, float]] = []

    def add(self, prices: Floats) -> float:
        """D at some prices; its planes there are kept."""
        problem = self._problem
        choice, best = best_of(problem.reduced(prices))
        n, k = len(problem.group_budgets), len(problem.capacities)
        rows = np.flatnonzero(choice != NOTHING)
        group, action = problem.group[rows], choice[rows]
        costs = np.bincount(group, weights=problem.cost[rows, action], minlength=n)
        by_channel = np.bincount(group * k + problem.channel[action], minlength=n * k).reshape(n, k)
        values = np.bincount(problem.group, weights=best, minlength=n)
        for g in range(n):
            slope = np.zeros(1 + n + k)
            slope[0] = slope[1 + g] = -costs[g]
            slope[1 + n :] = -by_channel[g]
            self._rows.append((g, slope[self._limited] * self._most, float(values[g] - slope @ prices)))
        limits = problem.limits[self._limited]
        return float(values.sum() + limits @ prices[self._limited])

    def lowest(self) -> tuple[float, Floats]:
        """The lowest point over all planes, and its prices."""
        from scipy.optimize import linprog  # type: ignore[import-untyped]

        n, k = len(self._problem.group_budgets), len(self._limited)
        groups = np.array([g for g, _, _ in self._rows])
        matrix = np.column_stack([np.array([slope for _, slope, _ in self._rows]), -np.eye(n)[groups]])
        levels = -np.array([level for _, _, level in self._rows])
        scale = max(float(np.abs(levels).max()), 1e-12)
        goal = np.concatenate((self._problem.limits[self._limited] * self._most, np.ones(n))) / scale
        bounds = [(0.0, 1.0)] * k + [(0.0, None)] * n
        # In units of the largest level, so that HiGHS's tolerances mean the same for cents and for millions.
        found = linprog(
            np.concatenate((goal[:k], np.ones(n))),
            A_ub=np.column_stack((matrix[:, :k] / scale, matrix[:, k:])),
            b_ub=levels / scale,
            bounds=bounds,
            method="highs",
        )
        prices = np.zeros(len(self._problem.limits))
        if found.x is None:
            return -np.inf, prices
        prices[self._limited] = found.x[:k] * self._most
        return float(found.fun) * scale, prices


def _most(problem: Problem) -> Floats:
    """(1 + n_groups + n_channels,) a price of each limit at which nothing is worth buying."""
    gain = np.where(problem.gain > 0, problem.gain, 0.0)
    ratio = np.divide(gain, problem.cost, out=np.zeros_like(gain), where=problem.cost > 0).max(axis=1, initial=0.0)
    groups = np.zeros(len(problem.group_budgets))
    np.maximum.at(groups, problem.group, ratio)
    channels = np.zeros(len(problem.capacities))
    np.maximum.at(channels, problem.channel, gain.max(axis=0, initial=0.0))
    return np.concatenate(([groups.max(initial=0.0)], groups, channels))
