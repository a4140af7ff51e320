"""What people would rather see than read: reliability, lift, tier confusion, and which features move the forecast."""

from __future__ import annotations

import itertools
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from features.feature import Feature
from features.operators import Floats, Integers
from training.effects import IN, OUT, Ablation
from training.ranking import BINS, Ranked, equal_bins

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from training.forecasts import Forecasts

INK, OUR_COLOR, PALE = "#333333", "#0b6e69", "#9db4b2"
_KEPT = {OUT: "kept", IN: "added"}


def reliability(y: Floats, p: Floats, *, title: str = "", happened: str = "left") -> Figure:
    """Share that left against the probability given, in bins of equal mass, with 95 % intervals: on the diagonal is right.

    Parameters
    ----------
    y : (n,) 1 where the member left
    p : (n,) probability of leaving
    title, happened : the words, for what else may have happened
    """
    title = title or "Of members given this probability, how many left?"
    figure, axes = _figure(title, "probability given", f"share that {happened}")
    order = np.argsort(p, kind="stable")
    edges = equal_bins(p[order])
    bins = [order[start:stop] for start, stop in itertools.pairwise(edges)]
    given = np.array([p[part].mean() for part in bins])
    left = np.array([y[part].mean() for part in bins])
    low, high = wilson(left, np.diff(edges))
    axes.plot([0, 1], [0, 1], color=PALE, linewidth=1, zorder=0)
    axes.errorbar(
        given, left, yerr=np.maximum([left - low, high - left], 0), fmt="o", color=OUR_COLOR, markersize=5, capsize=2
    )
    top = min(1.02, 1.1 * max(given.max(initial=0.0), high.max(initial=0.0)) or 1.0)
    axes.set(xlim=(0, top), ylim=(0, top))
    in_percent(axes)
    return figure


def wilson(share: Floats, count: Integers) -> tuple[Floats, Floats]:
    """95 % interval of a share of ``count`` (Wilson 1927), elementwise; it holds at shares of 0 and 1 too.

    >>> [bound.round(3).tolist() for bound in wilson(np.array([0.5]), np.array([100]))]
    [[0.404], [0.596]]
    """
    z2 = 1.96**2 / count
    middle = (share + z2 / 2) / (1 + z2)
    half = np.sqrt(share * (1 - share) * z2 + z2**2 / 4) / (1 + z2)
    return middle - half, middle + half


def lift(y: Floats, forecasts: dict[str, Floats]) -> Figure:
    """Share of all leavers among the members ranked riskiest, for each model; ties are called in proportion.

    Parameters
    ----------
    y : (n,) 1 where the member left
    forecasts : (n,) probabilities by model, ours first
    """
    figure, axes = _figure("Calling the riskiest first: how many leavers are reached?", "share called", "share of leavers")
    points = min(len(y), 200)
    called = np.arange(1, points + 1) / max(points, 1)
    once = np.ones((1, len(y)), np.int32)
    for i, (name, p) in enumerate(forecasts.items()):
        if not len(p) or np.ptp(p) == 0:
            continue
        reached = np.nan_to_num(Ranked(y, p, np.arange(len(y))).gain(once, called)[:, 0])
        axes.plot(called, reached, label=name, color=OUR_COLOR if i == 0 else None, linewidth=2 if i == 0 else 1)
    axes.plot([0, 1], [0, 1], color=PALE, linewidth=1, label="at random", zorder=0)
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    in_percent(axes)
    axes.legend(frameon=False, loc="lower right")
    return figure


def tier_confusion(then: Integers, p_tier: Floats, names: tuple[str, ...]) -> Figure:
    """Members by likeliest tier forecast and tier reached, in shares of each forecast.

    Parameters
    ----------
    then : (n,) position of the tier reached
    p_tier : (n, n_tiers)
    """
    counts = np.zeros((len(names), len(names)))
    np.add.at(counts, (p_tier.argmax(axis=1), then), 1)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = _figure("Tier forecast, and tier reached", "reached", "forecast")
    axes.imshow(share, cmap="GnBu", vmin=0, vmax=1, aspect="auto")
    for i, j in np.ndindex(*share.shape):
        color = "white" if share[i, j] > 0.6 else INK
        axes.text(j, i, f"{share[i, j]:.0%}\n{counts[i, j]:.0f}", ha="center", va="center", color=color, fontsize=9)
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), names)
    return figure


