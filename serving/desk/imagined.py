"""Purchases, visits and returns that have not happened: as lines, and laid after a member's history."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from features.daily import Line, fold
from features.errors import InputError
from features.extending import laid_after
from features.histories import Histories
from features.money import MAX_AMOUNT, UNITS

_NOON: Final = 12 * 60
_SCALED: Final = {
    "cost": ("cost", "returned_cost"),
    "points": ("points_earned", "points_back"),
    "quantity": ("quantity", "returned_quantity"),
}
"""What comes with an amount, and where it is stored of purchases and of returns."""


@dataclass(frozen=True, slots=True)
class Imagined:
    """Something imagined on a day.

    ``amount`` is in currency and at least 0, also of a return, whose size it is. Left out of a visit, it is the usual
    basket; a purchase and a return state theirs, and in a log without amounts nothing has one. ``cost``, ``points`` and
    ``quantity`` are, where left out, the share of the amount that they are in the member's own history.
    """

    date: dt.date
    kind: Literal["purchase", "visit", "return"] = "visit"
    amount: float | None = None
    cost: float | None = None
    points: float | None = None
    quantity: float | None = None


@dataclass(frozen=True)
class Usual:
    """What a visit of a member usually brings, from the days with a purchase in the member's own history.

    ``visits`` so many days; ``basket`` the median of spend on them, to the cent, None in a log without amounts or a history
    without a purchase; ``minute`` of the day, the median; ``shares`` of cost, points and quantity in spend, or, without
    amounts, their median a visit, by column.
    """

    visits: int
    basket: float | None
    minute: int
    shares: dict[str, float]

    @classmethod
    def of(cls, histories: Histories) -> Usual:
        """The usual of one member.

        >>> from features.histories import from_rows
        >>> days = [(dt.date(2017, 1, day), {"orders": 1, "gross": day * 10_0000, "returned": 0}) for day in (1, 2, 6)]
        >>> Usual.of(from_rows([("m", days)], has_amounts=True)).basket
        20.0
        """
        values, days = histories.visits.values, len(histories.visits.day)
        if not days:
            return cls(0, None, _NOON, {})
        stored = {column: values[sides[0]] for column, sides in _SCALED.items() if sides[0] in values}
        if not histories.has_amounts:
            shares = {column: float(np.median(own)) / UNITS for column, own in stored.items()}
            return cls(days, None, _minute(values), shares)
        gross = int(values["gross"].sum())
        shares = {column: int(own.sum()) / gross for column, own in stored.items()} if gross else {}
        return cls(days, round(float(np.median(values["gross"])) / UNITS, 2), _minute(values), shares)


def lines(histories: Histories, imagined: Sequence[Imagined], usual: Usual | None = None) -> list[Line]:
    """What is imagined of one member, as the lines that a log would have of it: an order each, in the order given.

    Raises
    ------
    InputError
        an amount is missing, out of its range, or in a log without amounts

    >>> from features.histories import from_rows
    >>> log = from_rows([("m", [(dt.date(2017, 1, 5), {"orders": 1, "gross": 250_0000, "returned": 0})])], has_amounts=True)
    >>> [line.amount for line in lines(log, [Imagined(dt.date(2017, 2, 1)), Imagined(dt.date(2017, 2, 3), "return", 20.0)])]
    [250.0, -20.0]
    """
    usual = usual or Usual.of(histories)
    return [_line(histories, item, usual, place) for place, item in enumerate(imagined)]


def extended(histories: Histories, added: Sequence[Sequence[Line]]) -> Histories:
    """The one member of histories several times, each time with other lines, on days after all known ones.

    Equal to the histories of a log that has these lines.

    >>> from features.histories import from_rows
    >>> log = from_rows([("m", [(dt.date(2017, 1, 5), {"orders": 1, "gross": 250_0000, "returned": 0})])], has_amounts=True)
    >>> found = extended(log, [[], [Line(dt.datetime(2017, 2, 1, 12), 10.0)]])
    >>> found.visits.offsets.tolist(), found.visits.values["gross"].tolist()
    ([0, 1, 3], [2500000, 2500000, 100000])
    """
    copies = histories.select(np.zeros(len(added), np.int64))
    return laid_after(copies, [fold(own, histories.columns) for own in added])


def _line(histories: Histories, item: Imagined, usual: Usual, place: int) -> Line:
    amount = item.amount
    if not histories.has_amounts:
        if amount is not None or item.kind == "return":
            raise InputError("a log without amounts has visits only", "an amount or a return", "imagine a visit")
    elif amount is None and item.kind == "visit":
        amount = usual.basket
        if amount is None:
            raise InputError("a visit has the member's usual basket", "a member without a purchase", "say its amount")
    elif amount is None:
        raise InputError("a purchase and a return have an amount", "none", "say it, or imagine a visit")
    if amount is not None and not (math.isfinite(amount) and 0 <= amount < MAX_AMOUNT):
        rule = f"an imagined amount is at least 0 and below {MAX_AMOUNT:,.0f}; a return's is its size"
        raise InputError(rule, "another", "mend it; what comes back is imagined as a return")
    more: dict[str, Any] = {name: _beside(histories, item, usual, name, amount) for name in _SCALED}
    back = item.kind == "return"
    if back and not amount:
        raise InputError("a return is of more than nothing", "an amount of 0", "say what comes back")
    time = dt.datetime.combine(item.date, dt.time()) + dt.timedelta(minutes=usual.minute, seconds=place % 60)
    return Line(time, -amount if back and amount else amount, f"imagined {place}", **more)


def _beside(histories: Histories, item: Imagined, usual: Usual, name: str, amount: float | None) -> float | None:
    """A number that comes with an amount: said, or by the member's own share; None where the log has no such column."""
    said: float | None = getattr(item, name)
    if name not in histories.columns:
        if said is not None:
            raise InputError(f"'{name}' is imagined where the log has it", "a log without", "leave it out")
        return None
    if said is not None:
        if not (math.isfinite(said) and 0 <= said < MAX_AMOUNT):
            raise InputError(f"an imagined '{name}' is at least 0 and below {MAX_AMOUNT:,.0f}", "another", "mend it")
        return said
    if name not in usual.shares:
        if amount == 0:
            return 0.0
        raise InputError(f"'{name}' is imagined in the share of the member's own history", "none there", f"say '{name}'")
    found = usual.shares[name] * (1.0 if amount is None else amount)
    return float(math.floor(found)) if name == "points" else found


def _minute(values: dict[str, Any]) -> int:
    return int(np.median(values["minute"])) if "minute" in values else _NOON
