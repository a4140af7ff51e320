"""What is watched, drawn over time."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from features.snapshot import to_day
from serving.watch.judging import AUC, LEFT, OFF, SPEND_TOTAL, TIER_RIGHT
from serving.watch.verdicts import Seen
from training.plots import INK, OUR_COLOR, PALE, blank
from training.reference import Reference
from training.sightings import P_CHURN

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ALERT: Final = "#b3402a"
_STYLES: Final = ("-", "--", ":", "-.")
_MARGIN_DAYS: Final = 14
_LEAST: Final = 0.02
"""Below this a distance is drawn as this: the axis is logarithmic."""


def watched(seen: Sequence[Seen], references: Mapping[str, Reference | None] | None = None) -> Figure:
    """Four pictures over as-of dates: how far runs lie from the training, the mean p_churn, AUC, and the level.

    A run past a threshold is marked. AUC is shown with what was measured at the training, where that is known.
    """
    figure, (far, mean, auc, off) = blank(4, height=3.1, width=10.5, across=2)
    for group, style in zip(("inputs", "forecasts"), _STYLES, strict=False):
        _far(far, seen, group, style, group)
    _limit(far)
    far.legend(frameon=False, fontsize=8)
    _named(far, "Furthest from the training, by its limit")
    days = [to_day(each.run.as_of) for each in seen]
    mean.plot(
        days, [each.run.means.get(P_CHURN, np.nan) for each in seen], "o-", color=OUR_COLOR, markersize=4, label="forecast"
    )
    judged = [each for each in seen if each.run.outcome is not None and each.run.outcome.rows]
    left = [each.run.outcome.figures[LEFT].value for each in judged if each.run.outcome]
    then = [to_day(each.run.as_of) for each in judged]
    mean.plot(then, left, "s", color=INK, markersize=4, label="left, as it turned out")
    mean.set_ylim(bottom=0)
    mean.legend(frameon=False, fontsize=8)
    _named(mean, "Probability of leaving, mean")
    _intervals(auc, judged, AUC)
    for version, group_ in itertools.groupby(seen, key=lambda each: each.run.version):
        reference, dates = (references or {}).get(version), [to_day(each.run.as_of) for each in group_]
        if reference is not None and "churn_auc" in reference.figures:
            auc.plot([dates[0], dates[-1]], [reference.figures["churn_auc"][0]] * 2, color=PALE, linewidth=1)
    _named(auc, "AUC of churn, as it turned out (line: at the training)")
    _intervals(off, judged, OFF)
    off.axhline(0.0, color=PALE, linewidth=1, zorder=0)
    _named(off, "Mean p_churn less the share that left")
    for axes in (far, mean, auc, off):
        axes.set_xlim(min(days) - _MARGIN_DAYS, max(days) + _MARGIN_DAYS)  # one run alone has no span of its own
    if not judged:
        for axes in (auc, off):
            axes.text(0.5, 0.5, "no run can be judged yet", color=INK, fontsize=8, ha="center", transform=axes.transAxes)
    return figure


def compared(series: Mapping[str, Sequence[Seen]], happened: Mapping[str, dt.date] | None = None) -> Figure:
    """Several programmes, one below the other: how far the furthest input and forecast lie, how tiers and spend turned out.

    Parameters
    ----------
    series : runs by what the programme is called
    happened : by programme, the day on which something happened
    """
    figure, axes = blank(3 * len(series), height=2.5, width=12.5, across=3)
    for row, (name, seen) in enumerate(series.items()):
        far, tier, spend = axes[3 * row : 3 * row + 3]
        for group, style in zip(("inputs", "forecasts"), _STYLES, strict=False):
            _far(far, seen, group, style, group)
        _limit(far)
        far.set_ylim(_LEAST * 0.8, 30)
        _named(far, f"{name}: furthest by its limit")
        judged = [each for each in seen if each.run.outcome is not None and each.run.outcome.rows]
        _intervals(tier, judged, TIER_RIGHT)
        tier.set_ylim(0.6, 1.0)
        _named(tier, "share of next tiers right")
        _intervals(spend, judged, SPEND_TOTAL)
        spend.axhline(1.0, color=PALE, linewidth=1, zorder=0)
        spend.set_ylim(0.6, 1.4)
        _named(spend, "spend forecast, by spend that came")
        day = (happened or {}).get(name)
        for part in (far, tier, spend):
            part.set_xlim(axes[0].get_xlim())
            if day is not None:
                part.axvline(to_day(day), color=_ALERT, linewidth=1, linestyle=":")
    axes[0].legend(frameon=False, fontsize=8)
    return figure


def _far(axes: Axes, seen: Sequence[Seen], group: str, style: str, name: str) -> None:
    there = [(each, pace) for each in seen if (pace := each.pace(group)) is not None]
    days = [to_day(each.run.as_of) for each, _ in there]
    paces = [float(np.clip(pace, _LEAST, 1e3)) for _, pace in there]
    axes.plot(days, paces, style, color=OUR_COLOR, linewidth=1.5, label=name)
    for day, pace in zip(days, paces, strict=True):
        axes.plot([day], [pace], "o", color=_ALERT if pace > 1 else OUR_COLOR, markersize=6 if pace > 1 else 4)


def _limit(axes: Axes) -> None:
    axes.set_yscale("log")
    axes.axhline(1.0, color=_ALERT, linewidth=0.8, zorder=0)


def _intervals(axes: Axes, judged: Sequence[Seen], name: str) -> None:
    for each in judged:
        found = each.run.outcome.figures.get(name) if each.run.outcome else None
        if found is None or np.isnan(found.value):
            continue
        color = _ALERT if each.judged_alerts else OUR_COLOR
        axes.plot([to_day(each.run.as_of)] * 2, [found.low, found.high], color=color, linewidth=1.5)
        axes.plot([to_day(each.run.as_of)], [found.value], "o", color=color, markersize=4)


def _named(axes: Axes, title: str) -> None:
    from matplotlib import dates

    locator = dates.AutoDateLocator(maxticks=6)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
    axes.set_title(title, fontsize=10, color=INK, loc="left")
    axes.tick_params(labelsize=8)
