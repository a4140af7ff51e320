"""Each operator against a loop over days, and the two ways of running it against each other."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable

import numpy as np
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import by_hand

from features.daily import Line
from features.histories import Histories, from_rows
from features.operators import Floats, Panel, ratio
from features.snapshot import to_date, to_day

HORIZON = 14
CUTOFFS = st.dates(strategies.FIRST.date() + dt.timedelta(days=1), strategies.LAST.date() + dt.timedelta(days=40))

OPERATORS: dict[str, Callable[[Panel], Floats]] = {
    "recency": Panel.recency,
    "tenure": Panel.tenure,
    "last_gap": Panel.last_gap,
    "gap_mean": Panel.gap_mean,
    "gap_sd": Panel.gap_sd,
    "gap_quantile_0.5": lambda panel: panel.gap_quantile(0.5),
    "gap_quantile_0.9": lambda panel: panel.gap_quantile(0.9),
    "gap_quantile_1": lambda panel: panel.gap_quantile(1.0),
    "longer_silences": Panel.longer_silences,
    "comeback_share": Panel.comeback_share,
    "visits": lambda panel: panel.window_sum("visits"),
    "visits_28": lambda panel: panel.window_sum("visits", 28),
    "orders_91": lambda panel: panel.window_sum("orders", 91),
    "gross_28": lambda panel: panel.window_sum("gross", 28),
    "returned_28": lambda panel: panel.window_sum("returned", 28),
    "visit_rate_14": lambda panel: panel.rate("visits", 14),
    "gross_rate_42": lambda panel: panel.rate("gross", 42),
    "last_gross": lambda panel: panel.last("gross"),
}


def panel(histories: Histories, cutoffs: list[dt.date], compiled: bool | None = None) -> Panel:
    """Every member at every cutoff, in no order of its own."""
    member = np.tile(np.arange(len(histories)), len(cutoffs))
    cutoff = np.repeat([to_day(cutoff) for cutoff in cutoffs], len(histories)).astype(np.int32)
    return Panel(histories, member, cutoff, HORIZON, compiled)


def expected(lines: list[Line], cutoff: dt.date) -> dict[str, float]:
    """The operators' values by the oracle; a member without a purchase has no gaps, no last day and sums of 0."""
    raw = [(line.timestamp, line.amount, line.order_id) for line in lines]
    _, returned = by_hand.shopping_days(raw, cutoff)
    recent = sum(units for day, units in returned.items() if (cutoff - day).days <= 28) / 10_000
    try:
        value = by_hand.describe(raw, cutoff, HORIZON)
    except ValueError:
        sums = ("visits", "visits_28", "orders_91", "gross_28", "visit_rate_14", "gross_rate_42", "longer_silences")
        return {name: 0.0 if name in sums else math.nan for name in OPERATORS} | {"returned_28": recent}
    return {
        "recency": value["recency_days"],
        "tenure": value["tenure_days"],
        "last_gap": value["gap_last_days"],
        "gap_mean": value["gap_mean_days"],
        "gap_sd": value["gap_sd_days"],
        "gap_quantile_0.5": value["gap_median_days"],
        "gap_quantile_0.9": value["gap_p90_days"],
        "gap_quantile_1": value["gap_max_days"],
        "longer_silences": value["longer_silences"],
        "comeback_share": value["comeback_share"],
        "visits": value["visits_total"],
        "visits_28": value["visits_28d"],
        "orders_91": value["orders_91d"],
        "gross_28": value["spend_28d"],
        "returned_28": recent,
        "visit_rate_14": value["visit_rate_14d"],
        "gross_rate_42": value["spend_rate_42d"],
        "last_gross": value["spend_last_visit"],
    }


