"""Which way forecasts move when a member behaves otherwise."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from features.histories import Histories, Ragged
from features.operators import Floats
from features.snapshot import to_day
from training.forecasts import Forecasts
from training.process import Purchases

SILENCES = ("silence_to_median_gap", "silence_to_p90_gap", "silence_to_max_gap")
ROUNDING = 1e-12


def forecast(shop: Any, histories: Histories | None = None, days_later: int = 0) -> Forecasts:
    as_of = shop.as_of + dt.timedelta(days=days_later)
    found: Forecasts = shop.fitted.forecaster.forecast(histories or shop.histories.before(shop.as_of), as_of)
    return found


def with_purchase(histories: Histories, day: int, gross: int) -> Histories:
    """Everybody buys once more on a day after all known ones."""
    visits = histories.visits
    at = visits.offsets[1:]
    rows = Ragged(
        visits.offsets + np.arange(len(visits.offsets)),
        np.insert(visits.day, at, day).astype(np.int32),
        {
            "orders": np.insert(visits.values["orders"], at, 1),
            "gross": np.insert(visits.values["gross"], at, gross),
        },
    )
    return replace(histories, visits=rows, end_day=day + 1)


def matched(one: Forecasts, other: Forecasts) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the members that both speak of."""
    _, first, second = np.intersect1d(one.members.astype(str), other.members.astype(str), return_indices=True)
    return first, second


def described(shop: Any) -> tuple[Floats, Purchases]:
    """Features of all members, and what the purchase process is told of them."""
    table = shop.fitted.forecaster.describe(shop.histories, shop.as_of)
    return table.x, Purchases.of(table)


def risk(shop: Any, x: Floats, of: Purchases) -> Floats:
    """Log-odds of leaving of members so described."""
    forecaster = shop.fitted.forecaster
    log_none, log_some = forecaster.process.log_chances(of, forecaster.settings.horizon_days)
    found: Floats = forecaster.churn.log_odds(x, log_none, log_some, to_day(shop.as_of))
    return found


@pytest.mark.parametrize("factor", [1.05, 2.0, 20.0])
def test_each_feature_moves_the_risk_only_as_it_declares(shop: Any, factor: float) -> None:
    """Buying rhythm and season held."""
    x, of = described(shop)
    before = risk(shop, x, of)
    moved_at_all = 0
    declared = [(i, feature) for i, feature in enumerate(shop.fitted.forecaster.features) if feature.direction]
    assert len(declared) >= 10
    for column, feature in declared:
        more = x.copy()
        more[:, column] = more[:, column] * factor + (factor - 1.0)
        moved = feature.direction * (risk(shop, more, of) - before)
        assert (moved >= -ROUNDING).all(), feature.name
        moved_at_all += int((moved > ROUNDING).any())
    assert moved_at_all >= 3


def test_all_declared_features_together_move_the_risk_down(shop: Any) -> None:
    x, of = described(shop)
    better = x.copy()
    for column, feature in enumerate(shop.fitted.forecaster.features):
        if feature.direction:
            better[:, column] *= 2.0 if feature.direction < 0 else 0.5
    moved = risk(shop, better, of) - risk(shop, x, of)
    assert (moved <= ROUNDING).all()
    assert (moved < -ROUNDING).mean() > 0.8


@pytest.mark.parametrize("days", [1.0, 7.0, 60.0])
def test_a_more_recent_last_purchase_never_raises_the_risk(shop: Any, days: float) -> None:
    """All else equal: as many purchases of the same size, the last some days later, yesterday at most."""
    x, of = described(shop)
    names = shop.fitted.forecaster.features
    recent, silence = x.copy(), of.age - of.recency
    shorter = np.maximum(silence - days, 1.0)
    column = {feature.name: i for i, feature in enumerate(names)}
    recent[:, column["recency_days"]] = shorter
    for name in SILENCES:
        if name in column:
            recent[:, column[name]] *= shorter / silence
    at_once = replace(of, recency=of.age - shorter)
    moved = risk(shop, recent, at_once) - risk(shop, x, of)
    assert (moved <= ROUNDING).all()
    later = shorter < silence
    assert later.mean() > 0.3
    assert (moved[later] < -ROUNDING).mean() > 0.9


