"""Dates of a trial's table: no outcome is measured before its treatment."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from features.errors import ConflictError, counted
from retention.tables import day_of, read_table
from retention.trial.cells import texts


def check_dates(path: Path, treated_on: str, measured_on: str) -> None:
    """Refuse a table in which an outcome begins before the member's treatment; rows without either date are passed over.

    Parameters
    ----------
    treated_on, measured_on : columns of dates, or of times in ISO 8601. Times are compared as times where both have one, and
        both or neither a zone; else their dates are

    Raises
    ------
    ConflictError
        outcomes are measured before the treatment
    CutoffError
        a cell is no date
    """
    columns = list(dict.fromkeys([treated_on, measured_on]))
    table = read_table(path, "a trial", wanted=columns, texts=columns)
    rows = zip(texts(table[treated_on]).tolist(), texts(table[measured_on]).tolist(), strict=True)
    before = [
        place
        for place, (treated, measured) in enumerate(rows, 1)
        if treated and measured and _before(measured, measured_on, treated, treated_on)
    ]
    if before:
        rule = "an outcome is measured from the treatment on, as what came before it cannot be its effect"
        shown = ", ".join(map(str, before[:5])) + (" …" if len(before) > 5 else "")
        got = f"{counted(len(before), 'outcome')} before it (rows {shown})"
        raise ConflictError(rule, got, "count outcomes from the treatment on", before)


def _before(one: str, column: str, other: str, other_column: str) -> bool:
    days = day_of(one, f"cell of {column!r}"), day_of(other, f"cell of {other_column!r}")
    times = _time(one), _time(other)
    if times[0] is not None and times[1] is not None and (times[0].tzinfo is None) == (times[1].tzinfo is None):
        return times[0] < times[1]
    return days[0] < days[1]


def _time(text: str) -> dt.datetime | None:
    """The time of a cell; None of a date alone, and of what is no time."""
    try:
        return dt.datetime.fromisoformat(text) if len(text) > len("2017-11-06") else None
    except ValueError:
        return None
