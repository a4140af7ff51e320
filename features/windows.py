"""The time that a tier policy speaks of: windows in which a metric counts, and how long a tier stays valid."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from features.metrics import Strict
from features.snapshot import MAX_DAYS

MONTHS: Final = {"year": 12, "half_year": 6, "quarter": 3, "month": 1}
"""Calendar period → months."""
_MOST_MONTHS: Final = 1200


class Window(Strict):
    """Which days count on a morning T; exactly one of the forms.

    ``rolling_days`` n: [T - n days, T). ``rolling_months`` n: [T - n calendar months, T), the day clamped to the month's
    length. ``calendar``: the calendar period that holds day T - 1, years beginning at ``starts`` (month-day, January 1st
    unless said). ``membership: year``: since the last anniversary of joining on or before T - 1. ``tier: year``: since the
    last anniversary of the day from which the tier is held. ``lifetime``: everything.
    """

    rolling_days: Annotated[int, Field(ge=1, le=MAX_DAYS, strict=True)] | None = None
    rolling_months: Annotated[int, Field(ge=1, le=_MOST_MONTHS, strict=True)] | None = None
    calendar: Literal["year", "half_year", "quarter", "month"] | None = None
    starts: str | None = None
    membership: Literal["year"] | None = None
    tier: Literal["year"] | None = None
    lifetime: Literal[True] | None = None

    @model_validator(mode="before")
    @classmethod
    def _written_short(cls, content: Any) -> Any:
        return {"lifetime": True} if content == "lifetime" else content

    @property
    def forms(self) -> tuple[str, ...]:
        """Names of the forms given."""
        return tuple(name for name in type(self).model_fields if name != "starts" and getattr(self, name) is not None)

    @property
    def slides(self) -> bool:
        """Whether it has no periods: rolling or lifetime."""
        return self.forms[0] in ("rolling_days", "rolling_months", "lifetime")

    @property
    def start(self) -> tuple[int, int]:
        """Month and day on which calendar years begin.

        >>> Window(calendar="year", starts="04-01").start
        (4, 1)
        """
        return (1, 1) if self.starts is None else (int(self.starts[:2]), int(self.starts[3:]))


def is_month_day(text: str) -> bool:
    """Whether a text is a day of the year, as in 04-01.

    >>> is_month_day("02-29"), is_month_day("02-30"), is_month_day("4-1")
    (True, False, False)
    """
    if not re.fullmatch(r"[0-9]{2}-[0-9]{2}", text):
        return False
    month, day = int(text[:2]), int(text[3:])
    return 1 <= month <= 12 and 1 <= day <= (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


class Validity(Strict):
    """How long a tier granted on a morning T stays at least, counted from T - 1; exactly one of the forms."""

    days: Annotated[int, Field(ge=1, le=MAX_DAYS, strict=True)] | None = None
    months: Annotated[int, Field(ge=1, le=_MOST_MONTHS, strict=True)] | None = None
    until: Literal["end_of_period", "end_of_next_period"] | None = None

    @property
    def forms(self) -> tuple[str, ...]:
        """Names of the forms given."""
        return tuple(name for name in type(self).model_fields if getattr(self, name) is not None)
