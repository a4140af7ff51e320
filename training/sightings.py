"""What is watched of a programme at a date, as plain columns: features, forecasts, the log; and a model's reference."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from features.feature_table import eligible
from features.histories import Histories
from features.money import UNITS
from features.operators import Floats, Integers
from features.snapshot import to_date, to_day
from training.checks.gather import longest_window
from training.checks.population import tenths
from training.forecaster import Forecaster
from training.reference import SEASON_STEP, Kind, Quantity, Reference
from training.season import YEAR

P_CHURN: Final = "p_churn"
BAND: Final = "temperature_band"
SPEND: Final = "expected_spend"
TIER: Final = "tier"
NEXT_TIER: Final = "likeliest_next_tier"
AMOUNT: Final = "amount_a_shopping_day"
ORDERS: Final = "orders_a_shopping_day"
MEMBERS, DAYS = "members", "shopping_days_a_member"
_BANDS: Final = (("cold", 20.0), ("cool", 50.0), ("warm", 80.0), ("hot", np.inf))
_WEEK: Final = 7
_MOST_DATES: Final = 13
_MOST_MEMBERS: Final = 50_000
"""More would take long and tell no more."""
_DIGITS: Final = 3


@dataclass(frozen=True, eq=False)
class Sighting:
    """Columns by name, with NaN for what is missing; of those that are kinds, the kinds' names, lowest first.

    A column of ``features`` and ``forecasts`` has a row a member with a forecast, one of ``log`` a row a shopping day of the
    horizon before the date.
    """

    features: Mapping[str, Floats]
    forecasts: Mapping[str, Floats]
    log: Mapping[str, Floats]
    labels: Mapping[str, tuple[str, ...]]
    levels: Mapping[str, float]

    def columns(self) -> dict[str, tuple[Kind, Floats]]:
        """All columns by name, with what they are of."""
        parts: tuple[tuple[Kind, Mapping[str, Floats]], ...] = (
            ("feature", self.features),
            ("forecast", self.forecasts),
            ("log", self.log),
        )
        return {name: (kind, values) for kind, part in parts for name, values in part.items()}


def forecast_columns(
    p_churn: Floats, spend: Floats | None, tier: Integers | None, p_tier: Floats | None
) -> dict[str, Floats]:
    """What is forecast of members, as columns; tiers below 0 are missing.

    >>> found = forecast_columns(np.array([0.1, 0.9]), None, np.array([2, -1]), None)
    >>> {name: column.tolist() for name, column in found.items()}
    {'p_churn': [0.1, 0.9], 'temperature_band': [3.0, 0.0], 'tier': [2.0, nan]}
    """
    below = [bound for _, bound in _BANDS[:-1]]
    found = {P_CHURN: p_churn, BAND: np.searchsorted(below, 100.0 * (1.0 - p_churn), "right").astype(np.float64)}
    if spend is not None:
        found[SPEND] = spend
    if tier is not None:
        found[TIER] = np.where(tier < 0, np.nan, tier).astype(np.float64)
    if p_tier is not None and p_tier.shape[1]:
        likeliest = np.nan_to_num(p_tier, nan=-1.0).argmax(axis=1).astype(np.float64)
        found[NEXT_TIER] = np.where(np.isnan(p_tier[:, 0]), np.nan, likeliest)
    return found


def log_columns(histories: Histories, as_of: dt.date, days: int) -> dict[str, Floats]:
    """What the log shows of the days before a date: how much and how often members bought on each of their shopping days.

    Money is in currency; there is none without amounts.
    """
    end = to_day(as_of)
    visits = histories.visits
    inside = (visits.day >= end - days) & (visits.day < end)
    found = {ORDERS: visits.values["orders"][inside].astype(np.float64)}
    if histories.has_amounts:
        found[AMOUNT] = visits.values["gross"][inside] / float(UNITS)
    return found


def labels_of(forecaster: Forecaster) -> dict[str, tuple[str, ...]]:
    """What the kinds of a column are called, by column."""
    found = {BAND: tuple(name for name, _ in _BANDS)}
    if forecaster.settings.policy is not None:
        found |= dict.fromkeys((TIER, NEXT_TIER), forecaster.settings.policy.tier_names)
    return found


def sighting(forecaster: Forecaster, histories: Histories, as_of: dt.date) -> Sighting:
    """All that is watched at a date, from rows before it.

    Raises
    ------
    ColumnError, ConfigError, CutoffError
        see ``Forecaster.forecast``
    """
    known = histories.before(as_of)
    forecasts = forecaster.forecast(known, as_of)
    table = forecasts.table
    state = None if table.state is None else table.state.tier
    log = log_columns(known, as_of, forecaster.settings.horizon_days)
    return Sighting(
        dict(zip(table.names, table.x.T, strict=True)),
        forecast_columns(forecasts.p_churn, forecasts.expected_spend, state, forecasts.p_tier),
        log,
        labels_of(forecaster),
        levels(len(table), log),
    )


def levels(members: int, log: Mapping[str, Floats]) -> dict[str, float]:
    """Plain figures of a date: members forecast, and shopping days of the horizon before it for each of them."""
    found = {MEMBERS: float(members)}
    return found | {DAYS: len(log[ORDERS]) / members} if members and ORDERS in log else found


def make_reference(
    forecaster: Forecaster,
    version: str,
    histories: Histories,
    *,
    refused: Mapping[str, int] | None = None,
    figures: Mapping[str, tuple[float, float | None, float | None]] | None = None,
) -> Reference:
    """What a model's later runs are compared with, from the log as it was known on the date that it was trained for.

    Parameters
    ----------
    histories : of the log; of very many members, some are drawn
    refused, figures : see ``Reference``
    """
    settings = forecaster.settings
    known = histories.before(settings.trained_as_of)
    found = reference_dates(to_date(known.first_day), settings.trained_as_of, settings.horizon_days, settings.lookback_days)
    dates = [date for date in found if len(eligible(known, to_day(date), settings.lookback_days))] or found[-1:]
    whole = [len(eligible(known, to_day(date), settings.lookback_days)) for date in dates]
    some = _drawn(known)
    seen = [sighting(forecaster, some, date) for date in dates]
    ahead = looking_ahead(forecaster, some, settings.trained_as_of)
    log_days = to_day(dates[0]) - known.first_day
    filling = {feature.name for feature in forecaster.features if longest_window(feature) > log_days}
    quantities = []
    for name, (kind, last) in seen[-1].columns().items():
        labels = seen[-1].labels.get(name, ())
        edges: Floats = np.arange(0.5, len(labels) - 1.0) if labels else np.unique(_rounded(tenths(last)))
        quantity = Quantity(name, kind, edges, np.empty((0, len(edges) + 2), np.int64), labels)
        counts = np.array([quantity.count(part.columns()[name][1]) for part in seen])
        later = [quantity.count(columns[name]) for columns in ahead if name in columns]
        ahead_counts = np.array(later, np.int64).reshape(-1, len(edges) + 2)
        quantities.append(Quantity(name, kind, edges, counts, labels, ahead_counts, name in filling))
    figured = {name: tuple(part.levels.get(name, 0.0) for part in seen) for name in seen[-1].levels}
    figured[MEMBERS] = tuple(map(float, whole))
    return Reference(version, settings.horizon_days, tuple(dates), tuple(quantities), figured, refused, figures or {})


def looking_ahead(forecaster: Forecaster, histories: Histories, as_of: dt.date) -> list[dict[str, Floats]]:
    """What a model would say of the members of a date over the year to come, every 28 days, if nothing but the season moved.

    A model whose log was too short to know a season says the same all year: then there is nothing.
    """
    if not (forecaster.churn.season.days or (forecaster.spend is not None and forecaster.spend.season.days)):
        return []
    table = forecaster.describe(histories.before(as_of), as_of)
    found = []
    for step in range(YEAR // SEASON_STEP + 1):
        forecasts = forecaster.forecast_table(table, as_of + dt.timedelta(days=SEASON_STEP * step))
        found.append(forecast_columns(forecasts.p_churn, forecasts.expected_spend, None, forecasts.p_tier))
    return found


def reference_dates(first_day: dt.date, as_of: dt.date, horizon_days: int, lookback_days: int) -> list[dt.date]:
    """The training date and up to twelve before it, whole weeks apart, no wider than a horizon, oldest first.

    Each has a look-back inside the log, or half of the days up to the training date where that is less.

    >>> [str(date) for date in reference_dates(dt.date(2017, 1, 1), dt.date(2017, 4, 1), 28, 91)][-3:]
    ['2017-03-18', '2017-03-25', '2017-04-01']
    """
    room = (as_of - first_day).days
    span = room - min(lookback_days, room // 2)
    step = max(1, min(horizon_days // _WEEK, span // (_MOST_DATES - 1) // _WEEK)) * _WEEK
    count = min(_MOST_DATES, span // step + 1)
    return [as_of - dt.timedelta(days=step * k) for k in reversed(range(count))]


def _drawn(histories: Histories) -> Histories:
    if len(histories) <= _MOST_MEMBERS:
        return histories
    drawn = np.random.default_rng(0).choice(len(histories), _MOST_MEMBERS, replace=False)
    return histories.select(np.sort(drawn))


def _rounded(edges: Floats) -> Floats:
    """Finite edges to three digits: an edge is somebody's value, and is not to be known to the cent."""
    return np.array([float(f"{edge:.{_DIGITS}g}") for edge in edges[np.isfinite(edges)].tolist()])
