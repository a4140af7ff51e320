"""A training's objects → the evidence that checks look at. The only file here that knows what they are made of."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from features.feature import Feature
from features.feature_table import FeatureTable
from features.histories import Histories
from features.operators import Floats
from features.snapshot import MAX_DAYS
from training.backtest import OURS, Origin
from training.checks.evidence import Answers, Evidence, Explained, LogCounts, Outcome, Rows, Said
from training.fit import Fitted
from training.forecaster import Forecaster
from training.forecasts import Forecasts
from training.labels import Labels

if TYPE_CHECKING:
    from features.usability import UsabilityReport

_RETURNS = ("'returned'", "'returns'")
_MONEY = ("'gross'", "'returned'")
_BY_PURCHASES = {"spend", "profit", "orders"}
"""Metrics of a tier policy that nothing but a purchase adds to."""


def gather(
    histories: Histories,
    fitted: Fitted,
    forecasts: Forecasts,
    origins: Sequence[Origin] = (),
    *,
    usability: UsabilityReport | None = None,
    explained: Sequence[Explained] = (),
    zero_mass: Floats | None = None,
    spend_quantiles: Mapping[float, Floats] | None = None,
) -> Evidence:
    """All that is known of a training.

    Parameters
    ----------
    histories : of the whole log, days after the training's date included
    fitted : the forecaster and what it was fitted on
    forecasts : to be served
    origins : of a backtest; those without an outcome are left out
    usability : the report of the log's check
    explained : quantities with their contributions; the log-odds of the forecasts, where they are explained, if none
    zero_mass, spend_quantiles : of the forecasts, where they are given (see ``Answers``)
    """
    settings = fitted.forecaster.settings
    return Evidence(
        as_of=forecasts.as_of,
        horizon_days=settings.horizon_days,
        lookback_days=settings.lookback_days,
        histories=histories,
        forecast=lambda some, at: said(fitted.forecaster, some, at),
        describe=lambda some, at: fitted.forecaster.describe(some, at).x,
        training=rows(fitted.data.table, fitted.data.labels),
        outcomes=tuple(_outcome(origin, origin.labels) for origin in origins if origin.labels is not None),
        scoring=rows(forecasts.table),
        answers=answers(forecasts, zero_mass, spend_quantiles),
        explained=tuple(explained) or _log_odds(forecasts),
        log=None if usability is None else _counts(usability),
    )


def rows(table: FeatureTable, labels: Labels | None = None) -> Rows:
    """A feature table as plain rows."""
    panel = table.panel
    lacking = (() if len(panel.histories.returns.day) else _RETURNS) + (() if panel.histories.has_amounts else _MONEY)
    return Rows(
        table.names,
        table.x,
        panel.member,
        panel.cutoff.astype(np.int64),
        None if labels is None else labels.churned,
        panel.histories,
        {feature.name: longest_window(feature) for feature in table.features},
        frozenset(feature.name for feature in table.features if any(name in feature.expression for name in lacking)),
    )


def longest_window(feature: Feature) -> int:
    """The longest span of days in a feature's definition; 0 where it looks at all of a history, or names none.

    >>> from features.feature import Unit
    >>> longest_window(Feature("x_7d", Unit.COUNT, "total('visits', 7)", "days with a purchase in the last week"))
    7
    """
    return max((int(number) for number in re.findall(r"\d+", feature.expression) if int(number) < MAX_DAYS), default=0)


def said(forecaster: Forecaster, histories: Histories, as_of: dt.date) -> Said:
    """What a forecaster says of members at a cutoff, by name."""
    forecasts = forecaster.forecast(histories, as_of)
    found = {
        "features": forecasts.table.x,
        "p_churn": forecasts.p_churn,
        "expected_spend": forecasts.expected_spend,
        "p_tier": forecasts.p_tier,
    }
    return {name: values for name, values in found.items() if values is not None}


def answers(
    forecasts: Forecasts, zero_mass: Floats | None = None, spend_quantiles: Mapping[float, Floats] | None = None
) -> Answers:
    """Forecasts as plain arrays, with what the policy says of each member."""
    state, policy = forecasts.table.state, forecasts.table.policy
    need_purchase, returns_ignored = None, False
    if state is not None and policy is not None:
        versions = policy.versions or (policy,)
        if all(version.metric in _BY_PURCHASES for version in versions):
            need_purchase = state.need > 0
        returns_ignored = all(version.returns == "ignore" for version in versions)
    return Answers(
        forecasts.p_churn,
        forecasts.p_tier,
        forecasts.expected_spend,
        None if state is None else state.secured,
        need_purchase,
        returns_ignored,
        zero_mass,
        spend_quantiles or {},
    )


def _outcome(origin: Origin, labels: Labels) -> Outcome:
    return Outcome(
        origin.cutoff,
        origin.forecasts.table.panel.member,
        OURS,
        origin.churn,
        labels.churned,
        origin.tiers,
        labels.next_tier,
    )


def _log_odds(forecasts: Forecasts) -> tuple[Explained, ...]:
    if forecasts.contributions is None:
        return ()
    return (Explained("log-odds of leaving", forecasts.base, forecasts.contributions, forecasts.log_odds),)


def _counts(usability: UsabilityReport) -> LogCounts:
    return LogCounts(
        usability.rows,
        usability.repeated_rows,
        usability.overlap_rows,
        usability.duplicates != "drop",
        usability.duplicates == "keep",
    )
