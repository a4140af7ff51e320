"""What a forecast must not depend on."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
import simulated
from by_example import row

from features.daily import DailyRow
from training.fit import fit_forecaster
from training.forecasts import Forecasts


@pytest.fixture(scope="module")
def log() -> dict[str, list[DailyRow]]:
    return simulated.log()


def forecast(log: dict[str, list[DailyRow]], as_of: dt.date, policy: Any = simulated.NET) -> Forecasts:
    histories = simulated.histories(log)
    return fit_forecaster(histories, as_of, **simulated.SPANS, policy=policy).forecaster.forecast(
        histories, as_of, explain=True
    )


def equal(one: Forecasts, other: Forecasts) -> None:
    for name in ("p_churn", "contributions", "expected_spend", "p_tier"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()


@pytest.mark.parametrize("days", [364, -1_000, 1])
def test_the_calendar(log: dict[str, list[DailyRow]], days: int) -> None:
    by = dt.timedelta(days=days)
    moved = {member: [(day + by, values) for day, values in rows] for member, rows in log.items()}
    equal(forecast(moved, simulated.AS_OF + by), forecast(log, simulated.AS_OF))  # type: ignore[arg-type]


def test_the_names_of_members(log: dict[str, list[DailyRow]]) -> None:
    renamed = {f"customer {member} of the shop": rows for member, rows in log.items()}
    equal(forecast(renamed, simulated.AS_OF), forecast(log, simulated.AS_OF))


def test_the_names_of_tiers_and_of_the_programme(log: dict[str, list[DailyRow]]) -> None:
    tiers = tuple(tier.model_copy(update={"name": f"等级 {i}"}) for i, tier in enumerate(simulated.NET.tiers))
    policy = simulated.NET.model_copy(update={"programme": "会员", "tiers": tiers})
    equal(forecast(log, simulated.AS_OF, policy), forecast(log, simulated.AS_OF))


def test_the_currency(log: dict[str, list[DailyRow]]) -> None:
    """All money times four, thresholds too: the same risk and tiers, and four times the spend."""
    dear = {
        member: [row(day, found["orders"], found["gross"] * 4, found["returned"] * 4) for day, found in rows]
        for member, rows in log.items()
    }
    tiers = tuple(tier.model_copy(update={"reach": tier.reach * 4}) for tier in simulated.NET.tiers)
    policy = simulated.NET.model_copy(update={"tiers": tiers})
    one, four = forecast(log, simulated.AS_OF), forecast(dear, simulated.AS_OF, policy)
    assert one.p_churn.tobytes() == four.p_churn.tobytes()
    np.testing.assert_allclose(four.p_tier, one.p_tier, rtol=0, atol=1e-6)  # type: ignore[arg-type]
    np.testing.assert_allclose(four.expected_spend, 4 * one.expected_spend, rtol=1e-6)  # type: ignore[operator, arg-type]


def test_members_long_gone_move_no_forecast_of_the_others(log: dict[str, list[DailyRow]]) -> None:
    """Whoever left before every training look-back is in no row of it."""
    early = {f"z{i}": [row(simulated.FIRST, 1, 10_000)] for i in range(50)}
    oldest = min(day for rows in log.values() for day, _ in rows)
    assert oldest == simulated.FIRST
    with_early = {**log, **early}
    base = forecast(log, simulated.AS_OF)
    assert base.table.panel.cutoff.min() > 0
    now = forecast(with_early, simulated.AS_OF)
    assert set(now.members) == set(base.members)
    equal(now, base)
