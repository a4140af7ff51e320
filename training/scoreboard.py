"""Figures of a backtest beside those of the baselines, as records and as a table to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from features.operators import Floats
from training.backtest import OURS, Origin
from training.figures import DOWN, UP, Named, SpendForecast, churn_figures, spend_figures, tier_figures
from training.metrics import Estimate, chance_error
from training.resampling import RESAMPLES, Figures, positions, resampled

PAIRED: Final = "better by"
"""Paired difference in log loss; above 0 where ours is better, as for the others."""
PAIRED_AUC: Final = "AUC better by"
PAIRED_MAE, PAIRED_PINBALL = "MAE better by", "pinball better by"
ALL: Final = "all"
CHURN, TIER, SPEND = "churn", "next tier", "spend"
_MAIN: Final = {
    CHURN: {PAIRED: ("log loss", -1.0), PAIRED_AUC: ("AUC", 1.0)},
    TIER: {PAIRED: ("log loss", -1.0)},
    SPEND: {PAIRED_MAE: ("MAE", -1.0), PAIRED_PINBALL: ("pinball", -1.0)},
}
_SHOWN: Final = {
    CHURN: ("AUC", "log loss", "ECE", PAIRED, PAIRED_AUC),
    TIER: ("log loss", "accuracy", PAIRED),
    SPEND: ("MAE", "total", "in 80 % interval", PAIRED_MAE),
}
"""What the table shows; the report has everything."""
_BARE: Final = ("ECE", "total")
"""Shown without their intervals, for want of room."""
LEGEND: Final = (
    "Brackets: 95 % intervals over members. AUC: of a leaver and a stayer, how often the leaver was given more. ECE: how\n"
    "far probabilities were from what came. Total: what was forecast over what came. Better by: by how much Tiercast beats\n"
    "the rule on the same members, in log loss where nothing else is said; an interval that holds 0 tells them not apart."
)
"""Of the table, for who sees it for the first time."""
CHANCE: Final = "ECE by chance"
_WHY: Final = {
    DOWN: "no member who could fall a tier did, or all of them did",
    UP: "no member who could rise a tier did, or all of them did",
    "RPS": "there is one tier only",
}


@dataclass(frozen=True)
class Score:
    """One figure: ``target`` is 'churn', 'next tier' or 'spend', ``cutoff`` a date or 'all'.

    ``why`` says why a figure is not a number.
    """

    cutoff: str
    target: str
    metric: str
    model: str
    estimate: Estimate
    why: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As plain values: None where there is no number."""
        numbers = {name: _plain(getattr(self.estimate, name)) for name in ("value", "low", "high")}
        return {"cutoff": self.cutoff, "target": self.target, "metric": self.metric, "model": self.model, **numbers} | (
            {"why": self.why} if self.why else {}
        )


def _plain(number: float) -> float | None:
    return None if np.isnan(number) else number


def scores(origins: Sequence[Origin], *, resamples: int = RESAMPLES) -> list[Score]:
    """Score every origin whose outcome is known, and all of them together if there are several.

    Members are drawn once for all figures of a group, so the differences are paired: ``better by`` is in log loss,
    ``AUC better by`` in AUC, ``MAE better by`` in mean absolute error of spend; above 0 where ours is better.
    """
    scored = [origin for origin in origins if origin.labels is not None]
    groups = [(str(origin.cutoff), [origin]) for origin in scored]
    if len(scored) > 1:
        groups.append((ALL, scored))
    return [score for name, group in groups for score in _scores(name, group, resamples)]


def _scores(cutoff: str, group: Sequence[Origin], resamples: int) -> list[Score]:
    member, members = positions(np.concatenate([origin.forecasts.table.panel.member for origin in group]))
    if not members:
        return []
    labels = [origin.labels for origin in group if origin.labels is not None]
    y = np.concatenate([found.churned for found in labels]).astype(np.float64)
    churn = pooled([origin.churn for origin in group])
    figures: dict[str, list[Figures[Named]]] = {CHURN: churn_figures(y, churn, member, members)}
    rights = {CHURN: churn}
    then = [found.next_tier for found in labels if found.next_tier is not None]
    tiers = pooled([origin.tiers for origin in group])
    if tiers and len(then) == len(group):
        now = np.concatenate([state.tier for origin in group if (state := origin.forecasts.table.state) is not None])
        figures[TIER] = tier_figures(now, np.concatenate(then), tiers, member, members)
        rights[TIER] = {model: p[np.arange(len(now)), now] for model, p in tiers.items()}
    spend = pooled_spend(group)
    came = [origin.spend_came for origin in group]
    if spend and all(part is not None for part in came):
        figures[SPEND] = spend_figures(np.concatenate([part for part in came if part is not None]), spend, member, members)
    named = [_Targeted(target, figure) for target, parts in figures.items() for figure in parts]
    drawn = resampled(members, named, rows=len(member), resamples=resamples)
    found = []
    for target in figures:
        mine = {(metric, model): values for (t, metric, model), values in drawn.items() if t == target}
        for model in dict.fromkeys(model for _, model in mine):
            found += _of_model(cutoff, target, model, mine)
            if target in rights:
                by_chance = Estimate(chance_error(rights[target][model]), np.nan, np.nan)
                found.append(Score(cutoff, target, CHANCE, model, by_chance))
    return found


