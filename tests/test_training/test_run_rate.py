from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
import simulated
from by_example import row
from hypothesis import given
from hypothesis import strategies as st

from features.feature_table import FeatureTable, build
from features.histories import Histories
from training.labels import label
from training.run_rate import STRENGTH, RunRate

DAY = dt.timedelta(days=1)


def at(histories: Histories, cutoff: dt.date = simulated.AS_OF, policy: object = None) -> FeatureTable:
    return build(histories, [cutoff], **simulated.SPANS, policy=policy)  # type: ignore[arg-type]


@pytest.mark.parametrize("policy", [None, simulated.NET, simulated.IGNORE])
def test_own_spans_against_a_loop(small_log: dict, small: Histories, policy: object) -> None:  # type: ignore[type-arg]
    table = at(small, policy=policy)
    own = RunRate.fit(table, np.full(len(table), 10_000)).of(table.panel)
    assert own.past.shape == (len(table), 364 // simulated.HORIZON)
    for i, member in enumerate(table.members.tolist()):
        rows = [(day, values) for day, values in small_log[member] if day < simulated.AS_OF]
        start = min(day for day, values in rows if values["orders"])

        def spent(first: dt.date, end: dt.date, rows: list = rows) -> float:  # type: ignore[type-arg]
            inside = [values for day, values in rows if first <= day < end]
            taken = sum(values["returned"] for values in inside) if policy is simulated.NET else 0
            return (sum(values["gross"] for values in inside) - taken) / 10_000

        for k, found in enumerate(own.past[i], start=1):
            first = simulated.AS_OF - simulated.HORIZON * k * DAY
            if first < start:
                assert np.isnan(found)
            else:
                assert found == pytest.approx(spent(first, first + simulated.HORIZON * DAY))
        days = min(max((simulated.AS_OF - start).days, simulated.HORIZON), 364)
        rate = spent(simulated.AS_OF - 364 * DAY, simulated.AS_OF) / days * simulated.HORIZON
        assert own.mean[i] == pytest.approx(max(rate, 0.0))


def test_chances_by_hand() -> None:
    """One purchase of 10 in each of two spans out of three; everybody's spend came out as once and twice the rate."""
    bought = [simulated.AS_OF - days * DAY for days in (84, 70, 20)]
    histories = simulated.histories({"m": [row(day, 1, 100_000) for day in bought]})
    table = at(histories)
    rule = RunRate(np.array([1.0, 2.0]), 1.0, net=False)
    own = rule.of(table.panel)
    assert own.past[0, :4].tolist()[:3] == [10.0, 0.0, 20.0]
    assert own.mean.tolist() == [10.0]
    for need, reached, more in (
        (0.0, 3, 1.0),
        (5.0, 2, 2.5 / 3),
        (15.0, 1, 1.5 / 3),
        (20.0, 1, 1.5 / 3),
        (50.0, 0, 0.5 / 3),
    ):
        expected = 1.0 if need == 0 else (reached + STRENGTH * more) / (3 + STRENGTH)
        assert own.exceeds(np.array([need])).tolist() == [pytest.approx(expected)]


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_more_is_never_likelier_and_nothing_is_impossible(one: float, other: float) -> None:
    histories = simulated.histories(simulated.log(30, 3))
    table = at(histories)
    own = RunRate.fit(table, label(table, histories).spend).of(table.panel)  # type: ignore[arg-type]
    low, high = sorted((one, other))
    most, least = own.exceeds(np.full(len(table), low)), own.exceeds(np.full(len(table), high))
    assert (most >= least).all()
    assert ((least > 0) & (most <= 1)).all()


def test_a_newcomer_is_judged_by_everybody() -> None:
    histories = simulated.histories({"m": [row(simulated.AS_OF - 3 * DAY, 1, 280_000)], "n": [row(simulated.FIRST, 1, 1)]})
    table = at(histories)
    own = RunRate(np.array([0.0, 0.5, 1.0, 1.5]), 1.0, net=False).of(table.panel)
    assert np.isnan(own.past).all()
    assert own.mean.tolist() == [28.0]
    assert own.exceeds(np.array([28.0])).tolist() == [pytest.approx(2.5 / 5)]
