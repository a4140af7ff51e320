"""The Qini curve with its 95 % band, one picture an arm: what treating the members ranked first gains, beside chance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from features.files import written_whole
from retention.uplift.learnt import ArmUplift, Uplift

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK: Final = "#333333"
_CURVE: Final = "#2f7f7a"
_CHANCE: Final = "#a86a12"
_WIDTH: Final = 1.96


def qini_plot(uplifts: Sequence[Uplift]) -> Figure:
    """A row an outcome, a column an arm."""
    from matplotlib.figure import Figure  # not pyplot, which would keep every figure and choose a window system

    arms = len(uplifts[0].arms)
    figure = Figure(figsize=(1.2 + 4.4 * arms, 0.6 + 3.6 * len(uplifts)), layout="constrained")
    axes = figure.subplots(len(uplifts), arms, squeeze=False)
    for row, uplift in zip(axes, uplifts, strict=True):
        for place, arm in zip(row, uplift.arms, strict=True):
            _draw(place, arm, uplift.outcome)
    return figure


def draw_qini(uplifts: Sequence[Uplift], path: Path) -> None:
    """The picture as a PNG file, whole or not at all."""
    import warnings

    figure = qini_plot(uplifts)
    with written_whole(path) as partial, warnings.catch_warnings():
        # An arm's name in Chinese is drawn as boxes where no font has it: better than no picture.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(partial, format="png", dpi=150)


def _draw(axes: Axes, arm: ArmUplift, outcome: str) -> None:
    curve = arm.held_out.curve()
    share, gain = 100.0 * curve.share, 1_000.0 * curve.gain
    band = 1_000.0 * _WIDTH * curve.error
    axes.fill_between(share, gain - band, gain + band, color=_CURVE, alpha=0.18, linewidth=0, label="95 % band")
    axes.plot(share, gain, color=_CURVE, label="members ranked by uplift")
    axes.plot(share, 1_000.0 * curve.chance, color=_CHANCE, linestyle="--", label="members at random")
    axes.axhline(0.0, color=_INK, linewidth=0.6)
    axes.set_xlim(0.0, 100.0)
    axes.set_xticks(np.arange(0, 101, 20))
    axes.set_xlabel("% of members treated", color=_INK)
    axes.set_ylabel(f"{outcome}: gain for 1,000 members", color=_INK)
    axes.set_title(f"{arm.name}: Qini {arm.held_out.coefficient()}", fontsize=10, color=_INK, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, loc="upper left")
