"""Segments to look at: who holds each tier by ladder stage, and who brings in its spend by frequency class."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from features.files import written_whole
from features.ladder import CLASSES, STAGES
from features.segmentation import NO_TIER, Segment

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK: Final = "#333333"
_STAGES: Final = ("#d8d8d8", "#bfdad7", "#7fb5b0", "#2f7f7a", "#0b3f3c")
_CLASSES: Final = ("#ead7b7", "#d9a95a", "#a86a12")


def segment_plot(segments: Sequence[Segment], tier_names: tuple[str, ...] = ()) -> Figure:
    """Two bars a tier, lowest tier at the bottom: members by stage, and spend by frequency class where there are amounts.

    Parameters
    ----------
    tier_names : lowest first; without a policy, none, and there is one bar
    """
    from matplotlib.figure import Figure  # not pyplot, which would keep every figure and choose a window system

    tiers = list(range(len(tier_names))) if tier_names else [NO_TIER]
    names = list(tier_names) or ["all"]
    money = any(segment.spend for segment in segments)
    figure = Figure(figsize=(11 if money else 6.4, 1.6 + 0.6 * len(tiers)), layout="constrained")
    axes = figure.subplots(1, 2 if money else 1, squeeze=False)[0]
    # Stages and classes are told in English: fonts with Chinese are not on every machine.
    stages = [phrase.en for phrase in STAGES]
    _bars(axes[0], segments, tiers, stages, _STAGES, lambda s: s.stage, lambda s: float(s.members))
    axes[0].set_title("Members by ladder stage", fontsize=11, color=_INK, loc="left")
    axes[0].set_yticks(range(len(tiers)), names)
    if money:
        classes = [f"{phrase.en} frequency" for phrase in CLASSES]
        _bars(axes[1], segments, tiers, classes, _CLASSES, lambda s: s.frequency_class, lambda s: s.spend or 0.0)
        axes[1].set_title("Their spend by frequency class, net of returns", fontsize=11, color=_INK, loc="left")
        axes[1].set_yticks(range(len(tiers)), [""] * len(tiers))
    return figure


def draw_segments(segments: Sequence[Segment], tier_names: tuple[str, ...], path: Path) -> None:
    """The picture as a PNG file, whole or not at all."""
    figure = segment_plot(segments, tier_names)
    with written_whole(path) as partial, warnings.catch_warnings():
        # A tier's name in Chinese is drawn as boxes where no font has it: better than no picture.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(partial, format="png", dpi=150)


def _bars(
    axes: Axes,
    segments: Sequence[Segment],
    tiers: Sequence[int],
    names: Sequence[str],
    colors: Sequence[str],
    part: Callable[[Segment], int],
    size: Callable[[Segment], float],
) -> None:
    """One bar a tier, parted; a part's width is the sum of its segments, none for what returns made negative."""
    start = [0.0] * len(tiers)
    for code, (name, color) in enumerate(zip(names, colors, strict=True)):
        width = [max(sum(size(s) for s in segments if s.tier == tier and part(s) == code), 0.0) for tier in tiers]
        if any(width):
            axes.barh(range(len(tiers)), width, left=start, color=color, label=name, height=0.7)
        start = [left + more for left, more in zip(start, width, strict=True)]
    axes.spines[["top", "right"]].set_visible(False)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.locator_params(axis="x", nbins=5)
    if axes.patches:
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(0.0, -0.1), ncols=len(names))
