"""Dates of a trial's table: no outcome is measured before its treatment."""

from __future__ import annotations

from pathlib import Path

from features.errors import ConflictError, counted
from retention.tables import day_of, read_table
from retention.trial.cells import texts


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
    columns = list(dict.fromkeys([treated_on, measured_on]))
    table = read_table(path, "a trial", wanted=columns, texts=columns)
    rows = zip(texts(table[treated_on]).tolist(), texts(table[measured_on]).tolist(), strict=True)
    before = [
        place
        for place, (treated, measured) in enumerate(rows, 1)
        if treated and measured and day_of(measured, measured_on) < day_of(treated, treated_on)
    ]
    if before:
        rule = "an outcome is measured from the treatment on, as what came before it cannot be its effect"
        shown = ", ".join(map(str, before[:5])) + (" …" if len(before) > 5 else "")
        got = f"{counted(len(before), 'outcome')} before it (rows {shown})"
        raise ConflictError(rule, got, "count outcomes from the treatment on", before)
