"""One member's passbook at a date: how much there is of the log, and its last days."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import numpy as np

from features.histories import Histories
from features.money import UNITS
from features.snapshot import to_date

LAST_DAYS: Final = 5


@dataclass(frozen=True)
class PassbookDay:
    """A day with rows; money in currency, None in a log without amounts."""

    date: dt.date
    orders: int
    spend: float | None
    returned: float | None


@dataclass(frozen=True)
class Passbook:
    """Totals before a date, ``first`` and ``last`` purchase (None without one), and the ``last_days``, newest first."""

    orders: int
    shopping_days: int
    spend: float | None
    returned: float | None
    first: dt.date | None
    last: dt.date | None
    last_days: tuple[PassbookDay, ...]


def summed_up(histories: Histories, member: int, as_of: dt.date, most_days: int = LAST_DAYS) -> Passbook:
    """The passbook of one member, by position, from rows on days before a date.

    >>> from features.histories import from_rows
    >>> log = from_rows([("m", [(dt.date(2017, 1, 1), {"orders": 1, "gross": 25000, "returned": 5000})])], has_amounts=True)
    >>> found = summed_up(log, 0, dt.date(2017, 1, 2))
    >>> found.orders, found.spend, found.returned, found.last.isoformat()
    (1, 2.5, 0.5, '2017-01-01')
    """
    one = histories.select(np.array([member])).before(as_of)
    days: dict[int, list[int]] = {}
    for rows, names in ((one.visits, ("orders", "gross", "")), (one.returns, ("", "", "returned"))):
        for row, day in enumerate(rows.day.tolist()):
            found = days.setdefault(day, [0, 0, 0])
            for place, name in enumerate(names):
                found[place] += int(rows.values[name][row]) if name else 0
    money = histories.has_amounts
    visits = one.visits.day.tolist()

    def currency(units: int) -> float | None:
        return units / UNITS if money else None

    newest = sorted(days, reverse=True)[:most_days]
    return Passbook(
        orders=sum(orders for orders, _, _ in days.values()),
        shopping_days=len(visits),
        spend=currency(sum(gross for _, gross, _ in days.values())),
        returned=currency(sum(returned for _, _, returned in days.values())),
        first=to_date(visits[0]) if visits else None,
        last=to_date(visits[-1]) if visits else None,
        last_days=tuple(
            PassbookDay(to_date(day), days[day][0], currency(days[day][1]), currency(days[day][2])) for day in newest
        ),
    )
