"""What a policy counts, by member and day: histories → columns that add up over any window."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from features.calendars import day_in, month_and_day, months_on
from features.errors import PolicyError
from features.histories import Histories, Ragged
from features.money import UNITS, to_units
from features.rulebook import Column, rulebook

if TYPE_CHECKING:
    from features.metrics import Points
    from features.policy import TierPolicy

Integers: TypeAlias = npt.NDArray[np.int64]

INVITATION: Final = "invitation"
"""Kind of event that raises to the tier by invitation."""
RETURNED: Final = 1
INVITED: Final = 2


@dataclass(frozen=True, eq=False)
class Ledger:
    """One row a member and day on which anything that counts happened, sorted by both.

    ``offsets`` (n_members + 1,) as in ``Ragged``; ``totals`` (n_columns, n_rows + 1) sums of all rows before each, so that a
    window's sum is a difference; ``flags`` (n_rows,) has bit 1 for a return and bit 2 for an invitation; ``joined``
    (n_members,) is the day on which each member joined, their first row's where the log does not say, -1 without either;
    ``first`` (n_members,) is the first row's, -1 without one; ``key`` (n_rows,) is member and day as one number.
    """

    offsets: Integers
    day: Integers
    totals: Integers
    flags: Integers
    joined: Integers
    first: Integers
    key: Integers

    def joined_as_known(self, cutoff: Integers | int, member: Integers | slice = slice(None)) -> Integers:
        """The day on which members joined as known at cutoffs: one still to come is not, and the first row stands for it."""
        joined, first = self.joined[member], self.first[member]
        return np.where(joined < cutoff, joined, first)

    def rows_before(self, member: Integers, day: Integers) -> Integers:
        """Position of each member's first row on or after a day, elementwise."""
        return np.asarray(np.searchsorted(self.key, (member << _BITS) + np.maximum(day + _SHIFT, 0)), np.int64)


def columns_counted(policy: TierPolicy) -> frozenset[str]:
    """The optional columns of a log that a policy counts.

    >>> from features.policy import TierPolicy
    >>> sorted(columns_counted(TierPolicy.from_dict({"programme": "P", "metric": "profit", "window": "lifetime",
    ...     "tiers": [{"name": "Member"}]})))
    ['cost']
    """
    needs = {"profit": "cost", "points_earned": "points", "points_balance": "points"}
    return frozenset(needs[column.name] for column in rulebook(policy).columns if column.name in needs)


def ledger(histories: Histories, columns: Sequence[Column]) -> Ledger:
    """The ledger of some columns.

    Raises
    ------
    PolicyError
        the log cannot give a column
    """
    n = len(histories)
    parts = [list(_parts(histories, column)) for column in columns]
    marks = [(histories.returns, RETURNED)]
    if INVITATION in histories.events:
        marks.append((histories.events[INVITATION], INVITED))
    tables = {id(rows): rows for rows in (histories.visits, *(rows for of_column in parts for rows, _ in of_column))}
    tables |= {id(rows): rows for rows, _ in marks}
    keys = {name: _keys(rows) for name, rows in tables.items()}
    key = _merged(list(keys.values()))
    place = {name: slice(None) if len(own) == len(key) else np.searchsorted(key, own) for name, own in keys.items()}
    totals = np.zeros((len(columns), len(key) + 1), np.int64)
    for total, of_column in zip(totals, parts, strict=True):
        for rows, value in of_column:
            total[1:][place[id(rows)]] += value  # a member has one row a day in each table
        np.cumsum(total, out=total)
    flags = np.zeros(len(key), np.int64)
    for rows, flag in marks:
        flags[place[id(rows)]] |= flag
    day = (key & ((1 << _BITS) - 1)) - _SHIFT
    offsets = np.searchsorted(key, np.arange(n + 1, dtype=np.int64) << _BITS).astype(np.int64)
    first = np.where(np.diff(offsets) > 0, day[np.minimum(offsets[:-1], len(day) - 1)] if len(day) else -1, -1)
    joined = first if histories.joined is None else np.where(histories.joined >= 0, histories.joined, first)
    return Ledger(offsets, day, totals, flags, joined.astype(np.int64), first.astype(np.int64), key)


_BITS: Final = 32
_SHIFT: Final = 1 << 31
"""A row's key is its member's position and its day in one number, days counted from far before any log."""


def _keys(rows: Ragged) -> Integers:
    owner = np.repeat(np.arange(len(rows.offsets) - 1, dtype=np.int64) << _BITS, np.diff(rows.offsets))
    return np.asarray(owner + rows.day + _SHIFT, np.int64)


def _merged(keys: list[Integers]) -> Integers:
    """All of some sorted keys, each once; the first are most of them."""
    merged, *others = keys
    for other in others:
        if len(other):
            at = np.minimum(np.searchsorted(merged, other), max(len(merged) - 1, 0))
            new = other[merged[at] != other] if len(merged) else other
            merged = np.sort(np.concatenate((merged, new)), kind="stable") if len(new) else merged
    return merged


