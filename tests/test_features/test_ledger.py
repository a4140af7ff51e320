from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from programmes import FIRST, Pages, to_histories

from features.errors import PolicyError
from features.histories import Histories, from_rows
from features.ledger import INVITED, RETURNED, ledger
from features.metrics import Points
from features.rulebook import Column
from features.snapshot import to_date, to_day

DAY = dt.timedelta(days=1)
PAGES: Pages = {
    FIRST: {"orders": 2, "gross": 99_999, "cost": 40_000, "earned": 10, "used": 1, "event:survey": 3},
    FIRST + DAY: {"returned": 25_000, "returned_cost": 9_000, "back": 4},
    FIRST + 3 * DAY: {"orders": 1, "gross": 10_000, "cost": 1, "earned": 5, "event:invitation": 1, "event:referral": 1},
}


def daily(histories: Histories, column: Column) -> dict[int, int]:
    """Days after the first → amounts, of the first member."""
    log = ledger(histories, [column])
    own = slice(log.offsets[0], log.offsets[1])
    amounts = np.diff(log.totals[0])[own]
    return {int(day) - to_day(FIRST): int(amount) for day, amount in zip(log.day[own], amounts, strict=True) if amount}


@pytest.mark.parametrize(
    ("column", "amounts"),
    [
        (Column("spend"), {0: 99_999, 1: -25_000, 3: 10_000}),
        (Column("spend", net=False), {0: 99_999, 3: 10_000}),
        (Column("profit"), {0: 59_999, 1: -16_000, 3: 9_999}),
        (Column("profit", net=False), {0: 59_999, 3: 9_999}),
        (Column("orders"), {0: 2, 3: 1}),
        (Column("visit_days"), {0: 1, 3: 1}),
        (Column("points_earned"), {0: 10, 1: -4, 3: 5}),
        (Column("points_earned", net=False), {0: 10, 3: 5}),
        (Column("points_balance"), {0: 9, 1: -4, 3: 5}),
        (Column("events", kinds=("survey", "referral", "survey", "unheard of")), {0: 3, 3: 1}),
        # 10 earned, 1 used and 4 taken back: 5 left of the first lot
        (Column("points_balance", points=Points(expire_days=10)), {0: 9, 1: -4, 3: 5, 10: -5, 13: -5}),
        (Column("points_balance", points=Points(expire_days=3)), {0: 9, 1: -4, 6: -5}),
        (Column("points_balance", points=Points(expire_months=1)), {0: 9, 1: -4, 3: 5, 30: -5, 33: -5}),
    ],
)
def test_what_a_day_counts(column: Column, amounts: dict[int, int]) -> None:
    assert daily(to_histories([(PAGES, None), (PAGES, None)]), column) == amounts


def test_points_expire_at_the_end_of_the_next_year() -> None:
    found = daily(to_histories([(PAGES, None)]), Column("points_balance", points=Points(expire_end_of_next_year=True)))
    (last,) = [day for day, amount in found.items() if amount == -10]
    assert to_date(to_day(FIRST) + last) == dt.date(2016, 12, 31)


def test_what_was_used_beyond_the_balance_is_taken_from_later_points() -> None:
    pages: Pages = {FIRST: {"orders": 1, "earned": 5, "used": 8}, FIRST + DAY: {"orders": 1, "earned": 10}}
    found = daily(to_histories([(pages, None)]), Column("points_balance", points=Points(expire_days=9)))
    assert found == {0: -3, 1: 10, 10: -7}


@pytest.mark.parametrize(
    ("rate", "points"), [(1.0, {0: 9, 1: -2, 3: 1}), (0.5, {0: 4, 1: -1}), (10.0, {0: 99, 1: -25, 3: 10})]
)
def test_points_for_amounts_are_rounded_down_by_the_day(rate: float, points: dict[int, int]) -> None:
    histories = to_histories([(PAGES, None)])
    del histories.visits.values["points_earned"]
    assert daily(histories, Column("points_earned", points=Points(per_unit=rate))) == points


def test_returns_and_invitations_are_marked_and_joining_is_the_first_row_unless_said() -> None:
    log = ledger(to_histories([(PAGES, None), ({}, None), (PAGES, FIRST - 9 * DAY)]), [Column("spend")])
    assert log.flags.tolist() == [0, RETURNED, INVITED] * 2
    assert log.joined.tolist() == [to_day(FIRST), -1, to_day(FIRST) - 9]
    before = log.rows_before(np.array([0, 1, 2, 2]), np.array([to_day(FIRST) + 1, 0, -(10**9), 10**6]))
    assert before.tolist() == [1, 3, 3, 6]


def _without(place: str, *names: str) -> Histories:
    histories = to_histories([(PAGES, None)])
    for name in names:
        del getattr(histories, place).values[name]
    return histories


VISITS = from_rows([("m", [(FIRST, {"orders": 1, "gross": 0, "returned": 0})])], has_amounts=False)


@pytest.mark.parametrize(
    ("histories", "column", "said"),
    [
        (VISITS, Column("spend"), "a policy on spend needs a log with amounts; got a log without"),
        (VISITS, Column("profit"), "a policy on profit needs a log with amounts"),
        (
            VISITS,
            Column("points_earned", points=Points(per_unit=1.0)),
            "needs a log with points or amounts to count them from",
        ),
        (_without("visits", "cost"), Column("profit"), "a policy on profit needs a log with costs"),
        (_without("returns", "returned_cost"), Column("profit"), "a policy on profit needs a log with costs"),
        (
            _without("visits", "points_earned"),
            Column("points_balance"),
            "a policy on points_balance needs a log with points",
        ),
        (
            replace(_without("visits"), events={}),
            Column("events", kinds=("a",)),
            "a policy on events needs a log with events",
        ),
    ],
)
def test_what_a_log_cannot_give_is_refused(histories: Histories, column: Column, said: str) -> None:
    with pytest.raises(PolicyError) as raised:
        ledger(histories, [column])
    assert raised.value.place == "metric"
    assert said in str(raised.value)


def test_any_order_of_tables_gives_sorted_rows() -> None:
    rng = np.random.default_rng(3)
    diaries: list[Any] = []
    for _ in range(30):
        days = rng.integers(0, 90, 12).tolist()
        kinds = [{"orders": 1, "gross": 10}, {"returned": 3}, {"event:survey": 1}]
        diaries.append(({FIRST + day * DAY: kinds[i % 3] for i, day in enumerate(days)}, None))
    log = ledger(to_histories(diaries), [Column("spend"), Column("events", kinds=("survey",))])
    assert (np.diff(log.key) > 0).all()
    assert len(log.day) == sum(len(pages) for pages, _ in diaries)
    assert log.totals[:, -1].tolist() == [
        sum(page.get("gross", 0) - page.get("returned", 0) for pages, _ in diaries for page in pages.values()),
        sum(page.get("event:survey", 0) for pages, _ in diaries for page in pages.values()),
    ]
