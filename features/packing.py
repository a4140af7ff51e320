"""A member's history ↔ bytes that a store keeps, beside one text with what all members of the log share.

Features and the policy's word are the same to the bit before and after, and after more lines (features.extending). Kept is
what they read: days and values of purchases, returns and events, the day of joining, and of labels which days had which.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.errors import ArtifactError, ConfigError
from features.histories import Histories, Ragged
from features.narrowing import Column, Integers, Table, decoded, encoded, texts

FORMAT: Final = 1
_CODE: Final = "code"
_FAR: Final = np.iinfo(np.int32).max


def shared(histories: Histories) -> str:
    """What all members of a log share, as JSON: its columns, bounds and time zone, and the tables of a member's bytes.

    >>> from features.daily import Line, fold
    >>> from features.histories import from_rows
    >>> import datetime as dt
    >>> log = from_rows([("m", fold([Line(dt.datetime(2017, 1, 1, 9), 2.5)]))], has_amounts=True)
    >>> again = unpack([("m", pack(log, 0))], shared(log))
    >>> again.visits.day.tolist(), again.visits.values["gross"].tolist()
    ([17167], [25000])
    """
    return json.dumps(
        {
            "format": FORMAT,
            "columns": sorted(histories.columns),
            "first_day": histories.first_day,
            "end_day": histories.end_day,
            "time_zone": histories.time_zone,
            "visits": sorted(histories.visits.values),
            "returns": sorted(histories.returns.values),
            "events": {kind: sorted(rows.values) for kind, rows in sorted(histories.events.items())},
            "labels": sorted(histories.labels),
            "joined": histories.joined is not None,
        }
    )


def pack(histories: Histories, member: int) -> bytes:
    """The bytes of one member, by position."""
    return pack_all(histories.range(member, member + 1))[0]


def pack_all(histories: Histories) -> list[bytes]:
    """The bytes of each member, in order.

    Raises
    ------
    ConfigError
        the histories have labels, and do not know their texts
    """
    if not len(histories):
        return []
    everyone = np.arange(len(histories) + 1)
    rows = [histories.visits, histories.returns]
    rows += [own for _, own in sorted(histories.events.items())]
    labels = sorted(histories.labels.items())
    start = np.minimum.reduce([_first_days(own) for own in (*rows, *(own for _, own in labels))])
    start = np.where(start == _FAR, 0, start)
    tables: list[Table] = [(everyone, [start])]
    tables += [(own.offsets, [_steps(own, start), *(own.values[name] for name in sorted(own.values))]) for own in rows]
    for name, own in labels:
        if len(own.day) and name not in histories.label_names:
            raise ConfigError("labels are kept by their texts", "histories without texts", "make them with from_log")
        tables += _label_tables(own, histories.label_names.get(name, np.empty(0, object)), start)
    if histories.joined is not None:
        tables.append((everyone, [histories.joined.astype(np.int64)]))
    return encoded(tables)


def unpack(blobs: Sequence[tuple[Any, bytes]], shared: str) -> Histories:
    """Histories of some members, in the order given.

    A label's code is of one member alone: its texts stand once for each who has it.

    Parameters
    ----------
    blobs : (member, bytes) pairs
    shared : what ``shared`` said of the log

    Raises
    ------
    ArtifactError
        the bytes are damaged, or of another log or release
    """
    shape = _shape(shared)
    found = [decoded(body, shape.tables) for _, body in blobs]
    by_table = iter(zip(*found, strict=True)) if found else iter([()] * len(shape.tables))
    start = [int(first[0]) for (first,) in next(by_table)]
    visits, returns = (_rows(next(by_table), start, names) for names in (shape.visits, shape.returns))
    events = {kind: _rows(next(by_table), start, names) for kind, names in shape.events.items()}
    labels, label_names = {}, {}
    for name in shape.labels:
        labels[name] = _rows(next(by_table), start, (_CODE,))
        own = [texts(length, text) for (length,), (text,) in zip(next(by_table), next(by_table), strict=True)]
        if len(own) > 1:
            before = np.concatenate(([0], np.cumsum([len(of_member) for of_member in own])[:-1]))
            labels[name].values[_CODE] += np.repeat(before, np.diff(labels[name].offsets))
        label_names[name] = np.array([label for of_member in own for label in of_member], object)
    joined = np.array([day[0] for (day,) in next(by_table)], np.int32) if shape.joined else None
    members = np.empty(len(blobs), object)
    members[:] = [member for member, _ in blobs]
    return Histories(
        members,
        visits,
        returns,
        shape.columns,
        shape.first_day,
        shape.end_day,
        labels,
        events,
        joined,
        shape.time_zone,
        label_names,
    )


@dataclass(frozen=True)
class _Shape:
    """``shared``, read; ``tables`` says how many columns each table of a member's bytes has."""

    columns: frozenset[str]
    first_day: int
    end_day: int
    time_zone: str
    visits: tuple[str, ...]
    returns: tuple[str, ...]
    events: Mapping[str, tuple[str, ...]]
    labels: tuple[str, ...]
    joined: bool
    tables: tuple[int, ...]


