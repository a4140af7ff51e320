"""Training with policies beyond a rolling window of spend."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import simulated

from features.errors import ColumnError
from features.histories import Histories, Ragged
from features.policy import TierPolicy
from features.tiers import tier_at, tier_state
from training.artifact import to_forecaster
from training.fit import fit_forecaster

TIERS = [{"name": "Member"}, {"name": "Silver", "reach": 3}, {"name": "Gold", "reach": 6}]
ORDERS = TierPolicy.from_dict({"programme": "P", "tiers": TIERS, "metric": "orders", "window": {"rolling_days": 60}})
KEPT = TierPolicy.from_dict(
    {
        "programme": "P",
        "tiers": [
            {"name": "Member"},
            {"name": "Silver", "reach": 80.0, "keep": 60.0},
            {"name": "Patron", "invitation": True},
        ],
        "metric": "spend",
        "window": {"calendar": "quarter"},
        "review": "period_end",
        "validity": {"until": "end_of_period"},
    }
)


def test_the_next_tier_of_a_policy_on_orders_is_forecast(small: Histories) -> None:
    fitted = fit_forecaster(small, simulated.AS_OF, **simulated.SPANS, policy=ORDERS)
    forecasts = fitted.forecaster.forecast(small, simulated.AS_OF)
    state = forecasts.table.state
    assert state is not None
    assert forecasts.p_tier is not None
    np.testing.assert_allclose(forecasts.p_tier.sum(axis=1), 1.0, rtol=0, atol=1e-12)
    below = np.arange(3)[None, :] < state.secured[:, None]
    assert fitted.forecaster.next_tier is not None
    assert (np.where(below, forecasts.p_tier, 0.0).sum(axis=1) <= fitted.forecaster.next_tier.slip + 1e-12).all()
    assert (forecasts.p_tier[~below] > 0).mean() > 0.9
    assert state.scale == 1
    held = tier_at(small, ORDERS, [simulated.AS_OF])[forecasts.table.panel.member, 0]
    np.testing.assert_array_equal(state.tier, held)


def test_the_next_tier_of_a_policy_that_cannot_be_said_is_not_said_and_why_is(small: Histories) -> None:
    """Points that expire within the horizon: no forecast, and tiers held and needs are known all the same."""
    points = {"metric": "points_balance", "points": {"per_unit": 1, "expire_days": 10}, "window": "lifetime"}
    policy = TierPolicy.from_dict({"programme": "P", "tiers": TIERS, **points})
    said: list[str] = []
    fitted = fit_forecaster(small, simulated.AS_OF, **simulated.SPANS, policy=policy, say=said.append)
    assert said[-1].endswith("the next tier is not forecast: points earned in the horizon expire within it")
    forecasts = fitted.forecaster.forecast(small, simulated.AS_OF)
    assert forecasts.p_tier is None
    state = forecasts.table.state
    assert state is not None
    held = tier_at(small, policy, [simulated.AS_OF])[forecasts.table.panel.member, 0]
    np.testing.assert_array_equal(state.tier, held)


def test_a_policy_with_memory_is_played(small: Histories) -> None:
    fitted = fit_forecaster(small, simulated.AS_OF, **simulated.SPANS, policy=KEPT)
    forecasts = fitted.forecaster.forecast(small, simulated.AS_OF)
    state = forecasts.table.state
    assert state is not None
    assert forecasts.p_tier is not None
    np.testing.assert_allclose(forecasts.p_tier.sum(axis=1), 1.0, rtol=0, atol=1e-12)
    assert not forecasts.p_tier[:, 2].any()  # nobody is invited by spending
    assert np.isnan(state.needs[:, 2]).all()
    # what is secured is lost at most by the slip of one tier
    assert fitted.forecaster.next_tier is not None
    assert (forecasts.p_tier[state.secured == 1, 1] >= 1 - fitted.forecaster.next_tier.slip - 1e-12).all()
    assert (state.secured == 1).any()
    np.testing.assert_array_equal(fitted.data.labels.next_tier is None, False)


def test_no_pairs_are_no_state(small: Histories) -> None:

    none = np.empty(0, np.int64)
    for policy in (ORDERS, KEPT, simulated.NET):
        assert tier_state(small, none, none, 28, policy).need.shape == (0, 3)


def _with_tables(histories: Histories) -> Histories:
    empty = Ragged(np.zeros(len(histories) + 1, np.int64), np.empty(0, np.int32), {"count": np.empty(0, np.int64)})
    return replace(histories, events={"invitation": empty}, joined=np.full(len(histories), -1, np.int32))


YEARLY = TierPolicy.from_dict(
    {"programme": "P", "tiers": TIERS, "metric": "orders", "window": {"membership": "year"}, "review": "anniversary"}
)


@pytest.mark.parametrize(("policy", "table"), [(KEPT, "events"), (YEARLY, "members"), (ORDERS, None)])
def test_what_was_trained_with_a_table_is_not_forecast_without(
    policy: TierPolicy, table: str | None, small: Histories
) -> None:
    told = _with_tables(small)
    fitted = fit_forecaster(told, simulated.AS_OF, **simulated.SPANS, policy=policy)
    forecaster = to_forecaster(fitted.bundle)
    assert forecaster.settings.tables == ({table} if table else set())
    assert len(forecaster.forecast(told, simulated.AS_OF).members)
    if table is not None:
        with pytest.raises(ColumnError, match=f"or '{table}:' in tiercast.yaml"):
            forecaster.forecast(small, simulated.AS_OF)
    assert not fit_forecaster(small, simulated.AS_OF, **simulated.SPANS, policy=policy).forecaster.settings.tables


def test_points_that_the_log_does_not_have_are_reckoned_from_amounts(small: Histories) -> None:
    points = {"metric": "points_earned", "points": {"per_unit": 1}, "window": {"rolling_days": 60}}
    policy = TierPolicy.from_dict({"programme": "P", "tiers": TIERS, **points})
    forecaster = fit_forecaster(small, simulated.AS_OF, **simulated.SPANS, policy=policy).forecaster
    assert forecaster.columns == frozenset()  # a request is folded with these, and a column of zeros would earn nothing
    assert forecaster.forecast(small, simulated.AS_OF).table.state is not None