def _parts(histories: Histories, column: Column) -> Iterator[tuple[Ragged, Integers]]:
    visits, returns = histories.visits, histories.returns
    if column.name in ("spend", "profit"):
        if not histories.has_amounts:
            raise _lacks(column.name, "amounts", "map the column 'amount', or count orders")
        gross, returned = visits.values["gross"], returns.values["returned"]
        if column.name == "profit":
            gross = gross - _value(visits, "cost", column)
            returned = returned - (_value(returns, "returned_cost", column) if column.net else 0)
        yield visits, gross
        if column.net:
            yield returns, -returned
    elif column.name == "orders":
        yield visits, visits.values["orders"]
    elif column.name == "visit_days":
        yield visits, np.ones(len(visits.day), np.int64)
    elif column.name == "events":
        if not histories.events:
            raise _lacks("events", "events", "give one, or choose another metric")
        for kind in dict.fromkeys(column.kinds):
            if kind in histories.events:
                yield histories.events[kind], histories.events[kind].values["count"]
    else:
        yield from _points(histories, column)


def _points(histories: Histories, column: Column) -> Iterator[tuple[Ragged, Integers]]:
    visits, returns = histories.visits, histories.returns
    earned, back = _earned(histories, column)
    signed = [(visits, earned)]
    if column.net:
        signed.append((returns, -back))
    if column.name == "points_balance":
        used = visits.values.get("points_used", np.zeros(len(visits.day), np.int64))
        signed.append((visits, -(used // UNITS)))
        if column.points is not None and column.points.expiries:
            yield _expired(signed, column.points)
    yield from signed


def _earned(histories: Histories, column: Column) -> tuple[Integers, Integers]:
    visits, returns = histories.visits, histories.returns
    if "points_earned" in visits.values:
        back = returns.values.get("points_back", np.zeros(len(returns.day), np.int64))
        return visits.values["points_earned"] // UNITS, back // UNITS
    rate = None if column.points is None else column.points.per_unit
    if rate is None:
        raise _lacks(column.name, "points", "map the column 'points', or write 'points: {per_unit: ...}'")
    if not histories.has_amounts:
        raise _lacks(column.name, "points or amounts to count them from", "map the column 'points' or 'amount'")
    return _for_amount(visits.values["gross"], rate), _for_amount(returns.values["returned"], rate)


def _for_amount(units: Integers, rate: float) -> Integers:
    """Points for a day's amount, rounded down; in two steps, so that nothing is too large for 64 bits."""
    whole, rest = np.divmod(units, UNITS)
    per_unit = to_units(rate)
    return np.asarray((whole * per_unit + rest * per_unit // UNITS) // UNITS, np.int64)


def _expired(signed: Sequence[tuple[Ragged, Integers]], points: Points) -> tuple[Ragged, Integers]:
    """What expires of each member's lots, the oldest used first, on the days at whose end they expire."""
    n = len(signed[0][0].offsets) - 1
    offsets, days, lost = [0], [], []
    for i in range(n):
        moves: dict[int, list[int]] = {}
        for rows, value in signed:
            own = slice(rows.offsets[i], rows.offsets[i + 1])
            for day, amount in zip(rows.day[own].tolist(), value[own].tolist(), strict=True):
                move = moves.setdefault(day, [0, 0])
                move[amount < 0] += abs(amount)
        for day, amount in sorted(_lots(moves, points).items()):
            days.append(day)
            lost.append(-amount)
        offsets.append(len(days))
    rows = Ragged(np.array(offsets, np.int64), np.array(days, np.int32), {})
    return rows, np.array(lost, np.int64)


def _lots(moves: dict[int, list[int]], points: Points) -> dict[int, int]:
    """Day → what expires at its end, from day → (earned, used); what is used beyond the balance is taken from later lots."""
    lots: deque[list[int]] = deque()  # [day of expiry, left], the oldest first
    expired: dict[int, int] = {}
    owed = 0
    for day in [*sorted(moves), None]:
        while lots and (day is None or lots[0][0] < day):
            at, left = lots.popleft()
            if left:
                expired[at] = expired.get(at, 0) + left
        if day is None:
            break
        earned, used = moves[day]
        lots.append([expiry(day, points), earned])
        owed += used
        for lot in lots:
            taken = min(lot[1], owed)
            lot[1] -= taken
            owed -= taken
    return expired


def expiry(day: int, points: Points) -> int:
    """Day at whose end points earned on a day expire, where they do."""
    if points.expire_days is not None:
        return day + points.expire_days
    if points.expire_months is not None:
        return months_on(day, points.expire_months)
    month, _ = month_and_day(day)
    return day_in(12 * (month // 12 + 1) + 11, 31)


def _value(rows: Ragged, name: str, column: Column) -> Integers:
    if name not in rows.values:
        raise _lacks(column.name, "costs", "map the column 'cost', or count spend")
    return rows.values[name]


def _lacks(metric: str, what: str, fix: str) -> PolicyError:
    return PolicyError("metric", f"a policy on {metric} needs a log with {what}", "a log without", fix)