def _of_model(cutoff: str, target: str, model: str, drawn: Mapping[Named, Floats]) -> list[Score]:
    found = []
    for (metric, whose), values in drawn.items():
        if whose == model:
            estimate = Estimate.of(values, centred=metric == "ECE")
            why = _WHY.get(metric, "what came was all alike") if np.isnan(estimate.value) else ""
            found.append(Score(cutoff, target, metric, model, estimate, why))
    if model != OURS:
        for name, (metric, sign) in _MAIN[target].items():
            if (metric, model) in drawn and (metric, OURS) in drawn:
                change = Estimate.of(sign * (drawn[metric, OURS] - drawn[metric, model]))
                found.append(Score(cutoff, target, name, model, change))
    return found


class _Targeted:
    def __init__(self, target: str, figures: Figures[Named]) -> None:
        self._target, self._figures = target, figures

    def __call__(self, weights: Any) -> dict[tuple[str, str, str], Floats]:
        return {(self._target, metric, model): values for (metric, model), values in self._figures(weights).items()}


def pooled(parts: Sequence[Mapping[str, Floats]]) -> dict[str, Floats]:
    """Rows of all parts by model, of the models that every part has."""
    return {
        model: np.concatenate([part[model] for part in parts])
        for model in (parts[0] if parts else ())
        if all(model in part for part in parts)
    }


def pooled_spend(group: Sequence[Origin]) -> dict[str, SpendForecast]:
    """Forecasts of spend over all origins, by model."""
    found = {}
    for model in group[0].spend:
        parts = [origin.spend[model] for origin in group if model in origin.spend]
        if len(parts) == len(group):
            quantiles = [part.quantiles for part in parts if part.quantiles is not None]
            p_none = [part.p_none for part in parts if part.p_none is not None]
            found[model] = SpendForecast(
                np.concatenate([part.mean for part in parts]),
                np.concatenate(quantiles) if len(quantiles) == len(parts) else None,
                np.concatenate(p_none) if len(p_none) == len(parts) else None,
            )
    return found


def to_text(found: Sequence[Score]) -> str:
    """A table a cutoff and target: a row a model, a column a metric, 95 % intervals over members in brackets.

    The main metrics only. Where nothing could be scored it says so.
    """
    if not found:
        return "No cutoff's horizon lies inside the log, so there is no outcome to score yet."
    lines: list[str] = []
    for cutoff, target in dict.fromkeys((score.cutoff, score.target) for score in found):
        part = [score for score in found if (score.cutoff, score.target) == (cutoff, target)]
        there = {score.metric for score in part}
        metrics = [metric for metric in _SHOWN[target] if metric in there]
        cells = {(score.model, score.metric): shown(score, interval=score.metric not in _BARE) for score in part}
        models = list(dict.fromkeys(score.model for score in part))
        first = max(14, *(len(model) + 2 for model in models))
        widths = [2 + max(len(metric), *(len(cells.get((model, metric), "")) for model in models)) for metric in metrics]
        head = "".join(f"{metric:<{width}}" for metric, width in zip(metrics, widths, strict=True))
        lines += [
            "",
            f"{target}, {'all cutoffs' if cutoff == ALL else f'cutoff {cutoff}'}",
            f"  {'':<{first}}{head}".rstrip(),
        ]
        for model in models:
            row = "".join(f"{cells.get((model, m), ''):<{w}}" for m, w in zip(metrics, widths, strict=True))
            lines.append(f"  {model:<{first}}{row}".rstrip())
    return "\n".join(lines[1:])


def shown(score: Score, *, interval: bool = True) -> str:
    """A figure as text, with its interval where it has one; two decimals for lift and money, none for 1,000 and more."""
    estimate, money = score.estimate, score.target == SPEND and score.metric != "in 80 % interval"
    if np.isnan(estimate.value):
        return "not available"
    digits = 2 if money or score.metric.startswith("lift") else 4
    if money and abs(estimate.value) >= 1_000:
        digits = 0
    value, low, high = (f"{number:.{digits}f}" for number in (estimate.value, estimate.low, estimate.high))
    if not interval or np.isnan(estimate.low):
        return value
    return f"{value} [{low}, {high}]"
