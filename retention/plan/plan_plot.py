"""A plan to look at: what it costs and saves by tier and action, and what other budgets would gain."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from features.files import written_whole
from features.operators import Floats
from retention.plan.dual import prices_of
from retention.plan.plan import Plan
from retention.plan.problem import Problem
from retention.plan.summary import Row, summarised

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK: Final = "#333333"
_GAIN: Final = "#2f7f7a"
_COST: Final = "#d9a95a"
_LINE: Final = "#0b3f3c"
_FACTORS: Final = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
"""Of the budgets, in the curve."""


def plan_plot(plan: Plan, factors: Sequence[float] = _FACTORS) -> Figure:
    """A bar a tier and action, parted into cost and gain; beside it, the best gain at multiples of all budgets."""
    from matplotlib.figure import Figure  # not pyplot, which would keep every figure and choose a window system

    rows = [row for row in summarised(plan).rows if row.action is not None and row.treated]
    spent = float(plan.problem.used(plan.solution.choice)[0])
    figure = Figure(figsize=(11, 2.4 + 0.32 * len(rows)), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    _bars(left, rows, plan)
    curve = [0.0, *(prices_of(scaled(plan.problem, factor))[1] for factor in factors)]
    right.plot([0.0, *factors], curve, color=_LINE, marker="o", markersize=3)
    right.plot([1.0], [plan.solution.value], color=_COST, marker="o", label="this plan", linestyle="none")
    right.set_title("Most that can be gained, by budget", fontsize=11, color=_INK, loc="left")
    right.set_xlabel(f"times the budgets given (spent: {spent:,.0f})", fontsize=9, color=_INK)
    right.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    right.set_ylim(bottom=0)
    right.legend(frameon=False, fontsize=8, loc="lower right")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def draw_plan(plan: Plan, path: Path) -> None:
    """The picture as a PNG file, whole or not at all."""
    figure = plan_plot(plan)
    with written_whole(path) as partial, warnings.catch_warnings():
        # A tier's name in Chinese is drawn as boxes where no font has it: better than no picture.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(partial, format="png", dpi=150)


def scaled(problem: Problem, factor: float) -> Problem:
    """The same with every budget so many times as large; capacities stay."""
    budgets: Floats = problem.group_budgets * factor
    return replace(problem, total_budget=problem.total_budget * factor, group_budgets=budgets)


def _bars(axes: Axes, rows: Sequence[Row], plan: Plan) -> None:
    names = {action.id: action.name.en for action in plan.catalogue.actions}
    at = range(len(rows), 0, -1)
    axes.barh(at, [row.cost for row in rows], color=_COST, label="costs", height=0.7)
    axes.barh(at, [row.gain for row in rows], left=[row.cost for row in rows], color=_GAIN, label="gains", height=0.7)
    labels = [f"{row.tier or 'no tier'}: {names[str(row.action)]} ({row.treated:,})" for row in rows]
    axes.set_yticks(list(at), labels, fontsize=8)
    axes.set_title("What is saved, by tier and action", fontsize=11, color=_INK, loc="left")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.locator_params(axis="x", nbins=5)
    if rows:
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(0.0, -0.08), ncols=2)
