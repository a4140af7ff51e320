"""Requests of the service: names, units, limits and examples. The OpenAPI page shows them.

Lists are read up to their first wrong entry (``fail_fast``): to find what is wrong with each of two million lines takes a
minute and 3 GB.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from features.contacts import About, Event
from features.daily import Line
from features.events import SURVEY
from serving.desk.fields import (
    AmountField,
    DateField,
    KindField,
    LabelField,
    MemberField,
    ReasonsField,
    SizeField,
    TextField,
    TimeField,
)
from serving.desk.imagined import Imagined

MAX_IDS: Final = 1_000
MAX_HISTORIES: Final = 100
MAX_LINES: Final = 20_000
MAX_POSTED: Final = 1_000
MAX_IMAGINED: Final = 100
MAX_TRIALS: Final = 10
_LINE: Final[dict[str, Any]] = {"timestamp": "2017-12-02T10:00:00", "amount": 25.5, "order_id": "a"}


class _Strict(BaseModel):
    """Nothing is taken that is not described: a misspelt name would otherwise be passed over in silence."""

    model_config = ConfigDict(extra="forbid")


class TransactionLine(_Strict):
    """One line of a history."""

    timestamp: TimeField = Field(
        description="ISO 8601; with a zone it is read as the programme's clocks showed it.", examples=["2017-12-30T09:30:00"]
    )
    amount: AmountField | None = Field(
        None, description="Currency; 0 or more is a purchase, below 0 a return. Left out in a log without amounts."
    )
    order_id: TextField | None = Field(None, description="Lines that belong together.")
    cost: AmountField | None = Field(None, description="What the line cost the shop.")
    discount: AmountField | None = Field(None, description="What was taken off the price.")
    coupon: AmountField | None = Field(None, description="What of that was taken off by a coupon.")
    points: AmountField | None = Field(None, description="Points earned; below 0 redeemed or taken back.")
    quantity: AmountField | None = Field(None, description="Units bought.")
    product: LabelField | None = Field(None, description="What was bought.")
    category: LabelField | None = Field(None, description="The kind of product.")
    channel: LabelField | None = Field(None, description="Where the order came in.")
    store: LabelField | None = Field(None, description="Which shop.")

    def to_line(self, zone: dt.tzinfo) -> Line:
        """The line as the fold takes it, its time as the programme's clocks showed it."""
        said = {name: getattr(self, name) for name in _LINE_FIELDS}
        return Line(**{**said, "timestamp": shown(self.timestamp, zone)})


_LINE_FIELDS: Final = tuple(TransactionLine.model_fields)


class Scored(_Strict):
    """An event with a score."""

    timestamp: TimeField = Field(description="As of a transaction line.")
    kind: Literal["survey"] = Field(description="A survey that was answered.")
    score: AmountField = Field(description="What it was answered with.")

    def to_event(self, zone: dt.tzinfo) -> Event:
        """The event as the fold takes it."""
        return Event(shown(self.timestamp, zone), SURVEY, self.score)


class Unscored(_Strict):
    """An event of any other kind."""

    timestamp: TimeField = Field(description="As of a transaction line.")
    kind: KindField = Field(
        description="sent, opened, redeemed, referral, complaint, invitation, or a kind of your own.", examples=["redeemed"]
    )

    def to_event(self, zone: dt.tzinfo) -> Event:
        """The event as the fold takes it."""
        return Event(shown(self.timestamp, zone), self.kind, None)


