"""How a run turned out: its forecasts beside what happened, once the log reaches the end of its horizon."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from features.feature_table import FeatureTable, eligible
from features.histories import Histories
from features.money import UNITS
from features.operators import Floats, Panel
from features.snapshot import to_day
from serving.forecast.members import member_key
from serving.watch.runs import Outcome, Run
from serving.watch.told import Told
from training.figures import SpendForecast, spend_figures
from training.forecaster import Settings
from training.labels import label
from training.metrics import Estimate, chance_error, class_log_losses, log_losses
from training.ranking import Ranked
from training.resampling import Figures, Means, resampled

AUC, LOSS, ECE, OFF = "AUC", "log loss", "ECE", "mean p - left"
LEFT: Final = "left"
TIER_LOSS, TIER_RIGHT = "tier log loss", "tier right"
SPEND_TOTAL: Final = "spend forecast / came"
_MOST_ROWS: Final = 200_000
"""More would take long and narrow no interval that matters; rows lie in the order of a keyed hash, so any are a sample."""


def can_judge(run: Run, histories: Histories) -> bool:
    """Whether a log reaches the end of a run's horizon."""
    return to_day(run.due) <= histories.end_day


def judge(run: Run, told: Told, settings: Settings, histories: Histories, mark: Callable[[str], bytes]) -> Outcome:
    """Score what a run said by what happened.

    Parameters
    ----------
    told : what it said
    settings : of its model
    histories : of a log that reaches ``run.due``
    mark : a member's erasure mark, by the key

    Returns
    -------
    Figures with 95 % bootstrap intervals over members: AUC, log loss, ECE, the mean p_churn less the share that left (above
    0: too dark), that share; and where these are forecast, log loss and accuracy of the next tier, and the ratio of spend
    forecast and spend that came.
    """
    day = to_day(run.as_of)
    members = eligible(histories, day, settings.lookback_days)
    ids = histories.members[members].tolist()
    position = {mark(member_key(one)): member for one, member in zip(ids, members.tolist(), strict=True)}
    there = [(position[found], row) for row, found in enumerate(told.marks.tolist()) if found in position]
    some = sorted(there[:_MOST_ROWS])  # as the log has them: intervals are then the same whatever the secret of the marks
    at, rows = (np.array([pair[k] for pair in some], np.int64) for k in (0, 1))
    lost = len(told) - len(there)
    if not len(rows):
        return Outcome(0, lost, {}, float("nan"))
    told = told.take(rows)
    cutoff = np.full(len(at), day, np.int32)
    panel = Panel(histories, at, cutoff, settings.horizon_days)
    labels = label(FeatureTable(panel, (), np.empty((len(at), 0)), settings.policy, None), histories)
    y, one = labels.churned.astype(np.float64), np.arange(len(at))
    means = {LOSS: log_losses(y, told.p_churn), OFF: told.p_churn - y, LEFT: y}
    p_tier = told.p_tier
    if labels.next_tier is not None and p_tier.shape[1] and not np.isnan(p_tier).any():
        means |= {
            TIER_LOSS: class_log_losses(labels.next_tier, p_tier),
            TIER_RIGHT: (p_tier.argmax(axis=1) == labels.next_tier).astype(np.float64),
        }
    figures: list[Figures[Any]] = [Means(means, one, len(at)), _Of(Ranked(y, told.p_churn, one))]
    if labels.spend is not None and not np.isnan(told.expected_spend).any():
        came: Floats = labels.spend / float(UNITS)
        figures += spend_figures(came, {SPEND_TOTAL: SpendForecast(told.expected_spend)}, one, len(at))
    drawn = resampled(len(at), figures, rows=len(at))
    found = {name: Estimate.of(drawn[name], centred=name == ECE) for name in (AUC, ECE, *means)}
    if ("total", SPEND_TOTAL) in drawn:
        found[SPEND_TOTAL] = Estimate.of(drawn["total", SPEND_TOTAL])
    return Outcome(len(at), lost, found, chance_error(told.p_churn))


class _Of:
    """AUC and calibration error of one ranking."""

    def __init__(self, ranked: Ranked) -> None:
        self._ranked = ranked

    def __call__(self, weights: Any) -> dict[str, Floats]:
        return {**self._ranked.area(weights), **self._ranked.calibration(weights)}