@settings(max_examples=80)
@given(strategies.logs(), st.lists(CUTOFFS, min_size=1, max_size=3))
def test_each_operator_is_a_loop_over_days(log: dict[str, list[Line]], cutoffs: list[dt.date]) -> None:
    pairs = panel(strategies.histories(log), cutoffs)
    got = {name: operator(pairs).tolist() for name, operator in OPERATORS.items()}
    members = sorted(log)
    for p, (member, day) in enumerate(zip(pairs.member, pairs.cutoff, strict=True)):
        want = expected(log[members[member]], to_date(day))
        assert {name: values[p] for name, values in got.items()} == pytest.approx(want, rel=1e-12, abs=1e-12, nan_ok=True)


@settings(max_examples=40)
@given(strategies.logs(), st.lists(CUTOFFS, min_size=1, max_size=3))
def test_compiled_is_interpreted_to_the_bit(log: dict[str, list[Line]], cutoffs: list[dt.date]) -> None:
    histories = strategies.histories(log)
    compiled, interpreted = (panel(histories, cutoffs, how) for how in (True, False))
    for name, operator in OPERATORS.items():
        assert operator(compiled).tobytes() == operator(interpreted).tobytes(), name


def test_small_work_is_interpreted_and_large_work_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    from features import operators

    asked: list[str] = []
    compile_ = operators._compiled
    monkeypatch.setattr(operators, "_compiled", lambda kernel: asked.append(kernel.__name__) or compile_(kernel))
    days = [(dt.date(2017, 1, 1) + dt.timedelta(days=i), 1, 100, 0) for i in range(500)]
    histories = from_rows([("m", days)], has_amounts=True)
    small = panel(histories, [dt.date(2019, 1, 1)])
    large = Panel(histories, np.zeros(400, np.int64), np.full(400, small.cutoff[0]), HORIZON)
    assert small.gap_mean().tolist() == [1.0]
    assert asked == []
    assert set(large.gap_mean()) == {1.0}
    assert asked == ["gap_moments"]


def test_without_amounts_money_is_nan_and_counts_are_not() -> None:
    histories = from_rows([("m", [(dt.date(2017, 1, 1), 2, 0, 0)])], has_amounts=False)
    pairs = panel(histories, [dt.date(2017, 1, 5)])
    money = [pairs.window_sum("gross"), pairs.window_sum("returned"), pairs.decayed_sum("gross", 7), pairs.last("gross")]
    assert np.isnan(money).all()
    assert (pairs.window_sum("visits").tolist(), pairs.window_sum("orders").tolist()) == ([1.0], [2.0])


@pytest.mark.parametrize(("age", "inside"), [(1, True), (28, True), (29, False)])
def test_a_window_is_half_open(age: int, inside: bool) -> None:
    cutoff = dt.date(2016, 3, 14)  # 28 days back lies beyond a 29 February
    histories = from_rows([("m", [(cutoff - dt.timedelta(days=age), 1, 100, 0)])], has_amounts=True)
    assert panel(histories, [cutoff]).window_sum("visits", 28).tolist() == [float(inside)]


@pytest.mark.parametrize(("age", "weight"), [(14, 0.5), (28, 0.25), (280, 0.5**20), (281, 0.0)])
def test_a_fade_halves_and_ends_after_twenty_half_lives(age: int, weight: float) -> None:
    cutoff = dt.date(2017, 6, 1)
    histories = from_rows([("m", [(cutoff - dt.timedelta(days=age), 1, 100, 0)])], has_amounts=True)
    assert panel(histories, [cutoff]).decayed_sum("visits", 14).tolist() == pytest.approx([weight], rel=1e-15)


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"), [(1.0, 4.0, 0.25), (0.0, 0.0, None), (1.0, 0.0, None), (1.0, math.nan, None)]
)
def test_a_ratio_over_nothing_is_absent(numerator: float, denominator: float, expected: float | None) -> None:
    quotient = ratio(np.array([numerator]), np.array([denominator])).tolist()[0]
    assert math.isnan(quotient) if expected is None else quotient == expected
