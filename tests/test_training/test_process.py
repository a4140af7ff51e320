"""What the process is told of members: the same by both ways, and nothing of what comes later."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest
import simulated
from hypothesis import given, settings
from hypothesis import strategies as st

from features.daily import DailyRow
from features.feature_table import build
from features.histories import Histories
from features.snapshot import to_day
from training.process import Process, Purchases, fitted, process_at

DAYS = st.integers(20, simulated.DAYS).map(lambda days: simulated.FIRST + dt.timedelta(days=days))


def told(of: Purchases) -> list[bytes | None]:
    columns = (of.repeats, of.recency, of.age, of.mean_spend)
    return [None if column is None else column.tobytes() for column in columns]


@settings(max_examples=20)
@given(cutoff=DAYS, lookback=st.integers(1, 500))
def test_both_ways_say_the_same(small: Histories, cutoff: dt.date, lookback: int) -> None:
    table = build(small, [cutoff], horizon_days=28, lookback_days=lookback, features=())
    members, everyone = Purchases.everyone(small, to_day(cutoff))
    of, same = Purchases.of(table), everyone.select(np.searchsorted(members, table.panel.member))
    assert set(table.panel.member) <= set(members)
    assert told(of)[:3] == told(same)[:3]
    assert of.mean_spend is not None
    np.testing.assert_allclose(of.mean_spend, same.mean_spend, rtol=1e-12)


@settings(max_examples=20)
@given(cutoff=DAYS, ago=st.one_of(st.none(), st.integers(1, 400)))
def test_by_counting_days(small_log: dict[str, list[DailyRow]], small: Histories, cutoff: dt.date, ago: int | None) -> None:
    """``since`` cuts histories: what came before it is as if it had never been."""
    since = None if ago is None else to_day(cutoff) - ago
    members, of = Purchases.everyone(small, to_day(cutoff), since)
    expected = {}
    for member, rows in small_log.items():
        days = [(to_day(day), values["gross"]) for day, values in rows if values["orders"]]
        days = [(day, gross) for day, gross in days if (since is None or day >= since) and day < to_day(cutoff)]
        if days:
            first, last, mean = days[0][0], days[-1][0], sum(gross for _, gross in days) / len(days) / 10_000
            expected[member] = (len(days) - 1, last - first, to_day(cutoff) - first, pytest.approx(mean))
    assert of.mean_spend is not None
    found = zip(of.repeats, of.recency, of.age, of.mean_spend, strict=True)
    assert dict(zip(small.members[members], found, strict=True)) == expected


@settings(max_examples=20)
@given(cutoff=DAYS, since=st.one_of(st.none(), st.integers(0, 200)))
def test_later_purchases_change_nothing(small: Histories, cutoff: dt.date, since: int | None) -> None:
    start = None if since is None else small.first_day + since
    members, of = Purchases.everyone(small, to_day(cutoff), start)
    members_then, then = Purchases.everyone(small.before(cutoff), to_day(cutoff), start)
    assert (members.tolist(), told(of)) == (members_then.tolist(), told(then))


def test_nor_do_they_change_the_fit_but_earlier_ones_do(small: Histories) -> None:
    cutoff = simulated.AS_OF
    found = process_at(small, to_day(cutoff))
    assert found == process_at(small.before(cutoff), to_day(cutoff))
    assert found != process_at(small.before(cutoff - dt.timedelta(days=30)), to_day(cutoff))
    assert found != process_at(small, to_day(cutoff), small.first_day + 100)


def test_without_amounts(visits_only: Histories, small: Histories) -> None:
    cutoff = to_day(simulated.AS_OF)
    members, of = Purchases.everyone(visits_only, cutoff)
    assert of.mean_spend is None
    assert told(of)[:3] == told(Purchases.everyone(small, cutoff)[1])[:3]
    table = build(visits_only, [simulated.AS_OF], **simulated.SPANS, features=())
    assert told(Purchases.of(table)) == told(of.select(np.searchsorted(members, table.panel.member)))
    process = process_at(visits_only, cutoff)
    assert process.money is None
    assert process.purchases == process_at(small, cutoff).purchases


def test_the_logs_are_of_one_probability(small: Histories) -> None:
    process, (_, of) = process_at(small, to_day(simulated.AS_OF)), Purchases.everyone(small, to_day(simulated.AS_OF))
    log_none, log_some = process.log_chances(of, 28)
    np.testing.assert_allclose(np.exp(log_none) + np.exp(log_some), 1.0, rtol=0, atol=1e-12)
    assert (process.expected_spend(of, 28) > 0).all()


@pytest.mark.parametrize("amounts", [True, False])
def test_through_json_and_back(small: Histories, visits_only: Histories, amounts: bool) -> None:
    process = process_at(small if amounts else visits_only, to_day(simulated.AS_OF))
    assert Process.from_dict(json.loads(json.dumps(process.to_dict()))) == process


@pytest.mark.parametrize("members", [0, 1, 5])
def test_few_members_give_finite_numbers(small: Histories, members: int) -> None:
    _, of = Purchases.everyone(small, to_day(simulated.AS_OF))
    process = fitted(of.select(slice(members)))
    log_none, log_some = process.log_chances(of, 28)
    assert np.isfinite(log_none - log_some).all()
    assert np.isfinite(process.expected_spend(of, 28)).all()
