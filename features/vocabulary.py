"""The vocabulary of features: which values a history holds, by name, and what each takes of the log.

A feature is an expression in operators (features.operators) over values and labels::

    ratio(total('returned'), total('gross'))      entropy('category', 364)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from features.daily import SUMS, TIME
from features.histories import Histories, Ragged
from features.money import UNITS
from features.schema import LABELS

Integers: TypeAlias = npt.NDArray[np.int64]

EVENTS: Final = "events"
POLICY: Final = "policy"
"""What a feature may need beside columns: an event log, a tier policy."""

EVENING_MINUTE: Final = 18 * 60
_FRIDAY: Final = 4


@dataclass(frozen=True)
class Value:
    """A number that each day of a history has.

    ``rows`` says which days: those with a purchase or those with a return. ``of`` gives it, (n_rows,) whole numbers;
    ``scale`` is what one stands for; ``needs`` is the column that the log must have for it.
    """

    rows: str
    of: Callable[[Ragged], Integers]
    meaning: str
    needs: str | None = None
    scale: float = 1.0


def _stored(value: str, rows: str, column: str, meaning: str) -> Value:
    def of(ragged: Ragged) -> Integers:
        return ragged.values[value]

    return Value(rows, of, meaning, column, float(UNITS) if column != "order_id" else 1.0)


def _ones(ragged: Ragged) -> Integers:
    return np.ones(len(ragged.day), np.int64)


def weekday(day: npt.NDArray[Any]) -> Integers:
    """Weekday of day numbers, Monday being 0.

    >>> weekday(np.array([0, 3, 4])).tolist()
    [3, 6, 0]
    """
    found: Integers = (day.astype(np.int64) + 3) % 7
    return found


def _month_start(ragged: Ragged) -> Integers:
    date = ragged.day.astype("M8[D]")
    day_of_month: Integers = (date - date.astype("M8[M]")).astype(np.int64)
    return np.asarray(day_of_month < 7, np.int64)


_MEANINGS: Final = {
    "gross": "spend on purchases",
    "returned": "value returned",
    "cost": "cost of what was bought",
    "returned_cost": "cost of what was returned",
    "discount": "discount granted",
    "coupon": "discount granted by coupons",
    "points_earned": "points earned",
    "points_used": "points redeemed",
    "points_back": "points taken back on returns",
    "quantity": "units bought",
    "returned_quantity": "units returned",
}
VALUES: Final[Mapping[str, Value]] = {
    "visits": Value("visits", _ones, "days with a purchase"),
    "orders": Value("visits", lambda rows: rows.values["orders"], "orders"),
    **{part.value: _stored(part.value, part.side, part.column, _MEANINGS[part.value]) for part in SUMS},
    "returns": Value("returns", _ones, "days with a return", "amount"),
    "weekend": Value(
        "visits", lambda rows: (weekday(rows.day) > _FRIDAY).astype(np.int64), "days with a purchase on a weekend"
    ),
    "month_start": Value("visits", _month_start, "days with a purchase among the first seven of a month"),
    "evening": Value(
        "visits",
        lambda rows: (rows.values["minute"] >= EVENING_MINUTE).astype(np.int64),
        "days whose first purchase is at 18:00 or later",
        TIME,
    ),
    "with_discount": Value(
        "visits", lambda rows: (rows.values["discount"] > 0).astype(np.int64), "days with a discount", "discount"
    ),
    "with_coupon": Value(
        "visits", lambda rows: (rows.values["coupon"] > 0).astype(np.int64), "days with a coupon", "coupon"
    ),
}

WEEKDAY: Final = "weekday"
LABEL_MEANINGS: Final = {
    "product": "what was bought",
    "category": "the kind of product",
    "channel": "where the order came in: shop, web, app",
    "store": "which shop",
    WEEKDAY: "the day of the week; every log has it",
}
LABEL_NAMES: Final = (*LABELS, WEEKDAY)
"""What days can be told apart by: the log's text columns, and the day of the week."""


def label_rows(histories: Histories, label: str) -> Ragged | None:
    """Rows of member, day and label with their ``code``; None where the log has no such column."""
    if label == WEEKDAY:
        visits = histories.visits
        return Ragged(visits.offsets, visits.day, {"code": weekday(visits.day)})
    return histories.labels.get(label)


def value_rows(histories: Histories, rows: str) -> Ragged:
    """The rows that values of a kind stand in: ``visits``, ``returns``, or ``event KIND``; empty where there are none."""
    if rows == "visits":
        return histories.visits
    if rows == "returns":
        return histories.returns
    found = histories.events.get(rows.removeprefix("event "))
    if found is None:
        none = np.zeros(len(histories) + 1, np.int64)
        return Ragged(none, np.empty(0, np.int32), {"count": np.empty(0, np.int64), "score": np.empty(0, np.int64)})
    return found