def shown(time: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """A time as the clocks of a zone showed it; one without a zone as it is.

    >>> shown(dt.datetime(2017, 1, 1, 23, tzinfo=dt.UTC), dt.timezone(dt.timedelta(hours=8)))
    datetime.datetime(2017, 1, 2, 7, 0)
    """
    return time if time.tzinfo is None else time.astimezone(zone).replace(tzinfo=None)


EventLine: TypeAlias = Annotated[
    Annotated[Scored, Tag("=survey")] | Annotated[Unscored, Tag("=other")],
    Discriminator(lambda event: "=survey" if _said(event, "kind") == SURVEY else "=other"),
]


def _said(sent: Any, name: str) -> Any:
    return sent.get(name) if isinstance(sent, dict) else getattr(sent, name, None)


class History(_Strict):
    """One member with all its transaction lines, and what else the model may use."""

    customer_id: MemberField
    transactions: list[TransactionLine] = Field(min_length=1, max_length=MAX_LINES, fail_fast=True)
    events: list[EventLine] | None = Field(
        None,
        max_length=MAX_LINES,
        fail_fast=True,
        description="All the member's events, [] for none; needed where the model or the policy uses events.",
    )
    joined: DateField | None = Field(None, description="Date of joining; left out, it is that of the first line.")

    def about(self, zone: dt.tzinfo) -> About:
        """What is said beside transactions."""
        events = None if self.events is None else [event.to_event(zone) for event in self.events]
        return About(events, self.joined)


class _Answered(_Strict):
    reasons: ReasonsField = 3
    contributions: bool = Field(
        False, strict=True, description="Also give every feature's contribution; base + their sum = log_odds."
    )
    as_of: DateField | None = Field(
        None, description="Forecast from lines before this day. Left out: each member's stored forecast, or its day."
    )


class ByIds(_Answered):
    """Members that the store knows."""

    model_config = ConfigDict(json_schema_extra={"example": {"ids": [1, 25], "reasons": 3}})

    ids: list[MemberField] = Field(min_length=1, max_length=MAX_IDS, fail_fast=True)


class ByHistories(_Answered):
    """Members whose histories are sent, to be forecast now by the model that answers for the stored ones."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "as_of": "2018-01-02",
                "histories": [
                    {
                        "customer_id": "new-1",
                        "transactions": [_LINE, {"timestamp": "2017-12-16T17:20:00", "amount": 40.0, "order_id": "b"}],
                    }
                ],
            }
        }
    )

    histories: list[History] = Field(min_length=1, max_length=MAX_HISTORIES, fail_fast=True)


ForecastAsked: TypeAlias = Annotated[
    Annotated[ByIds, Tag("=ids")] | Annotated[ByHistories, Tag("=histories")],
    Discriminator(lambda asked: "=ids" if _said(asked, "histories") is None else "=histories"),
]


class Bought(_Strict):
    """An imagined purchase or return."""

    date: DateField = Field(examples=["2018-01-09"], description="A day on or after the member's as-of date.")
    kind: Literal["purchase", "return"] = "purchase"
    amount: SizeField = Field(description="Its size in currency, 0 or more.")
    cost: SizeField | None = Field(None, description="What it costs the shop; left out, the member's usual share.")
    points: SizeField | None = Field(None, description="Points that it earns, or takes back; likewise.")
    quantity: SizeField | None = Field(None, description="Units; likewise.")

    def to_imagined(self) -> Imagined:
        """As serving.desk.what_if takes it."""
        return Imagined(self.date, self.kind, self.amount, self.cost, self.points, self.quantity)


class Visited(_Strict):
    """An imagined visit."""

    date: DateField = Field(description="As of a purchase.")
    kind: Literal["visit"] = Field(description="A purchase of the member's usual basket, or in a log without amounts any.")

    def to_imagined(self) -> Imagined:
        """As serving.desk.what_if takes it."""
        return Imagined(self.date, "visit")


Trial: TypeAlias = Annotated[
    Annotated[Bought, Tag("=bought")] | Annotated[Visited, Tag("=visited")],
    Discriminator(lambda one: "=visited" if _said(one, "kind") == "visit" else "=bought"),
]


class WhatIf(_Strict):
    """What would become of a member if ...; and what it takes to keep or reach each tier."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "customer_id": 1,
                "trials": [
                    [{"date": "2018-01-09", "kind": "purchase", "amount": 120.0}],
                    [{"date": "2018-01-09", "kind": "visit"}],
                ],
            }
        }
    )

    customer_id: MemberField
    trials: list[Annotated[list[Trial], Field(min_length=1, max_length=MAX_IMAGINED, fail_fast=True)]] = Field(
        default_factory=list,
        max_length=MAX_TRIALS,
        fail_fast=True,
        description="Each is tried by itself; none gives what each tier takes.",
    )


class PostedLine(TransactionLine):
    """A new line of a member that the store knows."""

    key: Annotated[TextField, Field(description="Your own name for the line: sent again, it is not counted again.")]
    customer_id: MemberField


class Post(_Strict):
    """New lines, taken all or none."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"lines": [{"key": "till-3/8812/1", "customer_id": 1, **_LINE, "timestamp": "2018-01-02T10:00:00"}]}
        }
    )

    lines: list[PostedLine] = Field(min_length=1, max_length=MAX_POSTED, fail_fast=True)
    reasons: ReasonsField = 3
