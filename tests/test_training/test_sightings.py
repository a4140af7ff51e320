"""training/sightings.py: what is watched, counted by hand."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import simulated
from hypothesis import given
from hypothesis import strategies as st

from features.histories import Histories
from serving.forecast.temperature import BANDS, band_of
from training.fit import Fitted, fit_forecaster
from training.season import Season
from training.sightings import (
    AMOUNT,
    BAND,
    MEMBERS,
    ORDERS,
    P_CHURN,
    forecast_columns,
    labels_of,
    log_columns,
    looking_ahead,
    make_reference,
    reference_dates,
    sighting,
)

LOG = simulated.log(members=120, seed=5)


@pytest.fixture(scope="module")
def histories() -> Histories:
    return simulated.histories(LOG)


@pytest.fixture(scope="module")
def fitted(histories: Histories) -> Fitted:
    return fit_forecaster(histories, simulated.AS_OF, policy=simulated.NET, **simulated.SPANS)


def test_bands_are_those_of_the_service(fitted: Fitted) -> None:
    names = labels_of(fitted.forecaster)[BAND]
    assert names == tuple(band.name for band in BANDS)
    p_churn = np.array([0.0, 0.2, 0.2000001, 0.5, 0.6, 0.8, 0.9, 1.0])
    found = forecast_columns(p_churn, None, None, None)[BAND]
    assert [names[int(k)] for k in found] == [band_of(100 * (1 - p)).name for p in p_churn]


def test_the_log_of_the_days_before_is_counted(histories: Histories) -> None:
    as_of, days = simulated.AS_OF, 28
    found = log_columns(histories, as_of, days)
    window = [as_of - dt.timedelta(days=k) for k in range(1, days + 1)]
    by_hand = [values for rows in LOG.values() for day, values in rows if day in window and values["orders"]]
    assert sorted(found[AMOUNT]) == pytest.approx(sorted(values["gross"] / 10_000 for values in by_hand))
    assert found[ORDERS].sum() == sum(values["orders"] for values in by_hand)
    assert AMOUNT not in log_columns(simulated.histories(LOG, has_amounts=False), as_of, days)


def test_nothing_after_the_date_is_seen(histories: Histories, fitted: Fitted) -> None:
    as_of = simulated.AS_OF
    whole = sighting(fitted.forecaster, histories, as_of)
    known = sighting(fitted.forecaster, simulated.histories(simulated.before(LOG, as_of)), as_of)
    assert whole.levels == known.levels
    assert whole.levels[MEMBERS] == len(whole.forecasts[P_CHURN])
    for name, (_, values) in whole.columns().items():
        assert np.array_equal(np.sort(values), np.sort(known.columns()[name][1]), equal_nan=True), name


def test_a_reference_counts_every_member_at_every_date_and_names_nobody(histories: Histories, fitted: Fitted) -> None:
    reference = make_reference(fitted.forecaster, "v", histories, refused={"rows": 3})
    assert reference.as_of == simulated.AS_OF
    assert reference.dates == tuple(reference_dates(simulated.FIRST, simulated.AS_OF, simulated.HORIZON, simulated.LOOKBACK))
    now = sighting(fitted.forecaster, histories, simulated.AS_OF).columns()
    for quantity in reference.quantities:
        assert quantity.counts.shape == (len(reference.dates), len(quantity.edges) + 2)
        if quantity.kind != "log":
            assert quantity.counts.sum(axis=1).tolist() == list(reference.levels[MEMBERS])
        assert quantity.counts[-1].tolist() == quantity.count(now[quantity.name][1]).tolist()
        assert all(edge == float(f"{edge:.3g}") for edge in quantity.edges)
    text = reference.to_json()
    assert not [member for member in LOG if member in text]


def test_what_the_log_was_too_short_for_is_said_to_fill_up(histories: Histories, fitted: Fitted) -> None:
    reference = make_reference(fitted.forecaster, "v", histories)
    filling = {quantity.name for quantity in reference.quantities if quantity.filling}
    assert {"visits_364d", "season_spend"} <= filling
    assert not filling & {"visits_28d", "spend_91d", "recency_days", "tenure_days", P_CHURN}


def test_the_models_own_season_is_looked_ahead_at(histories: Histories, fitted: Fitted) -> None:
    plain = fitted.forecaster
    assert looking_ahead(plain, histories, simulated.AS_OF) == []
    day = (simulated.AS_OF - dt.date(1970, 1, 1)).days
    season = Season(
        plain.churn.season.usual, tuple(day + 28 * k - 364 for k in range(14)), tuple(0.1 * k for k in range(14))
    )
    seasonal = replace(plain, churn=replace(plain.churn, season=season))
    ahead = looking_ahead(seasonal, histories, simulated.AS_OF)
    means = [float(columns[P_CHURN].mean()) for columns in ahead]
    assert len(means) == 14
    assert means == sorted(means)
    assert means[0] == pytest.approx(plain.forecast(histories.before(simulated.AS_OF), simulated.AS_OF).p_churn.mean())
    made = make_reference(seasonal, "v", histories)
    (p_churn,) = (quantity for quantity in made.quantities if quantity.name == P_CHURN)
    assert p_churn.ahead.shape == (14, len(p_churn.edges) + 2)
    assert json.loads(made.to_json())


@given(st.integers(3, 900), st.integers(1, 120), st.integers(1, 200))
def test_reference_dates_lie_in_the_log_whole_weeks_apart(age: int, horizon: int, lookback: int) -> None:
    first = dt.date(2020, 1, 1)
    as_of = first + dt.timedelta(days=age)
    dates = reference_dates(first, as_of, horizon, lookback)
    assert dates[-1] == as_of
    assert 1 <= len(dates) <= 13
    assert dates[0] - first >= dt.timedelta(days=min(lookback, age // 2))
    steps = set(_steps(dates))
    assert len(steps) <= 1
    assert all(step % 7 == 0 and step <= max(7, horizon) for step in steps)


def _steps(dates: list[dt.date]) -> Iterator[int]:
    for one, other in itertools.pairwise(dates):
        yield (other - one).days
