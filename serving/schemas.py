"""Requests and answers of the service: names, units, limits and examples. This is what the OpenAPI page shows."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, model_validator

from features.cells import EARLIEST
from features.contacts import About, Event
from features.daily import Line
from features.events import SURVEY
from features.money import MAX_AMOUNT

_INT64 = 2**63 - 1
_MAX_ID = 200
# JSON can escape half a character, as in '\ud800', which no store and no answer can hold.
_SURROGATE = re.compile("[\ud800-\udfff]")


def _member(value: Any) -> int | float | str:
    """One check in place of one for each kind, so that a wrong id is told once."""
    if isinstance(value, str) and value.strip() and len(value) <= _MAX_ID and not _SURROGATE.search(value):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _INT64:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise ValueError(f"a customer_id is a number, or a text that is not blank, of at most {_MAX_ID} characters")


def _amount(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < MAX_AMOUNT:
        return float(value)
    raise ValueError(f"an amount is a number such as 12.5, between -{MAX_AMOUNT:.0e} and {MAX_AMOUNT:.0e}")


def _order(value: Any) -> str:
    if (isinstance(value, str) and len(value) <= _MAX_ID) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(value)
    raise ValueError(f"an order_id is a text of at most {_MAX_ID} characters, or a whole number")


def _label(value: Any) -> str:
    if (isinstance(value, str) and len(value) <= _MAX_ID) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(value)
    raise ValueError(f"this is a text of at most {_MAX_ID} characters, or a whole number")


def _time(value: Any) -> dt.datetime:
    """ISO 8601 text as a time, with its zone where it has one."""
    if not isinstance(value, str):
        raise ValueError("a timestamp is ISO 8601 text, such as 2017-01-31T09:30:00")
    try:
        time = dt.datetime.fromisoformat(value.strip())
        # No zone could show a time at the ends of the calendar: this refuses those.
        plain = time if time.tzinfo is None else time.astimezone(dt.UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise ValueError("a timestamp is ISO 8601 text, such as 2017-01-31T09:30:00") from None
    if plain < EARLIEST:
        raise ValueError("a timestamp lies after 1980: an earlier one is an empty date in disguise")
    return time


def _date(value: Any) -> dt.date:
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError("a date is ISO 8601 text, such as 2017-01-31") from None


MemberField = Annotated[
    int | float | str,
    PlainValidator(_member, json_schema_input_type=int | float | str),
    Field(description="The member, as in the transaction log: a number or text."),
]


NumberField = Annotated[float, PlainValidator(_amount, json_schema_input_type=float)] | None
TextField = Annotated[str, PlainValidator(_label, json_schema_input_type=int | str)] | None


class Asked(BaseModel):
    """How answers are wanted."""

    model_config = ConfigDict(extra="forbid")

    language: Literal["en", "zh"] = Field("en", description="Language of the reasons.")
    reasons: int = Field(3, ge=0, le=20, strict=True, description="Most reasons for each member.")
    contributions: bool = Field(
        False,
        strict=True,
        description="Also give every feature's contribution; base + their sum = log_odds.",
    )


class LookUp(Asked):
    """Members whose stored forecasts are wanted."""

    model_config = ConfigDict(json_schema_extra={"example": {"customer_ids": [1, 25], "language": "en"}})

    customer_ids: list[MemberField] = Field(min_length=1)


class TransactionLine(BaseModel):
    """One line of a history."""

    model_config = ConfigDict(extra="forbid")

    timestamp: Annotated[dt.datetime, BeforeValidator(_time)] = Field(
        description="ISO 8601; with a zone it is read as the programme's clocks showed it.", examples=["2017-12-30T09:30:00"]
    )
    amount: Annotated[float, PlainValidator(_amount, json_schema_input_type=float)] | None = Field(
        None, description="Currency; 0 or more is a purchase, below 0 a return. Left out in a log without amounts."
    )
    order_id: Annotated[str, PlainValidator(_order, json_schema_input_type=int | str)] | None = Field(
        None, description="Lines that belong together."
    )

    cost: NumberField = Field(None, description="What the line cost the shop.")
    discount: NumberField = Field(None, description="What was taken off the price.")
    coupon: NumberField = Field(None, description="What of that was taken off by a coupon.")
    points: NumberField = Field(None, description="Points earned; below 0 redeemed or taken back.")
    quantity: NumberField = Field(None, description="Units bought.")
    product: TextField = Field(None, description="What was bought.")
    category: TextField = Field(None, description="The kind of product.")
    channel: TextField = Field(None, description="Where the order came in.")
    store: TextField = Field(None, description="Which shop.")

    def to_line(self, zone: dt.tzinfo) -> Line:
        """The line as the fold takes it, its time as the programme's clocks showed it."""
        return Line(**{**vars(self), "timestamp": _shown(self.timestamp, zone)})


