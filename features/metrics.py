"""What a tier policy can count: the metrics a tier qualifies on, as they are written in its YAML.

=================  ===================================================================================  ============
metric             counted from                                                                         threshold
=================  ===================================================================================  ============
spend              purchases, less returns where ``returns: net``                                       currency
profit             the same less what the goods cost                                                    currency
orders             orders                                                                               whole number
points_earned      points earned, less those taken back with returns where ``returns: net``             whole number
points_balance     points earned less used, taken back and expired                                      whole number
{events: [kind]}   events of these kinds                                                                whole number
{score: {...}}     100 x the weighted sum of contribution, frequency and loyalty, each from 0 to 1      0 to 100
=================  ===================================================================================  ============

A score's parts within the window: contribution = spend / full, frequency = orders / full, both cut to [0, 1];
loyalty = the repurchase rate (n - 1) / n over n purchase days, 0 without one. Each part is rounded to a ten-thousandth of
a point before they are added, so the score is a whole number of those and the same everywhere.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_serializer

from features.money import MAX_AMOUNT
from features.snapshot import MAX_DAYS

Name: TypeAlias = Literal["spend", "profit", "orders", "points_earned", "points_balance"]
MONEY: Final = ("spend", "profit")
"""Metrics in currency; a score has ten-thousandths as well, all others are whole numbers."""


class Strict(BaseModel):
    """A part of a policy: nothing unknown in it, nothing changed later, written back without what is not said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_serializer(mode="wrap")
    def _said(self, write: Any) -> dict[str, Any]:
        return {name: value for name, value in write(self).items() if value is not None}


class Events(Strict):
    """The number of events of some kinds."""

    events: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=100)], ...], Field(min_length=1, max_length=50)]


Weight: TypeAlias = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False, strict=True)]
Full: TypeAlias = Annotated[float, Field(ge=1e-4, lt=MAX_AMOUNT, allow_inf_nan=False, strict=True)]


class Scaled(Strict):
    """A part of a score that counts in full from ``full`` on."""

    weight: Weight
    full: Full


class Weighted(Strict):
    """A part of a score that is a share already."""

    weight: Weight


class Parts(Strict):
    """Weights of a score, which add up to 1."""

    contribution: Scaled | None = None
    frequency: Scaled | None = None
    loyalty: Weighted | None = None


class Score(Strict):
    """A weighted score from 0 to 100."""

    score: Parts


def _tag(value: Any) -> str:
    if isinstance(value, Score) or (isinstance(value, dict) and "score" in value):
        return "<score>"
    return "<events>" if isinstance(value, dict | Events) else "<name>"


Metric: TypeAlias = Annotated[
    Annotated[Name, Tag("<name>")] | Annotated[Events, Tag("<events>")] | Annotated[Score, Tag("<score>")],
    Discriminator(_tag),
]

_Days: TypeAlias = Annotated[int, Field(ge=1, le=MAX_DAYS, strict=True)]


class Points(Strict):
    """How points are earned and lost.

    ``per_unit``: points for a unit of currency, where the log has no points of its own; a day's points are rounded down.
    At most one expiry: days or months after the day on which they were earned, or at the end of the next calendar year.
    """

    per_unit: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False, strict=True)] | None = None
    expire_days: _Days | None = None
    expire_months: Annotated[int, Field(ge=1, le=1200, strict=True)] | None = None
    expire_end_of_next_year: Literal[True] | None = None

    @property
    def expiries(self) -> tuple[str, ...]:
        """Names of the expiries given."""
        return tuple(name for name in type(self).model_fields if name != "per_unit" and getattr(self, name) is not None)


def in_units(metric: Metric) -> bool:
    """Whether a metric is kept in ten-thousandths (money, scores) rather than as a whole number.

    >>> in_units("spend"), in_units("orders")
    (True, False)
    """
    return metric in MONEY or isinstance(metric, Score)
