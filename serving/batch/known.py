"""Histories as they are kept beside a forecast."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from features.histories import Histories
from features.snapshot import to_date


def as_known(histories: Histories, as_of: dt.date) -> Histories:
    """Histories as they are kept: transactions on days before ``as_of``, after which posted lines begin.

    Events and dates of joining stay as they are: the forecast of a later day, with posted lines, is to know them then.

    >>> from features.histories import from_rows
    >>> visit = {"orders": 1, "gross": 0, "returned": 0}
    >>> log = from_rows([("m", [(dt.date(2017, 1, day), visit) for day in (1, 8)])], has_amounts=True)
    >>> as_known(log, dt.date(2017, 1, 8)).span[1]
    datetime.date(2017, 1, 8)
    """
    if to_date(histories.end_day) <= as_of:
        return histories
    return replace(histories.before(as_of), events=histories.events, joined=histories.joined)
