"""Members' histories as arrays: each member's visits and returns in order of days, with offsets.

A return belongs to net spend and is no sign of life, so it lives in a table of its own: no operator on visits can see it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from features.daily import DailyRow, daily
from features.engine import fetch
from features.errors import UnusableLogError
from features.snapshot import to_date, to_day

if TYPE_CHECKING:
    import pyarrow as pa

    from features.verdicts import Checked


@dataclass(frozen=True, eq=False)
class Ragged:
    """Rows of all members in one array each, sorted by member and day.

    ``offsets`` is (n_members + 1,); member i's rows are ``[offsets[i], offsets[i + 1])``. ``values`` holds columns
    as long as ``day``.
    """

    offsets: npt.NDArray[np.int64]
    day: npt.NDArray[np.int32]
    values: dict[str, npt.NDArray[np.int64]]

    def take(self, keep: npt.NDArray[np.bool_]) -> Ragged:
        """Rows where ``keep``, members unchanged."""
        kept = np.concatenate(([0], np.cumsum(keep)))
        values = {name: column[keep] for name, column in self.values.items()}
        return Ragged(kept[self.offsets].astype(np.int64), self.day[keep], values)


@dataclass(frozen=True, eq=False)
class Histories:
    """What is known of all members of a log.

    ``members`` (n_members,) holds the ids as they came. ``visits`` has one row per member and day with a purchase,
    with orders and gross; ``returns`` one per member and day with a return, with returned. Columns that the log has
    beside these add values of their own (see features.daily). ``labels`` has for each text column (category, channel,
    ...) one row per member, day and label, ``events`` for each kind of event one row per member and day. ``joined``
    (n_members,) is the day on which each became a member, -1 where only the first purchase can tell. ``columns``
    names what the log has of the contract. ``first_day`` and ``end_day`` bound the log: all its rows lie in
    [first_day, end_day). Money is in fixed-point units (features.money).
    """

    members: npt.NDArray[Any]
    visits: Ragged
    returns: Ragged
    columns: frozenset[str]
    first_day: int
    end_day: int
    labels: Mapping[str, Ragged] = field(default_factory=dict)
    events: Mapping[str, Ragged] = field(default_factory=dict)
    joined: npt.NDArray[np.int32] | None = None

    def __len__(self) -> int:
        return len(self.members)

    @property
    def has_amounts(self) -> bool:
        """Whether the log says how much, or only who and when."""
        return "amount" in self.columns

    def before(self, cutoff: dt.date) -> Histories:
        """The same histories as they were known at a cutoff: rows on days before it, all members kept."""
        day = to_day(cutoff)
        return replace(
            self._each(lambda rows: rows.take(rows.day < day)),
            end_day=min(self.end_day, day),
            joined=None if self.joined is None else np.where(self.joined < day, self.joined, -1),
        )

    def select(self, members: npt.NDArray[np.int64]) -> Histories:
        """Some members, by position, in the order given."""
        return replace(
            self._each(lambda rows: _select(rows, members)),
            members=self.members[members],
            joined=None if self.joined is None else self.joined[members],
        )

    def _each(self, change: Callable[[Ragged], Ragged]) -> Histories:
        return replace(
            self,
            visits=change(self.visits),
            returns=change(self.returns),
            labels={name: change(rows) for name, rows in self.labels.items()},
            events={kind: change(rows) for kind, rows in self.events.items()},
        )

    @property
    def span(self) -> tuple[dt.date, dt.date]:
        """First day, and the day after the last."""
        return to_date(self.first_day), to_date(self.end_day)


def from_log(checked: Checked) -> Histories:
    """Histories of all usable rows of a checked log: the fold runs in the engine, the result comes as Arrow.

    Raises
    ------
    UnusableLogError
        no row is usable
    """
    table = fetch(daily(checked.clean))
    if table.num_rows == 0:
        raise UnusableLogError("a log has usable rows", "none", "see 'tiercast check' for why each row was refused")
    return from_arrow(table, checked.columns.has_amounts)


def from_arrow(table: pa.Table, has_amounts: bool) -> Histories:
    """Histories from member x day rows sorted by member and day (see features.daily)."""
    member = table["member"].combine_chunks().dictionary_encode()
    code = member.indices.to_numpy()
    day = table["day"].combine_chunks().cast("int32").to_numpy()
    ids = member.dictionary.to_numpy(zero_copy_only=False)  # numbers stay numbers, text becomes str objects
    columns = {name: table[name].to_numpy() for name in ("orders", "gross", "returned")}
    return _split(ids, code, day, columns, has_amounts, len(ids))


def from_rows(histories: Sequence[tuple[Any, Sequence[DailyRow]]], has_amounts: bool) -> Histories:
    """Histories from each member's folded days (see features.daily.fold), without an engine.

    >>> h = from_rows([("m", [(dt.date(2017, 1, 1), 1, 25000, 5000)])], has_amounts=True)
    >>> h.visits.values["gross"].tolist(), h.returns.values["returned"].tolist()
    ([25000], [5000])
    """
    rows = [(code, *row) for code, (_, days) in enumerate(histories) for row in days]
    if not rows:
        raise UnusableLogError("a history has usable lines", "none", "send at least one purchase before the as-of date")
    code, dates, orders, gross, returned = zip(*rows, strict=True)
    ids = np.empty(len(histories), dtype=object)
    ids[:] = [member for member, _ in histories]
    columns = {
        "orders": np.array(orders, np.int64),
        "gross": np.array(gross, np.int64),
        "returned": np.array(returned, np.int64),
    }
    day = np.array([to_day(date) for date in dates], np.int32)
    return _split(ids, np.array(code), day, columns, has_amounts, len(histories))


def _split(
    ids: npt.NDArray[Any],
    code: npt.NDArray[Any],
    day: npt.NDArray[np.int32],
    columns: dict[str, npt.NDArray[np.int64]],
    has_amounts: bool,
    size: int,
) -> Histories:
    offsets = np.searchsorted(code, np.arange(size + 1)).astype(np.int64)
    rows = Ragged(offsets, day, columns)
    visits = rows.take(columns["orders"] > 0)
    returns = rows.take(columns["returned"] > 0)
    return Histories(
        ids,
        Ragged(visits.offsets, visits.day, {name: visits.values[name] for name in ("orders", "gross")}),
        Ragged(returns.offsets, returns.day, {"returned": returns.values["returned"]}),
        frozenset({"amount"} if has_amounts else ()),
        int(day.min()),
        int(day.max()) + 1,
    )


def _select(rows: Ragged, members: npt.NDArray[np.int64]) -> Ragged:
    length = np.diff(rows.offsets)[members]
    offsets = np.concatenate(([0], np.cumsum(length))).astype(np.int64)
    index = np.repeat(rows.offsets[members] - offsets[:-1], length) + np.arange(offsets[-1])
    return Ragged(offsets, rows.day[index], {name: column[index] for name, column in rows.values.items()})
