"""Members' histories as arrays: each member's visits and returns in order of days, with offsets.

A return belongs to net spend and is no sign of life, so it lives in a table of its own: no operator on visits can see it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from features.daily import SUMS, TIME, DailyRow, sums
from features.errors import UnusableLogError
from features.snapshot import EPOCH, to_date, to_day
from features.zones import UTC


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

    def range(self, first: int, stop: int) -> Ragged:
        """Members [first, stop): views, not copies."""
        low, high = int(self.offsets[first]), int(self.offsets[stop])
        values = {name: column[low:high] for name, column in self.values.items()}
        return Ragged(self.offsets[first : stop + 1] - low, self.day[low:high], values)


@dataclass(frozen=True, eq=False)
class Histories:
    """What is known of all members of a log.

    ``members`` (n_members,) holds the ids as they came. ``visits`` has one row per member and day with a purchase,
    with orders and gross; ``returns`` one per member and day with a return, with returned. Columns that the log has
    beside these add values of their own (see features.daily). ``labels`` has for each text column (category, channel,
    ...) one row per member, day and label, whose text is ``label_names`` at its code; those of a day are in the order of
    their texts. ``events`` has for each kind of event one row per member and day. ``joined``
    (n_members,) is the day on which each became a member, -1 where only the first purchase can tell. ``columns``
    names what the log has of the contract. ``first_day`` and ``end_day`` bound the log: all its rows lie in
    [first_day, end_day). Money is in fixed-point units (features.money). Days are those of ``time_zone``.
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
    time_zone: str = UTC
    label_names: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)

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

    def range(self, first: int, stop: int) -> Histories:
        """Members [first, stop): their rows are looked at where they are, not copied."""
        return replace(
            self._each(lambda rows: rows.range(first, stop)),
            members=self.members[first:stop],
            joined=None if self.joined is None else self.joined[first:stop],
        )

    def only(self, columns: Collection[str]) -> Histories:
        """The same histories without what further columns of the log have added; amounts and orders stay."""
        kept = {"orders", *(["minute"] if TIME in columns else ()), *(part.value for part in sums(columns))}

        def narrowed(rows: Ragged) -> Ragged:
            return replace(rows, values={name: column for name, column in rows.values.items() if name in kept})

        return replace(
            self,
            visits=narrowed(self.visits),
            returns=narrowed(self.returns),
            columns=self.columns & {"amount", "order_id", *columns},
            labels={name: rows for name, rows in self.labels.items() if name in columns},
            label_names={name: names for name, names in self.label_names.items() if name in columns},
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


def assemble(
    ids: npt.NDArray[Any],
    offsets: npt.NDArray[np.int64],
    day: npt.NDArray[np.int32],
    values: Mapping[str, npt.NDArray[np.int64]],
    columns: Collection[str],
    labels: Mapping[str, Ragged] | None = None,
    label_names: Mapping[str, npt.NDArray[Any]] | None = None,
) -> Histories:
    """Histories from member x day rows, parted into purchases and returns.

    Parameters
    ----------
    ids : (n_members,)
    offsets : (n_members + 1,) where each member's rows begin
    day : (n_rows,) rising within each member
    values : by name (see features.daily), each (n_rows,)
    columns : of the contract, that the log has
    """
    rows = Ragged(offsets, day, dict(values))
    returned = {part.value for part in SUMS if part.side == "returns"}
    visits = rows.take(values["orders"] > 0)
    returns = rows.take(values["orders"] == 0 if "amount" not in columns else values["returned"] > 0)
    return Histories(
        ids,
        replace(visits, values={name: column for name, column in visits.values.items() if name not in returned}),
        replace(returns, values={name: column for name, column in returns.values.items() if name in returned}),
        frozenset(columns),
        int(day.min()),
        int(day.max()) + 1,
        labels or {},
        label_names=label_names or {},
    )


def from_rows(
    histories: Sequence[tuple[Any, Sequence[DailyRow]]],
    has_amounts: bool,
    *,
    columns: Collection[str] = (),
    labels: Mapping[str, Sequence[Sequence[tuple[dt.date, str, int, int]]]] | None = None,
    time_zone: str = UTC,
) -> Histories:
    """Histories from each member's folded days (see features.daily), without an engine.

    Parameters
    ----------
    columns : what the lines have beside amounts
    labels : by column, each member's label counts
    time_zone : whose days these are

    >>> h = from_rows([("m", [(dt.date(2017, 1, 1), {"orders": 1, "gross": 25000, "returned": 5000})])], has_amounts=True)
    >>> h.visits.values["gross"].tolist(), h.returns.values["returned"].tolist()
    ([25000], [5000])
    """
    rows = [row for _, days in histories for row in days]
    if not rows:
        raise UnusableLogError("a history has usable lines", "none", "send at least one purchase before the as-of date")
    ids = np.empty(len(histories), dtype=object)
    ids[:] = [member for member, _ in histories]
    offsets = _offsets([len(days) for _, days in histories])
    day = np.array([date.toordinal() for date, _ in rows], np.int32) - np.int32(EPOCH)
    values = {name: np.array([found[name] for _, found in rows], np.int64) for name in rows[0][1]}
    ragged, names = {}, {}
    for name, own in (labels or {}).items():
        names[name], ragged[name] = _labels(own)
    made = assemble(ids, offsets, day, values, {*columns, *(("amount",) if has_amounts else ())}, ragged, names)
    return replace(made, time_zone=time_zone)


def _labels(own: Sequence[Sequence[tuple[dt.date, str, int, int]]]) -> tuple[npt.NDArray[Any], Ragged]:
    rows = [row for counts in own for row in counts]
    names = sorted({label for _, label, _, _ in rows})
    code = {label: position for position, label in enumerate(names)}
    columns = {
        "code": np.array([code[label] for _, label, _, _ in rows], np.int64),
        "lines": np.array([lines for _, _, lines, _ in rows], np.int64),
        "gross": np.array([gross for _, _, _, gross in rows], np.int64),
    }
    day = np.array([to_day(row[0]) for row in rows], np.int32)
    return np.array(names, object), Ragged(_offsets([len(counts) for counts in own]), day, columns)


def _offsets(lengths: Sequence[int]) -> npt.NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)


def _select(rows: Ragged, members: npt.NDArray[np.int64]) -> Ragged:
    length = np.diff(rows.offsets)[members]
    offsets = np.concatenate(([0], np.cumsum(length))).astype(np.int64)
    index = np.repeat(rows.offsets[members] - offsets[:-1], length) + np.arange(offsets[-1])
    return Ragged(offsets, rows.day[index], {name: column[index] for name, column in rows.values.items()})
