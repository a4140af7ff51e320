from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
import strategies

from features.contribution import contributions
from features.daily import Line, fold
from features.histories import Histories, from_rows
from features.snapshot import to_day

CUTOFF = dt.date(2020, 3, 10)


def line(ago: int, amount: float, **more: float) -> Line:
    return Line(dt.datetime.combine(CUTOFF - dt.timedelta(days=ago), dt.time(9)), amount, **more)


def member(*lines: Line) -> Histories:
    return strategies.costed_histories({"m": list(lines)})


def test_sales_profit_and_what_an_extra_unit_brings() -> None:
    early = line(15, 100.0, cost=60.0, quantity=10)  # a profit of 40
    late = line(5, 180.0, cost=100.0, quantity=16)  # 80
    back = line(4, -20.0, cost=-10.0, quantity=-2)  # less 10
    found = contributions(member(early, late, back, line(21, 999.0, cost=1.0, quantity=1)), to_day(CUTOFF), 20)
    assert found.sales.tolist() == [260.0]
    assert found.profit.tolist() == [110.0]
    assert found.marginal.tolist() == [(70.0 - 40.0) / (14 - 10)]
    assert found.returned_share.tolist() == [20.0 / 280.0]


def test_as_many_units_in_both_halves_leave_it_undefined() -> None:
    same = contributions(
        member(line(15, 10.0, cost=1.0, quantity=2), line(5, 30.0, cost=1.0, quantity=2)), to_day(CUTOFF), 20
    )
    assert np.isnan(same.marginal).all()
    assert same.profit.tolist() == [38.0]


@pytest.mark.parametrize(
    ("columns", "available"),
    [
        ((), set()),
        (("amount",), {"sales"}),
        (("amount", "quantity"), {"sales"}),
        (("amount", "cost"), {"sales", "profit"}),
        (("amount", "cost", "quantity"), {"sales", "profit", "marginal"}),
    ],
)
def test_what_the_log_does_not_have_is_not_available(columns: tuple[str, ...], available: set[str]) -> None:
    own = [line(15, 10.0, cost=1.0, quantity=2), line(5, 30.0, cost=1.0, quantity=3)]
    histories = from_rows([("m", fold(own, columns))], has_amounts="amount" in columns, columns=columns)
    found = contributions(histories, to_day(CUTOFF), 20)
    assert {name for name in ("sales", "profit", "marginal") if not np.isnan(getattr(found, name)[0])} == available


def test_without_spend_there_is_no_returned_share() -> None:
    assert np.isnan(contributions(member(line(5, -3.0)), to_day(CUTOFF), 20).returned_share[0])
