"""The curve that ``horizon_days: auto`` chooses by, drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from features.files import written_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from training.horizon import Of, Silences

_INK: Final = "#333333"
_OURS: Final = "#0b6e69"
_PALE: Final = "#9db4b2"
_OF: Final = {"silent": "silences that lasted as long", "all": "all shopping days"}


def horizon_plot(curve: Silences, most: float, of: Of = "silent", chosen: int | None = None) -> Figure:
    """Share that came back within as many days again, by days of silence, with its 95 % interval and the bound.

    Parameters
    ----------
    most : the share that is allowed
    chosen : days of the horizon, marked; None where none holds
    """
    from matplotlib.figure import Figure  # not pyplot, which would keep every figure and choose a window system

    judged = curve.judged(of)
    low, high = curve.interval(of)
    figure = Figure(figsize=(6.4, 4.8), layout="constrained")
    axes = figure.subplots()
    axes.fill_between(curve.days[judged], low[judged], high[judged], color=_PALE, alpha=0.4, linewidth=0)
    axes.plot(curve.days[judged], curve.share(of)[judged], color=_OURS, linewidth=2)
    axes.axhline(most, color=_INK, linewidth=0.8, linestyle="--", zorder=0)
    if chosen is not None:
        axes.axvline(chosen, color=_INK, linewidth=0.8, zorder=0)
        axes.annotate(f"{chosen} days", (chosen, axes.get_ylim()[1]), (4, -12), textcoords="offset points", color=_INK)
    axes.set_title("Silent for so long: who came back within as long again?", fontsize=11, color=_INK, loc="left")
    axes.set(xlabel="days of silence", ylabel=f"share of {_OF[of]}")
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def draw_horizon(curve: Silences, most: float, of: Of, chosen: int | None, path: Path) -> None:
    """The picture as a PNG file, whole or not at all."""
    with written_whole(path) as partial:
        horizon_plot(curve, most, of, chosen).savefig(partial, format="png", dpi=150)
