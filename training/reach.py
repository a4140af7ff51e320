"""Whether a log says anything about a date."""

from __future__ import annotations

import datetime as dt
from typing import Final

from features.errors import CutoffError
from features.histories import Histories
from training.forecaster import Forecaster

STALE_DAYS: Final = 31


def check_reach(histories: Histories, as_of: dt.date) -> None:
    """Refuse a date on or before the log's first day, or so long after its last that silence means a missing file.

    Raises
    ------
    CutoffError

    >>> from features.histories import from_rows
    >>> visit = {"orders": 1, "gross": 0, "returned": 0}
    >>> log = from_rows([("m", [(date, visit) for date in (dt.date(2017, 1, 1), dt.date(2017, 6, 1))])], has_amounts=False)
    >>> check_reach(log, dt.date(2017, 6, 2))
    """
    first, end = histories.span
    if as_of <= first:
        raise CutoffError(
            "a cutoff lies after the log's first day", f"{as_of} in a log that begins on {first}", "choose a later cutoff"
        )
    if as_of > end + dt.timedelta(days=STALE_DAYS):
        last = end - dt.timedelta(days=1)
        raise CutoffError(
            f"a cutoff lies at most {STALE_DAYS} days after the log's last day",
            f"{as_of} in a log that ends on {last}",
            "choose an earlier cutoff, or add the rows that are missing",
        )


def check_learned(forecaster: Forecaster, as_of: dt.date) -> None:
    """Refuse a date before the one a model was trained for: it has seen what came after.

    Raises
    ------
    CutoffError
    """
    trained = forecaster.settings.trained_as_of
    if as_of < trained:
        raise CutoffError(
            "a model forecasts from the day it was trained for on",
            f"{as_of}, for a model of {trained}",
            "choose a later date; 'tiercast backtest' forecasts earlier ones with models of their own",
        )
