"""Shops as they are when nobody has looked yet: young, small, closed for a while, all alike."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import simulated
from by_example import row

from features.daily import DailyRow
from features.errors import UnusableLogError
from features.histories import Histories, from_rows
from features.policy import TierPolicy
from training.artifact import to_forecaster
from training.fit import Fitted, fit_forecaster
from training.forecasts import Forecasts

pytestmark = pytest.mark.filterwarnings("error")
Log = dict[Any, list[DailyRow]]
MONTHS = 92
DAY = dt.timedelta(days=1)


def shop(
    members: int = 120, days: int = MONTHS, *, gap: float = 9.0, leave: float = 200.0, amount: float = 25.0, seed: int = 0
) -> Log:
    """Exponential gaps, then silence; amounts about ``amount``, 0 for free."""
    rng = np.random.default_rng(seed)
    found: Log = {}
    for i in range(members):
        day = int(rng.integers(0, days // 2)) if i else 0
        end = day + rng.exponential(leave)
        rows = []
        while day < min(days, end + 1):
            rows.append(row(simulated.FIRST + day * DAY, 1, int(amount * rng.lognormal(0.0, 0.5) * 10_000)))
            day += 1 + int(rng.exponential(gap))
        found[f"m{i:04d}"] = rows
    return found


def fit(
    log: Log, days: int = MONTHS, *, amounts: bool = True, policy: TierPolicy | None = simulated.IGNORE, horizon: int = 28
) -> tuple[Fitted, Forecasts]:
    histories = simulated.histories(log, has_amounts=amounts)
    return fit_histories(histories, days, policy=policy, horizon=horizon)


def fit_histories(
    histories: Histories, days: int, *, policy: TierPolicy | None = simulated.IGNORE, horizon: int = 28
) -> tuple[Fitted, Forecasts]:
    as_of = simulated.FIRST + days * DAY
    fitted = fit_forecaster(histories, as_of, horizon_days=horizon, lookback_days=60, policy=policy)
    return fitted, sound(fitted, histories, as_of)


def sound(fitted: Fitted, histories: Histories, as_of: dt.date) -> Forecasts:
    """All numbers are finite and of one distribution, from the saved model as well."""
    found = fitted.forecaster.forecast(histories, as_of, explain=True)
    assert len(found.members)
    assert np.isfinite(found.log_odds).all()
    assert ((found.p_churn > 0) & (found.p_churn <= 1)).all()  # 1 where log-odds are beyond what a float can tell
    assert found.contributions is not None
    total = found.base + found.contributions.sum(axis=1)
    np.testing.assert_allclose(total, found.log_odds, rtol=0, atol=1e-9)
    assert np.isfinite(found.terms).all()
    assert (found.next_purchase_days[:, 1:] >= found.next_purchase_days[:, :-1]).all()
    assert (found.next_purchase_days > 0).all()
    if found.spend is not None:
        assert found.expected_spend is not None
        assert np.isfinite(found.expected_spend).all()
        assert ((found.expected_spend > 0) | (found.p_churn == 1)).all()
        quantiles = found.spend_quantiles([0.1, 0.5, 0.9])
        assert quantiles is not None
        assert np.isfinite(quantiles).all()
        assert (np.diff(quantiles, axis=1) >= 0).all()
        assert found.value is not None
        assert np.isfinite([found.value.expected, found.value.if_stays, found.value.at_risk]).all()
    if found.p_tier is not None:
        assert ((found.p_tier >= 0) & (found.p_tier <= 1)).all()
        np.testing.assert_allclose(found.p_tier.sum(axis=1), 1.0, rtol=0, atol=1e-9)
    again = to_forecaster(fitted.bundle).forecast(histories, as_of)
    assert again.p_churn.tobytes() == found.p_churn.tobytes()
    assert np.isfinite(_levels(fitted)).all()
    return found


def _levels(fitted: Fitted) -> list[float]:
    seasons = [fitted.churn.season, *([fitted.spend.season] if fitted.spend else [])]
    return [season.usual for season in seasons] + [above for season in seasons for above in season.above]


def test_two_hundred_members_and_three_months() -> None:
    fitted, found = fit(shop(200))
    assert found.p_churn.mean() == pytest.approx(fitted.data.labels.churned.mean(), abs=0.15)
    assert np.ptp(found.p_churn) > 0.3
    assert "are needed to tell a season from a beginning" in fitted.churn.season.why
    assert found.p_tier is not None


def test_twenty_five_members() -> None:
    fitted, found = fit(shop(25))
    assert len(found.members) <= 25
    assert fitted.rounds["churn"] == 0 or fitted.churn.trees.text


def test_fewer_than_can_be_learned_from_are_refused() -> None:
    with pytest.raises(UnusableLogError, match="training needs at least 20 members"):
        fit(shop(12))


def test_everybody_bought_once() -> None:
    """In training nobody came back, so nobody is expected to: but nobody is given up for certain."""
    log = {member: rows[:1] for member, rows in shop(200).items()}
    _, found = fit(log)
    assert (found.p_churn > 0.8).all()


def test_everybody_bought_equally_often() -> None:
    log = {member: rows[:4] for member, rows in shop(300, gap=6.0, leave=1e9).items()}
    assert {len(rows) for rows in log.values()} == {4}
    fit(log)


def test_members_newer_than_any_training_cutoff() -> None:
    log = shop(150)
    newest = simulated.FIRST + (MONTHS - 20) * DAY
    late = {f"n{i:03d}": [(newest + (i % 20) * DAY, rows[0][1])] for i, rows in enumerate(list(log.values())[:60])}
    fitted, found = fit(log | late)
    assert max(fitted.data.cutoffs) <= newest
    new = np.char.startswith(found.members.astype(str), "n")
    assert new.sum() == 60
    assert np.ptp(found.p_churn[new]) > 0


def test_one_tier() -> None:
    _, found = fit(shop(), policy=simulated.ONE_TIER)
    assert found.p_tier is not None
    assert (found.p_tier == 1.0).all()


@pytest.mark.parametrize("policy", [None, simulated.NET])
def test_without_amounts(policy: TierPolicy | None) -> None:
    _, found = fit(shop(), amounts=False, policy=policy)
    assert (found.spend, found.p_tier, found.value) == (None, None, None)


@pytest.mark.parametrize("closed", [range(80, 111), range(129, 160)], ids=["in the middle", "at the end"])
def test_closed_for_a_month(closed: range) -> None:
    """31 days on which nobody could buy anything."""
    log = {
        member: [found for found in rows if (found[0] - simulated.FIRST).days not in closed]
        for member, rows in shop(200, 160, leave=300.0).items()
    }
    fitted, found = fit({member: rows for member, rows in log.items() if rows}, 160)
    if closed[-1] < 159:
        assert found.p_churn.min() < 0.5
    else:
        # Days after the last row are no silence: no training horizon reaches into them.
        last = max(day for rows in log.values() for day, _ in rows)
        assert all(cutoff + 28 * DAY <= last + DAY for cutoff in fitted.data.cutoffs)


def test_nobody_leaves() -> None:
    fitted, found = fit(shop(100, gap=1.0, leave=1e9))
    assert not fitted.data.labels.churned.any()
    assert (found.p_churn < 0.05).all()


def test_everybody_leaves() -> None:
    """Each member bought within a few days and never again; only somebody new comes every day."""
    log = {
        f"m{i:03d}": [row(simulated.FIRST + (i // 4 + j) * DAY, 1, 100_000) for j in range(1 + i % 3)] for i in range(4 * 88)
    }
    fitted, found = fit(log, horizon=14)
    assert fitted.data.labels.churned.mean() > 0.9
    assert found.p_churn.mean() > 0.8


def test_nobody_at_all_comes_back() -> None:
    log = {f"m{i:03d}": [row(simulated.FIRST + (i // 4) * DAY, 1, 100_000)] for i in range(4 * MONTHS)}
    fitted, found = fit(log)
    assert fitted.data.labels.churned.all()
    assert (found.p_churn > 0.9).all()


def test_all_amounts_are_zero() -> None:
    _, found = fit(shop(amount=0.0))
    assert found.expected_spend is not None
    assert (found.expected_spend < 1.0).all()
    assert found.p_tier is not None
    assert (found.p_tier[:, 0] > 0.999).all()


def test_one_price() -> None:
    log = {member: [row(day, 1, 99_900) for day, _ in rows] for member, rows in shop().items()}
    _, found = fit(log)
    assert found.spend is not None
    assert (found.spend.expected() > 8.0).all()


def test_one_member_with_five_thousand_purchases() -> None:
    days = 5_200
    log = {f"m{i:03d}": _late(rows, days - 400) for i, rows in enumerate(shop(100, 400).values())}
    log["always"] = [row(simulated.FIRST + i * DAY, 1, 50_000) for i in range(days - 5_000, days)]
    log["m000"] = [row(simulated.FIRST, 1, 10_000), *log["m000"]]
    _, found = fit(log, days)
    always = found.members.tolist().index("always")
    assert found.p_churn[always] < 0.05
    assert found.spend is not None
    assert found.spend.expected()[always] == pytest.approx(28 * 5.0, rel=0.4)


def _late(rows: list[DailyRow], days: int) -> list[DailyRow]:
    return [(day + days * DAY, values) for day, values in rows]


@pytest.mark.parametrize("name", [lambda i: i, lambda i: ("shop", i), lambda i: f"会员{i}"], ids=["int", "pair", "words"])
def test_whatever_an_id_is(name: Callable[[int], Any]) -> None:
    """Nothing but the id differs: the forecast is the same."""
    log = list(shop(80).values())
    _, plain = fit_histories(from_rows([(f"m{i:04d}", rows) for i, rows in enumerate(log)], has_amounts=True), MONTHS)
    _, found = fit_histories(from_rows([(name(i), rows) for i, rows in enumerate(log)], has_amounts=True), MONTHS)
    assert found.p_churn.tobytes() == plain.p_churn.tobytes()
    assert found.members.tolist() == [name(int(member[1:])) for member in plain.members]


def test_one_outcome_survives_saving() -> None:
    fitted, _ = fit(shop(100, gap=1.0, leave=1e9))
    assert json.loads(json.dumps(fitted.churn.to_dict(), allow_nan=False)) == fitted.churn.to_dict()
