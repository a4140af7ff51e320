"""The pictures of a backtest: figures over cutoffs, slices, spend, and those of training.plots for all cutoffs together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from features.operators import Floats
from training import plots
from training.backtest import OURS, Origin
from training.plots import INK, OUR_COLOR, PALE, blank, in_percent
from training.scoreboard import ALL, CHURN, SPEND, TIER, Score, pooled
from training.slices import Slice

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_OVER: Final = ((CHURN, "AUC"), (CHURN, "log loss"), (TIER, "log loss"), (SPEND, "MAE"))
_FLAT: Final = ("base rate", "same tier")
"""Rules that tell members not apart: they rank nobody, and lie so far off that nothing else could be told apart."""
LEVELS: Final = tuple(round(0.05 * k, 2) for k in range(1, 20))


def drawings(origins: Sequence[Origin], found: Sequence[Score], parts: Sequence[Slice]) -> dict[str, Callable[[], Figure]]:
    """What there is to draw of a backtest, by file name, drawn when called; nothing where no outcome is known.

    Parameters
    ----------
    found : the origins' scores
    parts : their slices
    """
    scored = [origin for origin in origins if origin.labels is not None and len(origin.forecasts.table)]
    if not scored:
        return {}
    labels = [origin.labels for origin in scored if origin.labels is not None]
    y = np.concatenate([found.churned for found in labels]).astype(np.float64)
    churn = pooled([origin.churn for origin in scored])
    wanted: dict[str, Callable[[], Figure]] = {
        "reliability": partial(plots.reliability, y, churn[OURS]),
        "lift": partial(plots.lift, y, {model: p for model, p in churn.items() if model not in _FLAT}),
    }
    then = [found.next_tier for found in labels if found.next_tier is not None]
    tiers = pooled([origin.tiers for origin in scored])
    policy = scored[0].forecasts.table.policy
    if tiers and policy is not None and len(then) == len(scored):
        p, reached = tiers[OURS], np.concatenate(then)
        now = np.concatenate([state.tier for origin in scored if (state := origin.forecasts.table.state) is not None])
        words = {"title": "Of members given this probability to keep their tier, how many did?", "happened": "kept the tier"}
        kept = (reached == now).astype(np.float64)
        wanted["tiers"] = partial(plots.tier_confusion, reached, p, policy.tier_names)
        wanted["tiers-kept"] = partial(plots.reliability, kept, p[np.arange(len(now)), now], **words)
    wanted["cutoffs"] = partial(over_cutoffs, found)
    if parts:
        wanted["slices"] = partial(slice_calibration, parts)
    quantiles = [origin.forecasts.spend_quantiles(LEVELS) for origin in scored]
    came = [origin.spend_came for origin in scored]
    if all(part is not None for part in (*quantiles, *came)):
        several = [np.concatenate([part for part in kind if part is not None]) for kind in (came, quantiles)]
        wanted["spend"] = partial(spend_coverage, several[0], several[1], churn[OURS])
    return wanted


def over_cutoffs(found: Sequence[Score]) -> Figure:
    """The main figures at each cutoff with 95 % intervals, ours and the rules'."""
    single = [score for score in found if score.cutoff != ALL]
    shown = [pair for pair in _OVER if pair in {(score.target, score.metric) for score in single}]
    cutoffs = list(dict.fromkeys(score.cutoff for score in single))
    figure, grid = blank(len(shown), height=4.2, across=2)
    for axes, (target, metric) in zip(grid, shown, strict=True):
        mine = [score for score in single if (score.target, score.metric) == (target, metric)]
        models = [model for model in dict.fromkeys(score.model for score in mine) if model not in _FLAT]
        for i, model in enumerate(models):
            at = {score.cutoff: score.estimate for score in mine if score.model == model}
            x = [cutoffs.index(cutoff) + 0.6 * ((i + 0.5) / len(models) - 0.5) for cutoff in at]
            value = np.array([estimate.value for estimate in at.values()])
            error = [value - [estimate.low for estimate in at.values()], [estimate.high for estimate in at.values()] - value]
            style = {"color": OUR_COLOR, "markersize": 6} if model == OURS else {"markersize": 3.5, "elinewidth": 0.8}
            axes.errorbar(x, value, yerr=np.nan_to_num(np.maximum(error, 0.0)), fmt="o", capsize=2, label=model, **style)
        axes.set_title(f"{target}: {metric}", fontsize=11, color=INK, loc="left")
        axes.set_xticks(range(len(cutoffs)), cutoffs, fontsize=8)
        axes.set_xlim(-0.5, len(cutoffs) - 0.5)
        axes.legend(frameon=False, fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2)
    return figure


def slice_calibration(parts: Sequence[Slice]) -> Figure:
    """Mean probability less the share that left, by slice, with 95 % intervals; small ones are pale."""
    figure, (axes,) = blank(1, width=7.5, height=1.2 + 0.27 * len(parts))
    for row, part in enumerate(reversed(parts)):
        color = PALE if part.small else OUR_COLOR
        axes.plot([part.off.low, part.off.high], [row, row], color=color, linewidth=2, solid_capstyle="butt")
        axes.plot(part.off.value, row, "o", color=color, markersize=5)
    names = [f"{part.by}: {part.name} ({part.rows:,})" for part in reversed(parts)]
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.axvline(0.0, color=INK, linewidth=0.8, zorder=0)
    axes.set_title("Is the level right for every kind of member?", fontsize=11, color=INK, loc="left")
    axes.set_xlabel("mean probability of leaving less the share that left")
    return figure


def spend_coverage(y: Floats, quantiles: Floats, p_none: Floats) -> Figure:
    """Share of members who spent at most their quantile, against what the forecast gave to that: on the diagonal is right.

    Where a quantile is 0, as no purchase is likelier than its level, it is given that probability.

    Parameters
    ----------
    y : (n,) spend in the horizon, in currency
    quantiles : (n, len(LEVELS))
    p_none : (n,) probability of no purchase
    """
    figure, (axes,) = blank(1)
    given = np.maximum(np.array(LEVELS), p_none[:, None]).mean(axis=0)
    stayed = (np.maximum(y, 0.0)[:, None] <= quantiles).mean(axis=0)
    low, high = plots.wilson(stayed, np.full(len(LEVELS), max(len(y), 1)))
    axes.plot([0, 1], [0, 1], color=PALE, linewidth=1, zorder=0)
    axes.errorbar(given, stayed, yerr=[stayed - low, high - stayed], fmt="o", color=OUR_COLOR, markersize=5, capsize=2)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="probability given", ylabel="share that spent at most this")
    in_percent(axes)
    axes.set_title("Spend: are its quantiles where they should be?", fontsize=11, color=INK, loc="left")
    return figure
