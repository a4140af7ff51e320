"""Lines → member x day: what is summed over a day's lines, as an Ibis expression, and in plain Python for a few lines.

A day of a member has two sides, purchases (amount >= 0, or no amounts at all) and returns (amount < 0):

==================  ============  ====================================================================================
value               column        meaning
==================  ============  ====================================================================================
orders              order_id      distinct orders among the day's purchases, at least 1 if there is one; 0 = returns only
gross               amount        sum over purchases; 0 where the log has no amounts
returned            amount        sum of sizes over returns
cost                cost          sum of sizes over purchases;       returned_cost, over returns
discount            discount      sum of sizes over purchases
coupon              coupon        sum of sizes over purchases
points_earned       points        sum of what is above 0 over purchases
points_used         points        size of what is below 0 over purchases
points_back         points        sum of sizes over returns
quantity            quantity      sum of sizes over purchases;       returned_quantity, over returns
minute              timestamp     minute of the day of the first purchase
==================  ============  ====================================================================================

Sums are in fixed-point units (features.money), and so the same in every order. A log has the values whose columns it has.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from math import floor
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from features import money
from features.cells import units_cell

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Sum:
    """One summed value: of which column, on which side of the day, and what of each number."""

    value: str
    column: str
    side: Literal["visits", "returns"]
    part: Literal["size", "above", "below"] = "size"


SUMS: Final = (
    Sum("gross", "amount", "visits"),
    Sum("returned", "amount", "returns"),
    Sum("cost", "cost", "visits"),
    Sum("returned_cost", "cost", "returns"),
    Sum("discount", "discount", "visits"),
    Sum("coupon", "coupon", "visits"),
    Sum("points_earned", "points", "visits", "above"),
    Sum("points_used", "points", "visits", "below"),
    Sum("points_back", "points", "returns"),
    Sum("quantity", "quantity", "visits"),
    Sum("returned_quantity", "quantity", "returns"),
)
TIME: Final = "time"
"""Stands for the time of day, which a log of timestamps has beside its columns."""
_ALWAYS: Final = ("gross", "returned")

DailyRow: TypeAlias = tuple[dt.date, dict[str, int]]
"""A day of one member and its values by name."""


def sums(columns: Collection[str]) -> tuple[Sum, ...]:
    """What is summed of a log with these columns.

    >>> [part.value for part in sums({"amount", "cost"})]
    ['gross', 'returned', 'cost', 'returned_cost']
    """
    return tuple(part for part in SUMS if part.column in columns or part.value in _ALWAYS)


@dataclass(frozen=True, slots=True)
class Line:
    """One usable transaction line of a known member.

    ``timestamp`` is in the programme's time zone and without one; ``amount`` is None in a log without amounts; an
    ``order_id`` of white space counts as none. The rest is as in the contract (features.schema), None where it is not given.
    """

    timestamp: dt.datetime
    amount: float | None = None
    order_id: str | None = None
    cost: float | None = None
    discount: float | None = None
    coupon: float | None = None
    points: float | None = None
    quantity: float | None = None
    product: str | None = None
    category: str | None = None
    channel: str | None = None
    store: str | None = None


def daily(clean: ir.Table) -> ir.Table:
    """The fold as an Ibis expression: usable rows → member, day, lines and the values, in no order.

    Parameters
    ----------
    clean : table with customer_id, timestamp, amount, order_id, and what else the log has (see features.verdicts)
    """
    import ibis

    bought = (clean.amount >= 0).fill_null(True)
    row = clean.mutate(
        day=clean.timestamp.date(),
        order=ibis.coalesce("o" + clean.order_id, "t" + clean.timestamp.cast("string")),
        minute=clean.timestamp.hour() * 60 + clean.timestamp.minute(),
        bought=bought,
        **{f"units_{name}": units_cell(clean[name]) for name in dict.fromkeys(part.column for part in sums(clean.columns))},
    )
    values = {}
    for part in sums(clean.columns):
        units = row[f"units_{part.column}"]
        size = {"size": units.abs(), "above": units.clip(lower=0), "below": (-units).clip(lower=0)}[part.part]
        side = row.bought if part.side == "visits" else ~row.bought
        values[part.value] = size.sum(where=side).fill_null(0).cast("int64")
    return row.group_by(member=row.customer_id, day=row.day).agg(
        lines=row.count(),
        orders=row.order.nunique(where=row.bought),
        minute=row.minute.min(where=row.bought).fill_null(0).cast("int64"),
        **values,
    )


def labelled(clean: ir.Table, name: str) -> ir.Table:
    """A text column's fold: usable rows → member, day, label, lines, gross, over purchases with a label, in no order."""
    bought = clean.filter(clean[name].notnull() & (clean.amount >= 0).fill_null(True))
    row = bought.mutate(day=bought.timestamp.date(), units=units_cell(bought.amount), label=bought[name])
    return row.group_by(member=row.customer_id, day=row.day, label=row.label).agg(
        lines=row.count(), gross=row.units.sum().fill_null(0).cast("int64")
    )


