"""The best assignment: prices first, then HiGHS on the members whose choice the prices leave open.

At the prices, an option ranks below its member's best by a slack; whoever takes it stays at least that far below the bound.
So all but the closest options can wait: members whose second best is far behind get their best, the others (the core) are
solved as integers with what is left of the limits. An assignment outside of the core is worth at most the bound less the
core's slack: that, and what HiGHS proves of the core, prove the gap. Where it is not small yet, a second core takes in
every option that could close it.

Balas and Zemel, An algorithm for large zero-one knapsack problems, Operations Research 28 (1980).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from features.operators import Floats
from retention.plan.dual import Say, prices_of
from retention.plan.problem import NOTHING, Codes, Problem, Solution, best_of
from retention.plan.quiet import quiet_output

_CORE_MEMBERS: Final = 600
_MOST_MEMBERS: Final = 20_000
_MOST_NODES: Final = 2_000
"""Of the search, so that a slow machine finds what a fast one does; the time is for what nobody foresaw."""
_TIME_LIMIT_S: Final = 20.0
_CLOSE: Final = 5e-5
"""Share of the bound that is good enough; where the core is everybody and small, nothing is."""
_SMALL: Final = 400


def solve(problem: Problem, say: Say = lambda _: None) -> Solution:
    """The assignment of most gain that is found, with a bound that none exceeds.

    Parameters
    ----------
    say : is told the steps
    """
    own = problem.possible()
    if not np.isfinite(own.gain).any():
        return Solution(np.full(len(own.gain), NOTHING), 0.0, 0.0, np.zeros(len(problem.limits)))
    prices, bound = prices_of(own, say)
    say(f"no plan can gain more than {bound:,.2f}")
    reduced = own.reduced(prices)
    _, best = best_of(reduced)
    slack = _slack(reduced)
    within, found = _first_slack(slack), None
    while True:
        core = slack <= within
        solution = _with_core(own, reduced, best, prices, bound, core, within)
        if solution is None:
            within = max(4.0 * within, 1e-3 * float(best.max()))
            continue
        found = (
            solution
            if found is None or solution.value > found.value
            else replace(found, bound=min(found.bound, solution.bound))
        )
        say(f"{int(core.sum()):,} members decided by the solver, {len(core) - int(core.sum()):,} by the prices alone")
        behind = bound - found.value
        if found.gap <= _CLOSE or behind <= within or int((slack <= behind).sum()) > _MOST_MEMBERS:
            return found
        within = behind * (1.0 + 1e-9)


def _slack(reduced: Floats) -> Floats:
    """(n_members,) how far the second best choice is behind the best at the prices; nothing is a choice."""
    with_nothing = np.sort(np.column_stack([reduced, np.zeros(len(reduced))]), axis=1)
    slack: Floats = with_nothing[:, -1] - with_nothing[:, -2]
    return slack


def _first_slack(slack: Floats) -> float:
    """The slack of a core of as many as are wanted; of everybody, if they are no more."""
    if len(slack) <= _CORE_MEMBERS:
        return np.inf
    return max(float(np.partition(slack, _CORE_MEMBERS)[_CORE_MEMBERS]), 1e-12)


def _with_core(
    problem: Problem,
    reduced: Floats,
    best: Floats,
    prices: Floats,
    bound: float,
    core: npt.NDArray[np.bool_],
    within: float,
) -> Solution | None:
    """The best assignment of the core, the others getting their best; None where that alone breaks a limit."""
    fixed = np.where(core, NOTHING, best_of(reduced)[0])
    rest = problem.limits - problem.used(fixed)
    if (rest < -1e-7 * np.maximum(problem.limits, 1.0)).any():
        return None
    rest = np.maximum(rest, 0.0)
    rows, actions = np.nonzero(core[:, None] & np.isfinite(reduced) & (best[:, None] - reduced <= within))
    done = problem.value(fixed)
    taken, proven = _integers(problem, rows, actions, rest, bound, bound - done)
    fixed[rows[taken]] = actions[taken]
    value = problem.value(fixed)
    above = max(done + proven, bound - within)
    return Solution(fixed, value, max(min(bound, above), value), prices)


def _integers(
    problem: Problem, rows: Codes, actions: Codes, rest: Floats, bound: float, open_: float
) -> tuple[npt.NDArray[np.bool_], float]:
    """(n_options,) options to take within the rest of the limits, and what no such choice exceeds; ``open_``: about that."""
    from scipy.optimize import Bounds, LinearConstraint, milp  # type: ignore[import-untyped]
    from scipy.sparse import coo_array  # type: ignore[import-untyped]

    everything = np.zeros(len(rows), bool)
    n = len(problem.group_budgets)
    most = np.minimum(rest[0], rest[1 : 1 + n])[problem.group[rows]]
    fit = (problem.cost[rows, actions] <= most) & (rest[1 + n :] >= 1)[problem.channel[actions]]
    if not fit.any():
        return everything, 0.0
    rows, actions = rows[fit], actions[fit]
    gain, cost, at = problem.gain[rows, actions], problem.cost[rows, actions], np.arange(len(rows))
    members, member = np.unique(rows, return_inverse=True)
    limit_rows = (np.zeros(len(rows), np.int64), 1 + problem.group[rows], 1 + n + problem.channel[actions])
    limited = np.isfinite(rest)
    scale = np.where(limited & (rest > 0), rest, 1.0)
    weights = (cost, cost, np.ones(len(rows)))
    entry = np.concatenate([weight / scale[row] for row, weight in zip(limit_rows, weights, strict=True)])
    line = np.concatenate(limit_rows)
    kept = limited[line]
    matrix = coo_array((entry[kept], (line[kept], np.tile(at, 3)[kept])), shape=(len(rest), len(rows))).tocsr()[limited]
    one_each = coo_array((np.ones(len(rows)), (member, at)), shape=(len(members), len(rows))).tocsr()
    unit = float(gain.max())
    exact = len(problem.gain) <= _CORE_MEMBERS and len(rows) <= _SMALL
    gap = 0.0 if exact else min(_CLOSE * bound / max(open_, 1e-12), 0.01)
    with quiet_output():
        found = milp(
            -gain / unit,
            integrality=np.ones(len(rows)),
            bounds=Bounds(0.0, 1.0),
            constraints=[
                LinearConstraint(one_each, -np.inf, 1.0),
                *([LinearConstraint(matrix, -np.inf, (rest / scale)[limited])] if limited.any() else []),
            ],
            options={"node_limit": _MOST_NODES, "time_limit": _TIME_LIMIT_S, "mip_rel_gap": gap},
        )
    if found.x is None:
        return everything, float(gain.sum())
    taken = found.x > 0.5
    proven = float(-found.mip_dual_bound) * unit if found.mip_dual_bound is not None else float(gain[taken].sum())
    everything[np.flatnonzero(fit)] = _within_limits(problem, rows, actions, taken, rest)
    return everything, max(proven, float(gain[taken].sum()))


def _within_limits(
    problem: Problem, rows: Codes, actions: Codes, taken: npt.NDArray[np.bool_], rest: Floats
) -> npt.NDArray[np.bool_]:
    """The options taken, without those of least gain where a solver's tolerance went beyond a limit."""
    kept = taken.copy()
    choice = np.full(len(problem.gain), NOTHING)
    choice[rows[kept]] = actions[kept]
    n = len(problem.group_budgets)
    while (over := problem.used(choice) > rest * (1 + 1e-9) + 1e-9).any():
        uses = over[0] | over[1 + problem.group[rows]] | over[1 + n + problem.channel[actions]]
        some = np.flatnonzero(kept & uses)
        out = some[np.argmin(problem.gain[rows[some], actions[some]])]
        kept[out], choice[rows[out]] = False, NOTHING
    return kept
