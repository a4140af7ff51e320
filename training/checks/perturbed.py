"""A log as it was known at a cutoff, followed by a future that cannot be."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Final

import numpy as np

from features.histories import Histories, Ragged
from features.snapshot import to_day

_DAYS: Final = 3
_ABSURD: Final = 900_000_000_000_000
"""Ninety thousand million of any currency, in fixed-point units."""


def absurd_future(histories: Histories, cutoff: dt.date) -> Histories:
    """Rows on days before a cutoff as they are, and for every member rows on the days after it that nobody would believe.

    Purchases, returns, labels and events are all added to, so that whatever reads them too late says something else.

    >>> from features.histories import from_rows
    >>> log = from_rows([("m", [(dt.date(2020, 1, 1), {"orders": 1, "gross": 10, "returned": 0})])], has_amounts=True)
    >>> absurd_future(log, dt.date(2020, 1, 5)).visits.values["orders"].tolist()
    [1, 7, 8, 9]
    """
    known, day = histories.before(cutoff), to_day(cutoff)
    return replace(
        known,
        visits=_followed(known.visits, day),
        returns=_followed(known.returns, day),
        labels={name: _followed(rows, day) for name, rows in known.labels.items()},
        events={kind: _followed(rows, day) for kind, rows in known.events.items()},
        end_day=day + _DAYS,
    )


def _followed(rows: Ragged, day: int) -> Ragged:
    """Rows with ``_DAYS`` more for each member, from ``day`` on."""
    members = len(rows.offsets) - 1
    at = np.repeat(rows.offsets[1:], _DAYS)
    days = np.tile(np.arange(day, day + _DAYS), members).astype(rows.day.dtype)
    values = {
        name: np.insert(column, at, np.tile(_absurd(name), members).astype(column.dtype))
        for name, column in rows.values.items()
    }
    return Ragged(rows.offsets + _DAYS * np.arange(members + 1), np.insert(rows.day, at, days), values)


def _absurd(name: str) -> np.ndarray:
    """(n_days,) values of a column: labels stay in their range, counts and money go far out of it."""
    if name == "code":
        return np.zeros(_DAYS)
    return np.arange(7, 7 + _DAYS) if name in ("orders", "lines") else np.full(_DAYS, _ABSURD)