_PARTS: Final[dict[str, Callable[[int], int]]] = {
    "size": abs,
    "above": lambda units: max(units, 0),
    "below": lambda units: max(-units, 0),
}


def fold(lines: Iterable[Line], columns: Collection[str] = ("amount",)) -> list[DailyRow]:
    """The same fold for one member's lines, in plain Python.

    Parameters
    ----------
    columns : what to sum beside orders; those that a forecaster needs

    >>> fold([Line(dt.datetime(2017, 1, 1, 9), 2.5, "a"), Line(dt.datetime(2017, 1, 1, 9), -0.5, "b")])
    [(datetime.date(2017, 1, 1), {'orders': 1, 'gross': 25000, 'returned': 5000})]
    """
    more = [part for part in sums(columns) if part.value not in _ALWAYS]
    timed = TIME in columns
    days: dict[dt.date, list[Line]] = {}
    for line in lines:
        day = line.timestamp.date()
        if day in days:
            days[day].append(line)
        else:
            days[day] = [line]
    return [(day, _summed(days[day], more, timed)) for day in sorted(days)]


def _summed(lines: list[Line], more: list[Sum], timed: bool) -> dict[str, int]:
    """The values of one day."""
    orders: set[Any] = set()
    gross = returned = 0
    minutes = []
    for line in lines:
        amount = line.amount
        if amount is None or amount >= 0:
            orders.add(line.order_id if line.order_id and not line.order_id.isspace() else line.timestamp)
            if amount is not None:
                gross += floor(amount * money.UNITS + 0.5)
            if timed:
                minutes.append(line.timestamp.hour * 60 + line.timestamp.minute)
        else:
            returned -= floor(amount * money.UNITS + 0.5)
    values = {"orders": len(orders), "gross": gross, "returned": returned}
    if timed:
        values["minute"] = min(minutes, default=0)
    for part in more:
        values[part.value] = sum(_PARTS[part.part](money.to_units(number)) for number in _numbers(lines, part))
    return values


def _numbers(lines: list[Line], part: Sum) -> Iterator[float]:
    """A column's numbers on one side of a day."""
    for line in lines:
        number: float | None = getattr(line, part.column)
        if number is not None and (line.amount is not None and line.amount < 0) == (part.side == "returns"):
            yield number


def label_counts(lines: Iterable[Line], name: str) -> list[tuple[dt.date, str, int, int]]:
    """One member's (day, label, lines, gross) over purchases with a label, sorted.

    >>> label_counts([Line(dt.datetime(2017, 1, 1), 2.5, category="tea"), Line(dt.datetime(2017, 1, 1), 1.0)], "category")
    [(datetime.date(2017, 1, 1), 'tea', 1, 25000)]
    """
    counts: dict[tuple[dt.date, str], tuple[int, int]] = {}
    for line in lines:
        label = getattr(line, name)
        if label is None or not str(label).strip() or (line.amount is not None and line.amount < 0):
            continue
        key = (line.timestamp.date(), str(label))
        n, gross = counts.get(key, (0, 0))
        counts[key] = (n + 1, gross + (0 if line.amount is None else money.to_units(line.amount)))
    return [(day, label, n, gross) for (day, label), (n, gross) in sorted(counts.items())]
