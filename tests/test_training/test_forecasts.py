"""What is told of members: quantiles of spend, and tiers, of the one distribution."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import simulated
from hypothesis import given, settings
from hypothesis import strategies as st

from features.histories import Histories
from features.operators import Floats
from features.tier_states import UNDEFINED
from training.fit import Fitted
from training.forecasts import Forecasts

LEVELS = st.lists(st.floats(0.001, 0.999), min_size=1, max_size=6, unique=True).map(sorted)


@pytest.fixture(scope="module")
def forecasts(small: Histories, small_fitted: Fitted) -> Forecasts:
    return small_fitted.forecaster.forecast(small, simulated.AS_OF, explain=True)


def quantiles(forecasts: Forecasts, levels: list[float]) -> Floats:
    found = forecasts.spend_quantiles(levels)
    assert found is not None
    assert found.shape == (len(forecasts.members), len(levels))
    return found


@settings(max_examples=20)
@given(levels=LEVELS)
def test_quantiles_rise_from_the_mass_at_nothing(forecasts: Forecasts, levels: list[float]) -> None:
    """0 exactly up to the probability of leaving, and something above it."""
    found = quantiles(forecasts, levels)
    assert (np.diff(found, axis=1) >= 0).all()
    assert ((found > 0) == (np.array(levels)[None, :] > forecasts.p_churn[:, None])).all()


@settings(max_examples=20)
@given(levels=LEVELS)
def test_quantiles_are_where_the_chance_to_spend_more_says(forecasts: Forecasts, levels: list[float]) -> None:
    assert forecasts.spend is not None
    found = quantiles(forecasts, levels)
    stay = 1.0 - forecasts.p_churn[:, None]
    above, below = (stay * forecasts.spend.exceeds(found * np.exp(by)) for by in (-1e-4, 1e-4))
    more = 1.0 - np.array(levels)[None, :]
    some = found > 0
    assert (above[some] >= np.broadcast_to(more, found.shape)[some] - 1e-9).all()
    assert (below[some] <= np.broadcast_to(more, found.shape)[some] + 1e-9).all()


def test_a_member_has_the_same_quantiles_alone(small: Histories, small_fitted: Fitted, forecasts: Forecasts) -> None:
    whole = quantiles(forecasts, [0.1, 0.5, 0.9])
    for i in range(0, len(whole), 15):
        position = forecasts.table.panel.member[i : i + 1]
        alone = small_fitted.forecaster.forecast(small.select(position), simulated.AS_OF)
        assert quantiles(alone, [0.1, 0.5, 0.9]).tobytes() == whole[i : i + 1].tobytes()
        for name in ("next_purchase_days", "terms", "log_odds"):
            assert getattr(alone, name).tobytes() == getattr(forecasts, name)[i : i + 1].tobytes()
        assert alone.value is not None
        assert forecasts.value is not None
        for field in dataclasses.fields(alone.value):
            own, among = (np.asarray(getattr(each.value, field.name)) for each in (alone, forecasts))
            assert own.tobytes() == (among[i : i + 1] if among.ndim else among).tobytes()


def test_mean_spend_is_the_area_over_the_quantiles(forecasts: Forecasts) -> None:
    rank = (np.arange(300) + 0.5) / 300
    area = quantiles(forecasts, rank.tolist()).mean(axis=1)
    assert forecasts.expected_spend is not None
    likely = forecasts.p_churn < 0.7  # of others few of the ranks lie above nothing
    assert likely.mean() > 0.4
    np.testing.assert_allclose(area[likely], forecasts.expected_spend[likely], rtol=0.05)


def test_half_of_what_was_spent_lies_below_the_median(small: Histories, forecasts: Forecasts) -> None:
    from training.labels import label

    spent = label(forecasts.table, small).spend
    assert spent is not None
    found = quantiles(forecasts, [0.5, 0.8, 0.95])
    for column, level in enumerate((0.5, 0.8, 0.95)):
        noise = 4 * np.sqrt(level * (1 - level) / len(spent))
        assert (spent / 10_000 <= found[:, column]).mean() == pytest.approx(level, abs=noise)


@settings(max_examples=20)
@given(more=st.floats(0.01, 300.0))
def test_tiers_rise_with_carry(small_fitted: Fitted, forecasts: Forecasts, more: float) -> None:
    """The same spend to come on top of more that counts already: no tier is less likely to be reached."""
    tiers, state = small_fitted.forecaster.next_tier, forecasts.table.state
    assert tiers is not None
    assert state is not None
    need = np.where(state.need == UNDEFINED, UNDEFINED, np.maximum(state.need - int(more * 10_000), 0))
    secured = np.maximum(state.secured, (need == 0).cumprod(axis=1).sum(axis=1) - 1)
    richer = dataclasses.replace(state, need=need, secured=secured)

    def at_least(slip: float, told: object) -> Floats:
        model = dataclasses.replace(tiers, slip=slip)
        table = dataclasses.replace(forecasts.table, state=told)
        found = model.probabilities(forecasts.p_churn, forecasts.spend, table)
        assert found is not None
        return found[:, ::-1].cumsum(axis=1)[:, ::-1]

    assert (at_least(0.0, richer) >= at_least(0.0, state) - 1e-12).all()
    assert (at_least(0.0, richer)[:, 1] > at_least(0.0, state)[:, 1]).any()


def test_who_leaves_keeps_what_is_secured(forecasts: Forecasts, small_fitted: Fitted) -> None:
    """P(a tier above the secured one) = P(a purchase) times P(it is enough)."""
    state, tiers = forecasts.table.state, small_fitted.forecaster.next_tier
    assert state is not None
    assert tiers is not None
    assert forecasts.spend is not None
    assert forecasts.p_tier is not None
    enough = forecasts.spend.exceeds(state.natural(state.need)[:, 1:])
    for row in range(len(state.secured)):
        above = state.secured[row] + 1
        if above < forecasts.p_tier.shape[1]:
            expected = (1.0 - forecasts.p_churn[row]) * enough[row, above - 1]
            slip = tiers.slip if state.secured[row] else 0.0
            # whoever slips falls by one from wherever the horizon would have ended
            assert forecasts.p_tier[row, above:].sum() == pytest.approx((1.0 - slip) * expected)


def test_without_amounts_there_are_no_quantiles(visits_only: Histories, visits_fitted: Fitted) -> None:
    found = visits_fitted.forecaster.forecast(visits_only, simulated.AS_OF)
    assert (found.spend_quantiles([0.5]), found.spend, found.expected_spend, found.value) == (None, None, None, None)
    np.testing.assert_allclose(found.temperature, 100 * (1 - found.p_churn))
    assert (found.next_purchase_days[:, 1:] >= found.next_purchase_days[:, :-1]).all()


def test_the_day_of_the_next_purchase_agrees_with_leaving(forecasts: Forecasts) -> None:
    """The median lies within the horizon exactly where a purchase in it is likelier than not."""
    median = forecasts.next_purchase_days[:, 1]
    assert ((median <= simulated.HORIZON) == (forecasts.p_churn <= 0.5)).all()
    assert 0 < (forecasts.p_churn <= 0.5).sum() < len(median)
