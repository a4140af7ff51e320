"""What no single field of a request can know of its lines: ids once, days, and amounts just where the model has them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from features.daily import Line
from features.errors import CutoffError, InputError
from features.schema import NUMBERS
from serving.forecast.members import MemberId, member_key
from training.forecaster import Forecaster

_A_DAY: Final = dt.timedelta(days=1)
Sent = Sequence[tuple[MemberId, Sequence[Line]]]


def check_histories(histories: Sent, as_of: dt.date, forecaster: Forecaster) -> None:
    """Refuse histories that the model cannot answer for.

    Raises
    ------
    InputError
        an id comes twice, or lines are silent about what the model reads
    CutoffError
        a line does not lie before the as-of date
    """
    keys = [member_key(member) for member, _ in histories]
    if len(set(keys)) < len(keys):
        raise InputError("each member is sent once", "an id twice", "put all its lines into one history")
    for i, (_, lines) in enumerate(histories):
        for j, line in enumerate(lines):
            place = f"histories.{i}.transactions.{j}"
            if line.timestamp.date() >= as_of:
                raise CutoffError(
                    f"{place}: a line lies before the as-of date {as_of}",
                    "one on that date or later",
                    "send 'as_of' with the day after the last line, or leave the line out",
                )
            _check_amount(place, line, forecaster.settings.has_amounts)
        _check_read(f"histories.{i}", lines, forecaster.columns)


def check_new(lines: Sequence[Line], as_of: dt.date, forecaster: Forecaster, today: dt.date | None = None) -> None:
    """Refuse new lines that the store cannot add to a history.

    Parameters
    ----------
    today : in UTC; a day later it may be there already somewhere

    Raises
    ------
    InputError
        a line is silent about what the model reads
    CutoffError
        a line lies on a day that the nightly batch has told everything of, or on one that is still to come: a till whose
        clock is wrong would put its customer's forecast off to that day, and no later line could mend it
    """
    today = today or dt.datetime.now(dt.UTC).date()
    latest = max(today + _A_DAY, as_of + dt.timedelta(days=forecaster.settings.horizon_days))
    for i, line in enumerate(lines):
        place = f"lines.{i}"
        if line.timestamp.date() < as_of:
            raise CutoffError(
                f"{place}: a new line lies on {as_of} or later, since the batch has told all of the days before",
                "one on an earlier day",
                "put it into the log, and run 'tiercast score'",
            )
        if line.timestamp.date() > latest:
            raise CutoffError(
                f"{place}: a new line lies on {latest} at the latest, since later days are still to come",
                "one on a later day",
                "mend the clock that it was written by; nothing of the request was kept",
            )
        _check_amount(place, line, forecaster.settings.has_amounts)
        _check_read(place, [line], forecaster.columns)


def _check_amount(place: str, line: Line, has_amounts: bool) -> None:
    if (line.amount is None) == has_amounts:
        rule = "has an amount, since the model was trained on amounts" if has_amounts else "has no amount"
        got = "none" if has_amounts else "one, for a model trained on a log without amounts"
        raise InputError(f"{place}: a line {rule}", got, "send every line alike")


def _check_read(place: str, lines: Sequence[Line], columns: frozenset[str]) -> None:
    """Refuse lines that are silent about a number that the model or its policy reads: it would count as 0."""
    for name in NUMBERS:
        if name in columns and all(getattr(line, name) is None for line in lines):
            raise InputError(
                f"{place}: the lines say {name!r}, which the model reads",
                "none that does",
                f"send {name!r} with the lines, 0 where there is none",
            )
