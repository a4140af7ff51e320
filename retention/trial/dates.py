"""Dates of a trial's table: no outcome is measured before its treatment."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Final

from features.errors import ConflictError, counted
from features.snapshot import parse_date
from retention.trial.cells import read_columns, texts

_DATE: Final = 10
"""Letters of 2017-11-06; a time may follow."""


def check_dates(path: Path, treated_on: str, measured_on: str) -> None:
    """Refuse a table in which an outcome begins before the member's treatment; rows without either date are passed over.

    Parameters
    ----------
    treated_on, measured_on : columns of dates, or of times in ISO 8601

    Raises
    ------
    ConflictError
        outcomes are measured before the treatment
    CutoffError
        a cell is no date
    """
    table = read_columns(path, [treated_on, measured_on], [treated_on, measured_on])
    rows = zip(texts(table[treated_on]).tolist(), texts(table[measured_on]).tolist(), strict=True)
    before = [
        place
        for place, (treated, measured) in enumerate(rows, 1)
        if treated and measured and _day(measured, measured_on) < _day(treated, treated_on)
    ]
    if before:
        rule = "an outcome is measured from the treatment on, as what came before it cannot be its effect"
        shown = ", ".join(map(str, before[:5])) + (" …" if len(before) > 5 else "")
        got = f"{counted(len(before), 'outcome')} before it (rows {shown})"
        raise ConflictError(rule, got, "count outcomes from the treatment on", before)


def _day(text: str, column: str) -> dt.date:
    return parse_date(text[:_DATE], column)
