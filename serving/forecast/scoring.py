"""Histories → what the service says of each member at a date, as numbers: the one way for batch, HTTP and notebooks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.bounds import StandingBounds
from features.feature_table import build
from features.histories import Histories
from features.ladder import stages
from features.loyalty import loyalties
from features.membership import near_of
from features.needs import last_days
from features.operators import Floats, Integers, ratio
from features.snapshot import to_day
from features.vocabulary import POLICY
from serving.forecast.record import AT, KEEPS, REACHES, Layout
from serving.forecast.temperature import temperature_of
from training.churn import probability
from training.forecaster import Forecaster
from training.forecasts import Forecasts
from training.process import Purchases

_BOUNDS: Final = StandingBounds()
_LEVELS: Final = (0.1, 0.9)


@dataclass(frozen=True, eq=False)
class Scores:
    """One row a member with a forecast, in the order of the histories.

    ``rows`` (n, layout.width) as serving.forecast.record has them; the rest is (n,), what the desk sorts and filters by:
    ``value_at_risk`` (NaN where there is none), ``temperature``, ``tier`` (-1 where there is none), ``stage`` (position in
    features.ladder.STAGES) and ``near`` (serving.forecast.record).
    """

    members: npt.NDArray[Any]
    as_of: dt.date
    rows: Floats
    value_at_risk: Floats
    temperature: Floats
    tier: Integers
    stage: Integers
    near: Integers

    def __len__(self) -> int:
        return len(self.rows)


def score(
    forecaster: Forecaster, layout: Layout, histories: Histories, as_of: dt.date, bounds: StandingBounds = _BOUNDS
) -> Scores:
    """Everything that is said of each member with a purchase in the look-back before a date, from rows before it.

    Parameters
    ----------
    layout : of the forecaster's rows
    histories : of many members, or of one; the numbers are the same to the bit
    bounds : of the ladder's stages and of near misses

    Raises
    ------
    ColumnError, ConfigError, CutoffError
        see ``Forecaster.forecast``
    """
    forecasts = forecaster.forecast(histories, as_of, explain=True)
    rows = np.full((len(forecasts.table), layout.width), np.nan)

    def put(name: str, values: Any) -> None:
        rows[:, AT[name]] = values

    put("log_odds", forecasts.log_odds)
    put("p_churn", forecasts.p_churn)
    spend, quantiles, value = forecasts.expected_spend, forecasts.spend_quantiles(_LEVELS), forecasts.value
    if spend is not None and quantiles is not None:
        put("expected_spend", spend)
        rows[:, AT["spend_low"] : AT["spend_high"] + 1] = quantiles
    if value is not None:
        put("expected_value", value.expected)
        put("value_if_stays", value.if_stays)
        put("value_at_risk", value.at_risk)
    rows[:, AT["next_purchase_low"] : AT["next_purchase_high"] + 1] = forecasts.next_purchase_days
    put("earlier_temperature", _earlier_temperature(forecaster, forecasts))
    day = to_day(as_of)
    put("stage", stages(histories, day, loyalties(histories, day, bounds), bounds)[forecasts.table.panel.member])
    if forecasts.table.state is not None:
        put("tier", forecasts.table.state.tier)
        rows[:, layout.needs] = forecasts.table.state.needs
    if forecasts.p_tier is not None:
        rows[:, layout.p_tier] = forecasts.p_tier
    of = Purchases.of(forecasts.table, spend=False)
    put("shopping_days", of.repeats + 1.0)
    put("gap_days", ratio(of.recency, of.repeats))
    put("silence_days", of.age - of.recency)
    put("near", 0.0)
    _put_near(rows, forecasts, bounds)
    rows[:, layout.values] = forecasts.explained_values
    rows[:, layout.contributions] = forecasts.contributions
    return _scores(forecasts, rows)


def _scores(forecasts: Forecasts, rows: Floats) -> Scores:
    tier, stage, near = (rows[:, AT[name]] for name in ("tier", "stage", "near"))
    return Scores(
        forecasts.members,
        forecasts.as_of,
        rows,
        rows[:, AT["value_at_risk"]],
        temperature_of(rows[:, AT["p_churn"]]),
        np.where(np.isnan(tier), -1, tier).astype(np.int64),
        stage.astype(np.int64),
        near.astype(np.int64),
    )


def _earlier_temperature(forecaster: Forecaster, forecasts: Forecasts) -> Floats:
    """(n_rows,) the temperature a horizon before, by rows before that day; NaN where there was no forecast to make."""
    settings, panel = forecaster.settings, forecasts.table.panel
    histories, found = panel.histories, np.full(len(panel.histories), np.nan)
    day = to_day(forecasts.as_of) - settings.horizon_days
    if day > histories.first_day:
        table = build(
            histories,
            [forecasts.as_of - dt.timedelta(days=settings.horizon_days)],
            horizon_days=settings.horizon_days,
            lookback_days=settings.lookback_days,
            # Nothing is asked of the policy but what features ask.
            policy=settings.policy if any(POLICY in feature.needs for feature in forecaster.features) else None,
            features=forecaster.features,
        )
        chances = forecaster.process.log_chances(Purchases.of(table, spend=False), settings.horizon_days)
        p_churn = probability(forecaster.churn.log_odds(table.x, *chances, day))
        found[table.panel.member] = temperature_of(p_churn)
    return found[panel.member]


def _put_near(rows: Floats, forecasts: Forecasts, bounds: StandingBounds) -> None:
    """Say who is just under a threshold, and until which day what is lacking helps."""
    table = forecasts.table
    if table.policy is None or table.state is None:
        return
    state, day = table.state, to_day(forecasts.as_of)
    near = near_of(state, table.policy, bounds)
    for part, name, lacks, above in ((KEEPS, "keep_by", near.keep, 0), (REACHES, "reach_by", near.rise, 1)):
        at = np.flatnonzero(lacks > 0.0)
        tier = state.tier[at] + above
        member, need = table.panel.member[at], state.need[at, tier]
        rows[at, AT["near"]] += part
        until = last_days(table.panel.histories, table.policy, member, tier, need, day, table.panel.horizon_days)
        lost = near.keep_by[at] if part == KEEPS else np.full(len(at), -1)
        rows[at, AT[name]] = np.where(lost < 0, until, np.minimum(until, lost))
