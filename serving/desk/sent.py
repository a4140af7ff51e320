"""What is sent of a member: transaction lines, events, a whole history; with units, limits and examples.

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
from serving.desk.fields import AmountField, DateField, KindField, LabelField, MemberField, TextField, TimeField

MAX_LINES: Final = 20_000
LINE: Final[dict[str, Any]] = {"timestamp": "2017-12-02T10:00:00", "amount": 25.5, "order_id": "a"}
"""The example on the page."""


class Strict(BaseModel):
    """Nothing is taken that is not described: a misspelt name would otherwise be passed over in silence."""

    model_config = ConfigDict(extra="forbid")


class TransactionLine(Strict):
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


class Scored(Strict):
    """An event with a score."""

    timestamp: TimeField = Field(description="As of a transaction line.")
    kind: Literal["survey"] = Field(description="A survey that was answered.")
    score: AmountField = Field(description="What it was answered with.")

    def to_event(self, zone: dt.tzinfo) -> Event:
        """The event as the fold takes it."""
        return Event(shown(self.timestamp, zone), SURVEY, self.score)


class Unscored(Strict):
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
    Discriminator(lambda event: "=survey" if said(event, "kind") == SURVEY else "=other"),
]


def said(sent: Any, name: str) -> Any:
    """What is sent under a name; None where nothing is."""
    return sent.get(name) if isinstance(sent, dict) else getattr(sent, name, None)


class History(Strict):
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


class PostedLine(TransactionLine):
    """A new line of a member that the store knows."""

    key: Annotated[TextField, Field(description="Your own name for the line: sent again, it is not counted again.")]
    customer_id: MemberField
