"""What a forecast must not depend on."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import simulated
from by_example import row

from features.daily import DailyRow
from training.dataset import dataset
from training.fit import fit_forecaster, fit_on
from training.forecasts import Forecasts


@pytest.fixture(scope="module")
def log() -> dict[str, list[DailyRow]]:
    return simulated.log()


def forecast(log: dict[str, list[DailyRow]], as_of: dt.date, policy: Any = simulated.NET) -> Forecasts:
    histories = simulated.histories(log)
    return fit_forecaster(histories, as_of, **simulated.SPANS, policy=policy).forecaster.forecast(
        histories, as_of, explain=True
    )


@pytest.fixture(scope="module")
def usual(log: dict[str, list[DailyRow]]) -> Forecasts:
    return forecast(log, simulated.AS_OF)


def equal(one: Forecasts, other: Forecasts) -> None:
    for name in ("p_churn", "contributions", "expected_spend", "p_tier"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()


@pytest.mark.parametrize("days", [364, -1_000, 1])
def test_the_calendar(log: dict[str, list[DailyRow]], days: int, usual: Forecasts) -> None:
    by = dt.timedelta(days=days)
    moved = {member: [(day + by, values) for day, values in rows] for member, rows in log.items()}
    equal(forecast(moved, simulated.AS_OF + by), usual)  # type: ignore[arg-type]


def test_the_names_of_members(log: dict[str, list[DailyRow]], usual: Forecasts) -> None:
    renamed = {f"customer {member} of the shop": rows for member, rows in log.items()}
    equal(forecast(renamed, simulated.AS_OF), usual)


def test_the_names_of_tiers_and_of_the_programme(log: dict[str, list[DailyRow]], usual: Forecasts) -> None:
    tiers = tuple(tier.model_copy(update={"name": f"等级 {i}"}) for i, tier in enumerate(simulated.NET.tiers))
    policy = simulated.NET.model_copy(update={"programme": "会员", "tiers": tiers})
    equal(forecast(log, simulated.AS_OF, policy), usual)


def test_the_currency(log: dict[str, list[DailyRow]], usual: Forecasts) -> None:
    """All money times four, thresholds too: the same risk and tiers, and four times the spend."""
    dear = {
        member: [row(day, found["orders"], found["gross"] * 4, found["returned"] * 4) for day, found in rows]
        for member, rows in log.items()
    }
    tiers = tuple(tier.model_copy(update={"reach": tier.reach * 4}) for tier in simulated.NET.tiers)
    policy = simulated.NET.model_copy(update={"tiers": tiers})
    one, four = usual, forecast(dear, simulated.AS_OF, policy)
    assert one.p_churn.tobytes() == four.p_churn.tobytes()
    np.testing.assert_allclose(four.p_tier, one.p_tier, rtol=0, atol=1e-6)  # type: ignore[arg-type]
    np.testing.assert_allclose(four.expected_spend, 4 * one.expected_spend, rtol=1e-6)  # type: ignore[operator, arg-type]


def test_members_long_gone_are_in_no_row_and_teach_the_buying_rhythm_alone(log: dict[str, list[DailyRow]]) -> None:
    """Whoever left before every training look-back is in no row; that they left is known to the process."""
    early = {f"z{i}": [row(simulated.FIRST, 1, 10_000)] for i in range(50)}
    oldest = min(day for rows in log.values() for day, _ in rows)
    assert oldest == simulated.FIRST
    base, told = (
        fit_forecaster(simulated.histories(one), simulated.AS_OF, **simulated.SPANS, policy=simulated.NET)
        for one in (log, {**log, **early})
    )
    assert base.data.table.panel.cutoff.min() > 0
    assert base.data.table.members.tolist() == told.data.table.members.tolist()
    assert base.data.table.x.tobytes() == told.data.table.x.tobytes()
    assert base.data.labels.churned.tobytes() == told.data.labels.churned.tobytes()
    then, now = (
        fitted.forecaster.forecast(simulated.histories(one), simulated.AS_OF)
        for fitted, one in ((base, log), (told, {**log, **early}))
    )
    assert then.members.tolist() == now.members.tolist()
    assert then.table.x.tobytes() == now.table.x.tobytes()
    # with fifty who came once, less is thought of those who came once
    rhythms = [fitted.forecaster.process.purchases for fitted in (base, told)]
    once = [rhythm.p_alive(np.zeros(1), np.zeros(1), np.array([60.0]))[0] for rhythm in rhythms]
    assert once[1] < once[0]
    # a rhythm of its own level at each cutoff: the forecasts of the others hardly move
    assert np.abs(now.p_churn - then.p_churn).mean() < 0.03


def test_the_order_in_which_features_lie_in_memory(log: dict[str, list[DailyRow]]) -> None:
    data = dataset(simulated.histories(log), simulated.AS_OF, **simulated.SPANS, policy=None)
    turned = replace(data, table=replace(data.table, x=np.asfortranarray(data.table.x)))
    one, other = (fit_on(each, simulated.AS_OF, has_amounts=True) for each in (data, turned))
    assert one.bundle.version == other.bundle.version