@lru_cache(maxsize=8)
def _shape(shared: str) -> _Shape:
    try:
        said = json.loads(shared)
        if said["format"] != FORMAT:
            raise ValueError
        visits, returns, labels = (tuple(said[name]) for name in ("visits", "returns", "labels"))
        events = {kind: tuple(names) for kind, names in said["events"].items()}
        day_tables = (visits, returns, *events.values())
        tables = (
            1,
            *(1 + len(names) for names in day_tables),
            *((2, 1, 1) * len(labels)),
            *((1,) if said["joined"] else ()),
        )
        return _Shape(
            frozenset(said["columns"]),
            said["first_day"],
            said["end_day"],
            said["time_zone"],
            visits,
            returns,
            events,
            labels,
            said["joined"],
            tables,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactError(
            f"what a log's members share is stored in format {FORMAT}",
            "something else",
            "run 'tiercast score' with this release",
        ) from error


def _rows(of_members: Sequence[Sequence[Column]], start: Sequence[int], names: Sequence[str]) -> Ragged:
    """One table of all members, each of whose first day is counted from its own start."""
    if len(of_members) == 1 and not len(of_members[0][0]):
        return _no_rows(tuple(names))
    days = [columns[0].cumsum() + first for columns, first in zip(of_members, start, strict=True)]
    offsets = np.array([0, *accumulate(map(len, days))], np.int64)
    values = {name: _end_to_end([columns[i] for columns in of_members]) for i, name in enumerate(names, 1)}
    return Ragged(offsets, _end_to_end(days).astype(np.int32), values)


@lru_cache(maxsize=64)
def _no_rows(names: tuple[str, ...]) -> Ragged:
    """One member's table without rows; most are."""
    return Ragged(np.zeros(2, np.int64), np.empty(0, np.int32), dict.fromkeys(names, np.empty(0, np.int64)))


def _end_to_end(parts: Sequence[Column]) -> Column:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _first_days(rows: Ragged) -> Integers:
    """(n_members,) each member's first day, ``_FAR`` where there is none."""
    first = np.full(len(rows.offsets) - 1, _FAR, np.int64)
    there = rows.offsets[1:] > rows.offsets[:-1]
    first[there] = rows.day[rows.offsets[:-1][there]]
    return first


def _steps(rows: Ragged, start: Integers) -> Integers:
    """(n_rows,) days since the row before, of a member's first row since the member's start."""
    steps: Integers = np.asarray(np.diff(rows.day, prepend=np.int32(0)), np.int64)
    there = rows.offsets[1:] > rows.offsets[:-1]
    first = rows.offsets[:-1][there]
    steps[first] = rows.day[first] - start[there]
    return steps


def _label_tables(rows: Ragged, names: npt.NDArray[Any], start: Integers) -> list[Table]:
    """Days with the member's own code for a label; these labels' lengths in characters, by their codes; their text."""
    code, n = rows.values[_CODE], len(rows.offsets) - 1
    member = np.repeat(np.arange(n, dtype=np.int64), np.diff(rows.offsets))
    base = int(code.max(initial=0)) + 1
    distinct, position = np.unique(member * base + code, return_inverse=True)
    offsets = np.searchsorted(distinct, np.arange(n + 1) * base).astype(np.int64)
    used, of_used = np.unique(distinct % base, return_inverse=True)
    label = names[used]
    characters = np.array([len(text) for text in label], np.int64)[of_used]
    in_bytes = np.array([len(text.encode()) for text in label], np.int64)[of_used]
    ends = np.concatenate(([0], np.cumsum(in_bytes)))
    text = np.frombuffer("".join(label[of_used].tolist()).encode(), np.uint8)
    return [
        (rows.offsets, [_steps(rows, start), position - offsets[member]]),
        (offsets, [characters]),
        (ends[offsets], [text]),
    ]
