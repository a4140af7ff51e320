"""The level of churn by cutoff, to be looked at before the season is believed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.snapshot import to_date
from training.plots import INK, OUR_COLOR, PALE, blank
from training.season import Levels

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def level_curve(levels: Levels) -> Figure:
    """Level of each training cutoff with its 95 % interval, the mean of all, and the levels with sampling noise taken out.

    Where the intervals hold the mean there is no season to be seen.
    """
    figure, (axes,) = blank(1, width=7.5, height=3.6)
    days, error = levels.cutoff, 1.96 * np.sqrt(levels.noise)
    axes.axhline(levels.level.mean(), color=PALE, linewidth=1, label="mean", zorder=0)
    axes.errorbar(days, levels.level, yerr=error, fmt="o", color=OUR_COLOR, markersize=5, capsize=2, label="level")
    axes.plot(days, levels.drawn_in, color=OUR_COLOR, linewidth=1, linestyle="--", label="without sampling noise")
    axes.set_xticks(days, [str(to_date(int(day))) for day in days], fontsize=8, rotation=30, ha="right")
    axes.set_ylabel("log-odds beside the process's")
    axes.set_title("Did more leave than the purchase process said?", fontsize=11, color=INK, loc="left")
    axes.legend(frameon=False, fontsize=8)
    return figure