def test_one_more_recent_purchase_never_raises_the_risk(shop: Any) -> None:
    """One more purchase, yesterday: each monotone feature moves as it then does, all else equal, and the rhythm with it."""
    x, of = described(shop)
    forecaster = shop.fitted.forecaster
    more, silence = x.copy(), of.age - of.recency
    for i, feature in enumerate(forecaster.features):
        if not feature.direction:
            continue
        if feature.name == "recency_days":
            more[:, i] = 1.0
        elif feature.name in SILENCES:
            more[:, i] /= silence
        elif feature.name.startswith(("visits_total", "visits_28d", "visits_91d", "visits_364d", "orders_")):
            more[:, i] += 1.0
    assert (more != x).any(axis=0).sum() >= 5
    silent = silence > 1.0
    for repeats in (of.repeats, of.repeats + 1.0):  # the last purchase moved, and one added
        moved = risk(shop, more, replace(of, repeats=repeats, recency=of.age - 1.0)) - risk(shop, x, of)
        assert (moved[silent] <= ROUNDING).all()
        assert (moved[silent] < -ROUNDING).mean() > 0.9


def test_a_purchase_yesterday_lowers_the_risk_of_the_silent(shop: Any) -> None:
    before = forecast(shop)
    known = shop.histories.before(shop.as_of)
    yesterday = (shop.as_of - dt.date(1970, 1, 1)).days - 1
    silent = before.table.x[:, before.table.names.index("recency_days")] > 14
    after = forecast(shop, with_purchase(known, yesterday, 200_000))
    first, second = matched(before, after)
    assert len(first) == len(before.members)
    change = (after.log_odds[second] - before.log_odds[first])[silent[first]]
    assert len(change) > 20
    assert (change < 0).mean() > 0.9  # not all: after a long silence the usual gaps are longer too
    assert change.mean() < -0.5


def test_silence_raises_the_risk(shop: Any) -> None:
    before, after = forecast(shop), forecast(shop, days_later=21)
    first, second = matched(before, after)
    change = after.log_odds[second] - before.log_odds[first]
    assert (change > 0).mean() > 0.9
    assert change.mean() > 0.3


def test_who_spends_more_is_expected_to_spend_more(shop: Any) -> None:
    known = shop.histories.before(shop.as_of)
    values = {**known.visits.values, "gross": known.visits.values["gross"] * 2}
    richer = replace(known, visits=Ragged(known.visits.offsets, known.visits.day, values))
    before, after = forecast(shop), forecast(shop, richer)
    assert before.expected_spend is not None
    assert after.expected_spend is not None
    assert (after.expected_spend > before.expected_spend).mean() > 0.9
    assert before.p_tier is not None
    assert after.p_tier is not None
    expected_tier = [f.p_tier @ np.arange(f.p_tier.shape[1]) for f in (before, after) if f.p_tier is not None]
    assert (expected_tier[1] >= expected_tier[0] - 0.02).mean() > 0.98


def test_risk_is_right_by_tenth(shop: Any) -> None:
    """Of members shown a risk, about as many leave."""
    p, y = forecast(shop).p_churn, shop.outcome().churned
    tenth = np.array_split(np.argsort(p), 10)
    given = np.array([p[part].mean() for part in tenth])
    left = np.array([y[part].mean() for part in tenth])
    noise = 4 * np.sqrt(given * (1 - given) / len(tenth[0]))
    assert (np.abs(given - left) <= noise + 0.02).all()
    assert left[-3:].mean() > 3 * left[:5].mean()


def test_daily_shoppers_stay_and_the_long_silent_leave(real: Any) -> None:
    found = forecast(real)
    x, names = found.table.x, found.table.names
    busy = x[:, names.index("visits_28d")] >= 12
    silent = (x[:, names.index("recency_days")] > 60) & (x[:, names.index("visits_91d")] <= 2)
    assert busy.sum() > 50
    assert silent.sum() > 50
    assert (found.p_churn[busy] < 0.05).all()
    assert found.p_churn[silent].min() > 0.3
    assert found.p_churn[silent].mean() == pytest.approx(real.outcome().churned[silent].mean(), abs=0.1)
