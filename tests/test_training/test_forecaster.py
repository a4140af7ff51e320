"""Forecasts: as known then, alike for one member and for all, and of one distribution."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
import simulated
from by_example import row
from hypothesis import given, settings
from hypothesis import strategies as st

from features.daily import DailyRow
from features.errors import ColumnError, CutoffError, PolicyError
from features.histories import Histories, from_rows
from features.policy import TierPolicy
from training.fit import Fitted, fit_forecaster
from training.forecaster import Forecaster
from training.forecasts import Forecasts

LATER = st.tuples(
    st.integers(0, 259).map(lambda i: f"m{i:03d}"),  # some of them new
    st.dates(simulated.AS_OF, simulated.AS_OF + dt.timedelta(days=90)),
    st.integers(0, 3),
    st.integers(0, 50_000_000),
    st.integers(0, 50_000_000),
)


def by_member(forecasts: Forecasts) -> dict[Any, list[Any]]:
    """Everything said of each member, floats as bytes."""
    columns = (forecasts.p_churn, forecasts.log_odds, forecasts.contributions, forecasts.expected_spend, forecasts.p_tier)
    given_columns = [column for column in (*columns, forecasts.table.x) if column is not None]
    return {member: [column[i].tobytes() for column in given_columns] for i, member in enumerate(forecasts.members)}


def with_rows(log: simulated.Log, later: list[tuple[str, dt.date, int, int, int]]) -> dict[str, list[DailyRow]]:
    merged = {member: list(rows) for member, rows in log.items()}
    for member, *day in later:
        merged.setdefault(member, []).append(row(*day))  # type: ignore[arg-type]
    return {member: simulated.one_a_day(rows) for member, rows in merged.items()}


@settings(max_examples=6)
@given(later=st.lists(LATER, max_size=40))
def test_what_comes_later_changes_no_forecast_and_no_training(
    small_log: dict[str, list[DailyRow]], small_fitted: Fitted, later: list[tuple[str, dt.date, int, int, int]]
) -> None:
    known = simulated.before(small_log, simulated.AS_OF)
    told = simulated.histories(with_rows(known, later))
    refitted = fit_forecaster(told, simulated.AS_OF, **simulated.SPANS, policy=simulated.NET)
    assert refitted.bundle.version == small_fitted.bundle.version
    then = small_fitted.forecaster.forecast(simulated.histories(known), simulated.AS_OF, explain=True)
    now = refitted.forecaster.forecast(told, simulated.AS_OF, explain=True)
    assert by_member(now) == by_member(then)


def test_an_earlier_row_does_change_them(small_log: dict[str, list[DailyRow]], small_fitted: Fitted) -> None:
    """The property above could fail."""
    day = simulated.AS_OF - dt.timedelta(days=1)
    told = simulated.histories(with_rows(small_log, [(f"m{i:03d}", day, 1, 10_000, 0) for i in range(0, 240, 2)]))
    assert fit_forecaster(told, simulated.AS_OF, **simulated.SPANS, policy=simulated.NET).bundle != small_fitted.bundle
    then = small_fitted.forecaster.forecast(simulated.histories(small_log), simulated.AS_OF)
    now = small_fitted.forecaster.forecast(told, simulated.AS_OF)
    assert by_member(now) != by_member(then)


@pytest.mark.parametrize("compiled", [True, False])
def test_one_member_alone_is_told_the_same(
    small_log: dict[str, list[DailyRow]],
    small: Histories,
    small_fitted: Fitted,
    compiled: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from features import feature_table

    forecaster = small_fitted.forecaster
    monkeypatch.setattr(feature_table, "_COMPILE_FROM_PAIRS", 0 if compiled else 10**9)
    whole = by_member(forecaster.forecast(small, simulated.AS_OF, explain=True))
    monkeypatch.setattr(feature_table, "_COMPILE_FROM_PAIRS", 10**9)
    assert 100 < len(whole) < len(small)
    for member, rows in small_log.items():
        if member in whole:
            alone = from_rows([(member, rows)], has_amounts=True)
            assert by_member(forecaster.forecast(alone, simulated.AS_OF, explain=True)) == {member: whole[member]}


@settings(max_examples=5)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_members_is_irrelevant(small: Histories, small_fitted: Fitted, seed: int) -> None:
    shuffled = small.select(np.random.default_rng(seed).permutation(len(small)))
    forecaster = small_fitted.forecaster
    assert by_member(forecaster.forecast(shuffled, simulated.AS_OF, explain=True)) == by_member(
        forecaster.forecast(small, simulated.AS_OF, explain=True)
    )


def test_members_are_those_with_a_purchase_in_the_look_back(
    small_log: dict[str, list[DailyRow]], small: Histories, small_fitted: Fitted
) -> None:
    start = simulated.AS_OF - dt.timedelta(days=simulated.LOOKBACK)
    active = [
        m
        for m, rows in small_log.items()
        if any(start <= day < simulated.AS_OF and values["orders"] for day, values in rows)
    ]
    assert small_fitted.forecaster.forecast(small, simulated.AS_OF).members.tolist() == active


def coherent(forecasts: Forecasts) -> None:
    assert forecasts.contributions is not None
    assert ((forecasts.p_churn > 0) & (forecasts.p_churn < 1)).all()
    total = forecasts.base + forecasts.contributions.sum(axis=1)
    np.testing.assert_allclose(total, forecasts.log_odds, rtol=0, atol=1e-9)
    np.testing.assert_allclose(forecasts.temperature, 100 / (1 + np.exp(forecasts.log_odds)), rtol=0, atol=1e-9)


def test_the_parts_agree_with_each_other(small: Histories, small_fitted: Fitted) -> None:
    forecasts = small_fitted.forecaster.forecast(small, simulated.AS_OF, explain=True)
    coherent(forecasts)
    state, spend = forecasts.table.state, forecasts.spend
    assert state is not None
    assert spend is not None
    assert forecasts.p_tier is not None
    np.testing.assert_allclose(forecasts.p_tier.sum(axis=1), 1.0, rtol=0, atol=1e-12)
    assert forecasts.table.policy is not None
    assert forecasts.table.policy.tier_names == ("Member", "Silver", "Gold")
    assert forecasts.expected_spend is not None
    np.testing.assert_allclose(forecasts.expected_spend, (1 - forecasts.p_churn) * spend.expected())
    # Who leaves stays in the secured tier, or slips from it.
    rows = np.arange(len(state.secured))
    stay = forecasts.p_tier[rows, state.secured] + np.where(
        state.secured > 0, forecasts.p_tier[rows, state.secured - 1], 0.0
    )
    assert (stay >= forecasts.p_churn - 1e-12).all()
    # Where all is to come, not a tier above the first without a purchase.
    bare = state.secured == 0
    assert (1 - forecasts.p_tier[bare, 0] <= 1 - forecasts.p_churn[bare] + 1e-12).all()


def test_unasked_there_are_no_contributions(small: Histories, small_fitted: Fitted) -> None:
    assert small_fitted.forecaster.forecast(small, simulated.AS_OF).contributions is None


@pytest.mark.parametrize("policy", [None, simulated.ONE_TIER, simulated.IGNORE, simulated.NET])
def test_without_amounts_churn_is_told_and_money_is_not(visits_only: Histories, policy: TierPolicy | None) -> None:
    fitted = fit_forecaster(visits_only, simulated.AS_OF, **simulated.SPANS, policy=policy)
    forecasts = fitted.forecaster.forecast(visits_only, simulated.AS_OF, explain=True)
    coherent(forecasts)
    assert np.ptp(forecasts.p_churn) > 0.3
    assert (forecasts.expected_spend, forecasts.p_tier, forecasts.table.state) == (None, None, None)
    assert fitted.forecaster.spend is None


def test_a_model_of_amounts_refuses_a_log_without(visits_only: Histories, small_fitted: Fitted) -> None:
    with pytest.raises(ColumnError, match="a log has amounts where its model was trained on amounts"):
        small_fitted.forecaster.forecast(visits_only, simulated.AS_OF)


def test_one_tier_is_certain(small: Histories) -> None:
    fitted = fit_forecaster(small, simulated.AS_OF, **simulated.SPANS, policy=simulated.ONE_TIER)
    forecasts = fitted.forecaster.forecast(small, simulated.AS_OF, explain=True)
    coherent(forecasts)
    assert forecasts.p_tier is not None
    assert forecasts.p_tier.tolist() == [[1.0]] * len(forecasts.members)


def test_without_a_policy_spend_is_told_and_tiers_are_not(small: Histories) -> None:
    fitted = fit_forecaster(small, simulated.AS_OF, **simulated.SPANS)
    forecasts = fitted.forecaster.forecast(small, simulated.AS_OF)
    assert forecasts.p_tier is None
    assert forecasts.expected_spend is not None
    assert (forecasts.expected_spend > 0).all()
    assert not any(name.startswith(("tier_", "need_")) for name in forecasts.table.names)


def test_a_horizon_longer_than_the_window_is_refused(small: Histories) -> None:
    with pytest.raises(PolicyError, match=r"window\.rolling_days: .* got 60 days against a horizon of 61"):
        fit_forecaster(small, simulated.AS_OF, horizon_days=61, lookback_days=91, policy=simulated.NET)


def test_a_date_before_the_log_is_refused(small: Histories, small_fitted: Fitted) -> None:
    with pytest.raises(CutoffError, match="after the log's first day"):
        small_fitted.forecaster.forecast(small, simulated.FIRST)


def test_where_nobody_is_active_nobody_is_forecast(small: Histories, small_fitted: Fitted) -> None:
    later = simulated.FIRST + dt.timedelta(days=simulated.DAYS + simulated.LOOKBACK + 1)
    forecasts = small_fitted.forecaster.forecast(small, later, explain=True)
    assert (len(forecasts.members), forecasts.p_churn.shape) == (0, (0,))
    assert forecasts.p_tier is not None
    assert forecasts.p_tier.shape == (0, 3)


def test_real_members_alone_are_told_the_same(journey: Histories, journey_forecaster: Forecaster) -> None:
    as_of = dt.date(2017, 12, 4)
    whole = by_member(journey_forecaster.forecast(journey, as_of, explain=True))
    assert len(whole) > 2_000
    for i in range(0, len(journey), 100):
        alone = by_member(journey_forecaster.forecast(journey.select(np.array([i])), as_of, explain=True))
        member = journey.members[i]
        assert alone == ({member: whole[member]} if member in whole else {})