class EventLine(BaseModel):
    """One event of a history."""

    model_config = ConfigDict(extra="forbid")

    timestamp: Annotated[dt.datetime, BeforeValidator(_time)] = Field(description="As of a transaction line.")
    kind: str = Field(
        min_length=1,
        max_length=_MAX_ID,
        description="sent, opened, redeemed, referral, survey, complaint, invitation, or a kind of your own.",
        examples=["redeemed"],
    )
    score: NumberField = Field(None, description="What a survey was answered with.")

    @model_validator(mode="after")
    def _scored(self) -> EventLine:
        if self.kind == SURVEY and self.score is None:
            raise ValueError("a survey has a score")
        return self

    def to_event(self, zone: dt.tzinfo) -> Event:
        """The event as the fold takes it."""
        return Event(_shown(self.timestamp, zone), self.kind, self.score)


def _shown(time: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """A time as the clocks of a zone showed it; one without a zone as it is."""
    return time if time.tzinfo is None else time.astimezone(zone).replace(tzinfo=None)


class History(BaseModel):
    """One member with all its transaction lines, and what else the model may use."""

    model_config = ConfigDict(extra="forbid")

    customer_id: MemberField
    transactions: list[TransactionLine] = Field(min_length=1)
    events: list[EventLine] | None = Field(
        None,
        description="All the member's events, [] for none; needed where the model or the policy uses events.",
    )
    joined: Annotated[dt.date, BeforeValidator(_date)] | None = Field(
        None, description="Date of joining; left out, it is that of the first line."
    )

    def about(self, zone: dt.tzinfo) -> About:
        """What is said beside transactions."""
        events = None if self.events is None else [event.to_event(zone) for event in self.events]
        return About(events, self.joined)


class Score(Asked):
    """Members whose histories are sent, to be forecast now."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "as_of": "2018-01-02",
                "histories": [
                    {
                        "customer_id": "new-1",
                        "transactions": [
                            {"timestamp": "2017-12-02T10:00:00", "amount": 25.5, "order_id": "a"},
                            {"timestamp": "2017-12-16T17:20:00", "amount": 40.0, "order_id": "b"},
                        ],
                    }
                ],
            }
        }
    )

    as_of: Annotated[dt.date, BeforeValidator(_date)] | None = Field(
        None, description="Forecast from lines before this day. Left out: the day of the stored forecasts."
    )
    histories: list[History] = Field(min_length=1)


class ReasonAnswer(BaseModel):
    """Why: one feature's part."""

    feature: str = Field(examples=["recency_days"])
    value: float | None = Field(description="The feature's value in its unit; null by its null rule.")
    contribution: float = Field(description="Log-odds added to the forecast; above 0 raises the risk.")
    sentence: str = Field(examples=["Last purchase 45 days ago: raises the risk of leaving."])


class NextPurchase(BaseModel):
    """Days from as_of by which the next purchase has come with probability .1, .5 and .9; null where it never does."""

    low: float | None
    median: float | None
    high: float | None


class Forecast(BaseModel):
    """One member's forecast. Money is in the log's currency; null where the log has no amounts or no tier policy is used."""

    customer_id: MemberField
    as_of: dt.date = Field(description="What is said uses lines before this day, and nothing else.")
    horizon_days: int = Field(description="The forecast is about the days [as_of, as_of + horizon_days).")
    model_version: str
    p_churn: float = Field(ge=0, le=1, description="Probability of no purchase in the horizon.")
    temperature: float = Field(ge=0, le=100, description="100 x the probability of buying again in the horizon.")
    log_odds: float = Field(description="log(p_churn / (1 - p_churn)).")
    expected_spend: float | None = Field(
        description="Expected spend in the horizon, gross or net of returns as the policy counts it; gross without one."
    )
    expected_value: float | None = Field(
        description="Value expected over the horizons ahead that the model was trained to count, discounted."
    )
    value_at_risk: float | None = Field(description="p_churn x the value expected if the member buys in the horizon.")
    value_of: str | None = Field(description="What value is: 'margin' where costs or a margin are known, else 'spend'.")
    next_purchase_days: NextPurchase
    tier: str | None = Field(description="Tier held at as_of.")
    p_next_tier: dict[str, float] | None = Field(description="Probability of each tier at as_of + horizon_days; sums to 1.")
    needs: dict[str, float | None] | None = Field(
        description="What is still needed in the horizon for each tier at its end; null for a tier that no amount gives."
    )
    reasons: list[ReasonAnswer]
    base: float | None = Field(None, description="Where the sum of contributions starts; only with contributions.")
    contributions: dict[str, float] | None = Field(
        None, description="Log-odds by feature, buying rhythm and season; only when asked for."
    )


class Found(BaseModel):
    """Stored forecasts, in the order asked for."""

    forecasts: list[Forecast]
    unknown: list[MemberField] = Field(description="Ids without a stored forecast.")


class Scored(BaseModel):
    """Forecasts of the histories sent."""

    forecasts: list[Forecast]
    silent: list[MemberField] = Field(description="Members without a purchase in the look-back: no forecast is made.")


class Fault(BaseModel):
    """What went wrong."""

    code: str = Field(examples=["unknown_member"])
    message: str = Field(description="The rule, what was got, and what to do.")
    details: list[dict[str, Any]] | None = Field(None, description="Each place in the request, and what is wrong there.")


class FaultAnswer(BaseModel):
    """The one shape of every error."""

    error: Fault