def left_by_value(x: Floats, churned: npt.NDArray[np.bool_], feature: Feature) -> Figure:
    """Share that left among members alike in one feature, in bins of about equal mass; members without a value apart.

    Parameters
    ----------
    x : (n,) the feature's values
    churned : (n,)
    """
    figure, axes = _figure(feature.meaning, feature.unit.value, "share that left")
    known = ~np.isnan(x)
    edges = np.unique(np.quantile(x[known], np.linspace(0, 1, BINS + 1)[1:-1])) if known.any() else np.empty(0)
    at = np.searchsorted(edges, x[known])
    for k in np.unique(at):
        value, left = x[known][at == k], churned[known][at == k]
        error = 1.96 * np.sqrt(left.mean() * (1 - left.mean()) / len(left))
        axes.errorbar(value.mean(), left.mean(), yerr=error, fmt="o", color=OUR_COLOR, markersize=5, capsize=2)
    if not known.all():
        axes.axhline(
            churned[~known].mean(), color=PALE, linestyle="--", label=f"{(~known).sum():,} members: {feature.absent.en}"
        )
        axes.legend(frameon=False)
    axes.axhline(churned.mean(), color=PALE, linewidth=1, zorder=0)
    axes.set_ylim(bottom=0)
    return figure


def effects(ablation: Ablation) -> Figure:
    """What each trial of an ablation gains in log loss, with its 95 % interval: to the right it pays."""
    targets = {"churn": "churn", "next tier": "tier"} if ablation.overall[0].tier is not None else {"churn": "churn"}
    height = 1.4 + 0.3 * len(ablation.overall)
    figure: Figure
    figure, grid = _pyplot().subplots(
        1, len(targets), figsize=(3.4 + 3.2 * len(targets), height), layout="constrained", sharey=True, squeeze=False
    )
    rows = ablation.overall[::-1]
    for axes, (name, part) in zip(grid[0], targets.items(), strict=True):
        for row, effect in enumerate(rows):
            change, sign = getattr(effect, part), 1.0 if effect.trial.change == OUT else -1.0
            low, high = sorted((sign * change.low, sign * change.high))
            color = OUR_COLOR if effect.verdict == "pays" else PALE
            axes.plot([low, high], [row, row], color=color, linewidth=2, solid_capstyle="butt")
            axes.plot(sign * change.value, row, "o", color=color, markersize=5)
        axes.axvline(0.0, color=INK, linewidth=0.8, zorder=0)
        axes.set_title(name, fontsize=11, color=INK, loc="left")
        axes.set_xlabel("gain in log loss")
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.set_major_locator(_ticker().MaxNLocator(5))
        axes.set_yticks(range(len(rows)), [f"{effect.trial.group}, {_KEPT[effect.trial.change]}" for effect in rows])
    return figure


def beeswarm(forecasts: Forecasts) -> Figure:
    """Every member's contributions by feature (drawn by shap): to the right raises the risk, colour is the value."""
    explanation = to_explanation(forecasts)
    plt = _pyplot()
    figure: Figure = plt.figure()
    with warnings.catch_warnings():
        # shap 0.51 draws with numpy's global generator and matplotlib's older names: its affair.
        warnings.simplefilter("ignore")
        _shap().plots.beeswarm(explanation, max_display=12, show=False, plot_size=(8, 5.5))
    figure.axes[0].set_xlabel("contribution to the log-odds of leaving")
    figure.tight_layout()
    return figure


def waterfall(forecasts: Forecasts, row: int) -> Figure:
    """How one member's forecast comes about, feature by feature (drawn by shap)."""
    plt = _pyplot()
    figure: Figure = plt.figure()
    _shap().plots.waterfall(to_explanation(forecasts)[row], max_display=10, show=False)
    figure.set_size_inches(8, 5)
    figure.tight_layout()
    return figure


def to_explanation(forecasts: Forecasts) -> Any:
    """Contributions as a shap.Explanation, for any of shap's plots."""
    assert forecasts.contributions is not None
    return _shap().Explanation(
        values=forecasts.contributions,
        base_values=np.full(len(forecasts.table), forecasts.base),
        data=forecasts.explained_values,
        feature_names=[part.name for part in forecasts.explained],
    )


def blank(count: int, *, width: float = 0.0, height: float = 4.8, across: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure with so many empty axes, ``across`` of them side by side; sizes in inches, ``height`` that of a row."""
    columns = min(count, across)
    rows = -(-count // columns)
    wide = width or max(6.4, 4.6 * columns)
    figure, grid = _pyplot().subplots(rows, columns, figsize=(wide, height * rows), layout="constrained", squeeze=False)
    for axes in grid.flat:
        axes.spines[["top", "right"]].set_visible(False)
    for axes in grid.flat[count:]:
        axes.remove()
    return figure, list(grid.flat[:count])


def _figure(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    figure, (axes,) = blank(1)
    axes.set_title(title, fontsize=11, color=INK, loc="left")
    axes.set(xlabel=x, ylabel=y)
    return figure, axes


def in_percent(axes: Axes) -> None:
    """Write both axes' shares as percentages."""
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(_ticker().PercentFormatter(1.0, decimals=0))


def _ticker() -> Any:
    from matplotlib import ticker

    return ticker


def _pyplot() -> Any:
    import matplotlib.pyplot as plt

    return plt


def _shap() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap
    return shap
