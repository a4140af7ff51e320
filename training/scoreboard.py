"""Figures of a backtest beside those of the baselines, as records and as a table to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.backtest import OURS, Origin
from training.metrics import Estimate, auc_estimate, calibration_error, class_log_losses, log_losses, mean_estimate

PAIRED = "better by"


@dataclass(frozen=True)
class Score:
    """One figure: ``target`` is 'churn' or 'next tier', ``cutoff`` a date or 'all'."""

    cutoff: str
    target: str
    metric: str
    model: str
    estimate: Estimate


def scores(origins: Sequence[Origin]) -> list[Score]:
    """Score every origin whose outcome is known, and all of them together if there are several.

    ``better by`` is the paired difference in log loss, baseline less ours: above 0 where ours is better.
    """
    scored = [origin for origin in origins if origin.labels is not None]
    groups = [(str(origin.cutoff), [origin]) for origin in scored]
    if len(scored) > 1:
        groups.append(("all", scored))
    return [score for name, group in groups for score in [*_churn(name, group), *_tiers(name, group)]]


def _churn(cutoff: str, group: Sequence[Origin]) -> list[Score]:
    y = np.concatenate([origin.labels.churned for origin in group if origin.labels]).astype(float)
    members = np.concatenate([origin.forecasts.table.panel.member for origin in group])
    if not len(y):
        return []
    found = []
    ours = log_losses(y, np.concatenate([origin.churn[OURS] for origin in group]))
    for model in group[0].churn:
        p = np.concatenate([origin.churn[model] for origin in group])
        losses = log_losses(y, p)
        found.append(Score(cutoff, "churn", "AUC", model, auc_estimate(y, p, members)))
        found.append(Score(cutoff, "churn", "log loss", model, mean_estimate(losses, members)))
        error = calibration_error(y, p)
        found.append(Score(cutoff, "churn", "ECE", model, Estimate(error, np.nan, np.nan)))
        if model != OURS:
            found.append(Score(cutoff, "churn", PAIRED, model, mean_estimate(losses - ours, members)))
    return found


def _tiers(cutoff: str, group: Sequence[Origin]) -> list[Score]:
    if not group[0].tiers or not sum(len(origin.forecasts.table) for origin in group):
        return []
    then = [origin.labels.next_tier for origin in group if origin.labels and origin.labels.next_tier is not None]
    y = np.concatenate(then)
    members = np.concatenate([origin.forecasts.table.panel.member for origin in group])
    found = []
    ours = class_log_losses(y, np.concatenate([origin.tiers[OURS] for origin in group]))
    for model in group[0].tiers:
        p = np.concatenate([origin.tiers[model] for origin in group])
        losses = class_log_losses(y, p)
        hits = (p.argmax(axis=1) == y).astype(float)
        found.append(Score(cutoff, "next tier", "log loss", model, mean_estimate(losses, members)))
        found.append(Score(cutoff, "next tier", "accuracy", model, mean_estimate(hits, members)))
        if model != OURS:
            found.append(Score(cutoff, "next tier", PAIRED, model, mean_estimate(losses - ours, members)))
    return found


def to_text(found: Sequence[Score]) -> str:
    """A table a cutoff and target: a row a model, a column a metric, 95 % intervals over members in brackets.

    Where nothing could be scored it says so.
    """
    if not found:
        return "No cutoff's horizon lies inside the log, so there is no outcome to score yet."
    lines: list[str] = []
    for cutoff, target in dict.fromkeys((score.cutoff, score.target) for score in found):
        part = [score for score in found if (score.cutoff, score.target) == (cutoff, target)]
        metrics = list(dict.fromkeys(score.metric for score in part))
        lines += ["", f"{target}, {'all cutoffs' if cutoff == 'all' else f'cutoff {cutoff}'}"]
        lines.append(f"  {'':<14}" + "".join(f"{metric:<26}" for metric in metrics).rstrip())
        for model in dict.fromkeys(score.model for score in part):
            cells = {score.metric: score.estimate for score in part if score.model == model}
            row = "".join(f"{_cell(cells[metric]) if metric in cells else '':<26}" for metric in metrics)
            lines.append(f"  {model:<14}{row}".rstrip())
    return "\n".join(lines[1:])


def _cell(estimate: Estimate) -> str:
    return f"{estimate.value:.4f}" if np.isnan(estimate.low) else str(estimate)
