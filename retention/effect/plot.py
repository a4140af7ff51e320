"""Differences as a forest: over all and in slices, with their intervals, an outcome beside the other."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from features.files import written_whole
from retention.effect.findings import ALL, Findings, Found

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK: Final = "#333333"
_OURS: Final = "#0b6e69"
_PALE: Final = "#9db4b2"


def effect_plot(found: Findings, arm: str | None = None) -> Figure:
    """One panel an outcome: points and 95 % intervals of slices, paler without the forecast as covariate.

    Parameters
    ----------
    arm : one treatment; the first that was concluded about where None
    """
    from matplotlib.figure import Figure  # not pyplot, which would keep every figure and choose a window system

    arm = arm or next((one.arm for one in found.found), None)
    own = [one for one in found.found if one.arm == arm]
    outcomes = list(dict.fromkeys(one.outcome for one in own))
    rows = max((sum(one.outcome == outcome for one in own) for outcome in outcomes), default=1)
    figure = Figure(figsize=(2.2 + 3.4 * max(len(outcomes), 1), 1.4 + 0.34 * rows), layout="constrained")
    axes = figure.subplots(1, max(len(outcomes), 1), squeeze=False)[0]
    for panel, outcome in zip(axes, outcomes, strict=False):
        _panel(panel, [one for one in own if one.outcome == outcome], share=outcome in found.binary)
        panel.set_title(f"{outcome}: {arm} less {found.control}", fontsize=10, color=_INK, loc="left")
    for panel in axes[1:]:
        panel.set_yticklabels([])
    if not outcomes:
        axes[0].set_axis_off()
        axes[0].text(0.5, 0.5, "no conclusion: the arms cannot be compared", ha="center", color=_INK)
    return figure


def _panel(axes: Axes, rows: Sequence[Found], *, share: bool) -> None:
    names = ["all" if one.by == ALL else f"{one.by} {one.slice}" for one in rows]
    for place, one in enumerate(rows):
        for difference, color, above, width in ((one.plain, _PALE, 0.18, 1.0), (one.told, _OURS, 0.0, 2.0)):
            if difference.told and (difference is one.told or one.told.adjusted):
                at = place - above
                axes.plot([difference.low, difference.high], [at, at], color=color, linewidth=width)
                axes.plot(difference.value, at, "o", color=color, markersize=5 if width > 1 else 3)
        if not one.told.told:
            axes.annotate("too few", (0.0, place), fontsize=8, color=_PALE, va="center", ha="center")
    axes.axvline(0.0, color=_INK, linewidth=0.8, linestyle="--", zorder=0)
    axes.set_yticks(range(len(rows)), names)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    if share:
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:+.0f} pts")
    axes.locator_params(axis="x", nbins=4)


def draw_effect(found: Findings, path: Path, arm: str | None = None) -> None:
    """The picture as a PNG file, whole or not at all."""
    figure = effect_plot(found, arm)
    with written_whole(path) as partial, warnings.catch_warnings():
        # A tier's name in Chinese is drawn as boxes where no font has it: better than no picture.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(partial, format="png", dpi=150)
