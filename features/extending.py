"""Histories and lines that came later: the same as histories of the longer log, to the bit in all that is read of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from features.daily import DailyRow, Line, fold, label_counts
from features.errors import ColumnError, CutoffError
from features.histories import Histories, Ragged, from_rows
from features.schema import LABELS
from features.snapshot import to_date

LabelCounts: TypeAlias = Mapping[str, Sequence[Sequence[tuple[dt.date, str, int, int]]]]


def extended(histories: Histories, lines: Sequence[Sequence[Line]]) -> Histories:
    """Histories with more lines of their members, an entry a member; what the log has no column for is left out of them.

    Parameters
    ----------
    lines : on days from ``end_day`` on, which no line of the log lies on; empty for whom there are none

    Raises
    ------
    CutoffError
        a line lies on an earlier day, of which the log has told everything
    ColumnError
        a line has no amount, and the log has amounts

    >>> import datetime as dt
    >>> nine = dt.datetime(2017, 1, 1, 9)
    >>> log = from_rows([("m", fold([Line(nine, 2.5)]))], has_amounts=True)
    >>> more = extended(log, [[Line(nine + dt.timedelta(days=7), 1.0)]])
    >>> more.visits.values["gross"].tolist(), more.span[1]
    ([25000, 10000], datetime.date(2017, 1, 9))
    """
    if not any(lines):
        return histories
    own = [[_of_log(line, histories) for line in of_member] for of_member in lines]
    counts = {name: [label_counts(of_member, name) for of_member in own] for name in LABELS if name in histories.labels}
    return laid_after(histories, [fold(of_member, histories.columns) for of_member in own], counts)


def laid_after(histories: Histories, rows: Sequence[Sequence[DailyRow]], counts: LabelCounts | None = None) -> Histories:
    """The same from lines that are folded already (features.daily), an entry a member.

    Parameters
    ----------
    rows : on days after all that are known of the member
    counts : by column, each member's label counts; without, the labels stay as they are
    """
    if not any(rows):
        return histories
    members = [(None, own) for own in rows]
    new = from_rows(members, histories.has_amounts, columns=histories.columns, labels=counts)
    labels, label_names = dict(histories.labels), dict(histories.label_names)
    for name in counts or ():
        labels[name], label_names[name] = _labels_after(histories, new, name)
    return replace(
        histories,
        visits=_after(histories.visits, new.visits),
        returns=_after(histories.returns, new.returns),
        labels=labels,
        label_names=label_names,
        first_day=min(histories.first_day, new.first_day),
        end_day=max(histories.end_day, new.end_day),
    )


def _of_log(line: Line, histories: Histories) -> Line:
    """A line as the log would have it."""
    end = to_date(histories.end_day)
    if line.timestamp.date() < end:
        raise CutoffError("lines are added on days that the log has not told of", f"one before {end}", "leave it out")
    if not histories.has_amounts:
        line = replace(line, amount=None)
    elif line.amount is None:
        raise ColumnError("each line has an amount where the log has amounts", "a line without", "add its amount")
    # Without ids in the log, lines at one time are one order, and the next batch counts them so.
    return line if "order_id" in histories.columns else replace(line, order_id=None)


def _after(rows: Ragged, new: Ragged) -> Ragged:
    """Each member's rows, and their new ones after them."""
    at = np.repeat(rows.offsets[1:], np.diff(new.offsets))
    values = {name: np.insert(column, at, new.values[name]) for name, column in rows.values.items()}
    return Ragged(rows.offsets + new.offsets, np.insert(rows.day, at, new.day), values)


def _labels_after(histories: Histories, new: Histories, label: str) -> tuple[Ragged, npt.NDArray[Any]]:
    """The same for days with labels: a text keeps the code that the member has for it, and gets one where it has none."""
    rows, names = histories.labels[label], histories.label_names[label]
    later, texts = new.labels[label], new.label_names[label]
    code = np.empty_like(later.values["code"])
    found: list[str] = []
    for member in np.flatnonzero(np.diff(later.offsets)).tolist():
        known = np.unique(rows.values["code"][rows.offsets[member] : rows.offsets[member + 1]])
        of_text = dict(zip(names[known].tolist(), known.tolist(), strict=True))
        for i in range(later.offsets[member], later.offsets[member + 1]):
            text = texts[later.values["code"][i]]
            if text not in of_text:
                of_text[text] = len(names) + len(found)
                found.append(text)
            code[i] = of_text[text]
    longer = _after(rows, replace(later, values={**later.values, "code": code}))
    return longer, np.concatenate((names, np.array(found, object)))
