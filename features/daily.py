"""Lines → member x day: the one scan of the log, run in the engine, or in plain Python for a few lines at hand.

===========  ==========================================================================================
column       meaning
===========  ==========================================================================================
member       as in the source
day          date of the lines
orders       distinct orders among the day's purchases, at least 1 if there is a purchase; 0 = returns only
gross        sum of amounts >= 0, in fixed-point units (features.money); 0 where the log has no amounts
returned     sum of -amount over amounts < 0, likewise
===========  ==========================================================================================

Both forms add whole numbers, so they agree to the bit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from features import money

if TYPE_CHECKING:
    import ibis.expr.types as ir

DailyRow: TypeAlias = tuple[dt.date, int, int, int]
"""(day, orders, gross, returned) of one member."""


@dataclass(frozen=True, slots=True)
class Line:
    """One usable transaction line of a known member.

    ``timestamp`` is in UTC and without a zone; ``amount`` is None in a log without amounts; an ``order_id`` of white space
    counts as none.
    """

    timestamp: dt.datetime
    amount: float | None = None
    order_id: str | None = None


def daily(clean: ir.Table) -> ir.Table:
    """The fold as an Ibis expression: usable rows → member x day, sorted by member and day.

    Parameters
    ----------
    clean : table with customer_id, timestamp, amount, order_id (see features.verdicts)
    """
    import ibis

    row = clean.mutate(
        day=clean.timestamp.date(),
        units=(clean.amount * money.UNITS + 0.5).floor().cast("int64").fill_null(0),
        order=ibis.coalesce("o" + clean.order_id, "t" + clean.timestamp.cast("string")),
    )
    bought = (row.amount >= 0).fill_null(True)
    folded = row.group_by(member=row.customer_id, day=row.day).agg(
        orders=row.order.nunique(where=bought),
        gross=row.units.sum(where=bought).fill_null(0).cast("int64"),
        returned=(-row.units).sum(where=~bought).fill_null(0).cast("int64"),
    )
    return folded.order_by(["member", "day"])


def fold(lines: Iterable[Line]) -> list[DailyRow]:
    """The same fold for one member's lines, in plain Python.

    >>> fold([Line(dt.datetime(2017, 1, 1, 9), 2.5, "a"), Line(dt.datetime(2017, 1, 1, 9), -0.5, "b")])
    [(datetime.date(2017, 1, 1), 1, 25000, 5000)]
    """
    days: dict[dt.date, tuple[set[str], int, int]] = {}
    for line in lines:
        day = line.timestamp.date()
        orders, gross, returned = days.get(day) or (set(), 0, 0)
        units = 0 if line.amount is None else money.to_units(line.amount)
        if line.amount is None or line.amount >= 0:
            orders.add("o" + line.order_id if line.order_id and line.order_id.strip() else "t" + str(line.timestamp))
            gross += units
        else:
            returned -= units
        days[day] = (orders, gross, returned)
    return [(day, len(orders), gross, returned) for day, (orders, gross, returned) in sorted(days.items())]
