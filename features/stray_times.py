"""A log's own end, after which times are typos: after it comes a gap longer than any before, and hardly a row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from features.engine import fetch

if TYPE_CHECKING:
    import ibis.expr.types as ir

_STRAY_SHARE: Final = 0.01
_STRAY_MIN_GAP_DAYS: Final = 90
_STRAY_FEW_ROWS: Final = 10


def log_end(row: ir.Table) -> dt.datetime | None:
    """The last usable time that is no typo; None where no row is usable.

    Times are strays when at most 1 % of the rows lie after a gap of more than 90 days and of more than three
    times the longest gap before it, leaving out gaps after fewer than 10 rows. Rows added later only ever move the
    end later, so what was usable at a cutoff stays so.
    """
    usable = row.filter(row.tc_reason.isnull())
    days = usable.group_by(day=usable.tc_time.date()).agg(rows=usable.count(), last=usable.tc_time.max()).order_by("day")
    table = fetch(days)
    if table.num_rows == 0:
        return None
    dates: list[dt.date] = table["day"].to_pylist()
    last: dt.datetime = table["last"][
        usual_days([date.toordinal() for date in dates], table["rows"].to_pylist()) - 1
    ].as_py()
    return last


def usual_days(days: Sequence[int], rows: Sequence[int]) -> int:
    """How many of a log's days, in order, come before the strays (see ``log_end``).

    Parameters
    ----------
    days : (n_days,) rising day numbers that have rows
    rows : (n_days,) rows on each

    >>> usual_days([0, 1, 2, 5000], [500, 500, 500, 1])
    3
    """
    total, seen, longest = sum(rows), 0, 0
    for i in range(1, len(days)):
        seen += rows[i - 1]
        gap = days[i] - days[i - 1]
        if gap > max(_STRAY_MIN_GAP_DAYS, 3 * longest) and total - seen <= _STRAY_SHARE * total:
            return i
        if seen >= _STRAY_FEW_ROWS:  # a gap after a few rows may be a typo's too, at the other end
            longest = max(longest, gap)
    return len(days)
