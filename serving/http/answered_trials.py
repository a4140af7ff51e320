"""The answer to a what-if: what is rule and what is forecast, without what is imagined and with it."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from serving.desk.fields import MemberField
from serving.http.answered_pages import Event, Takes


class Rule(BaseModel):
    """The policy's word, exact; numbers in its metric."""

    tier: str
    by: dt.date
    tier_if_nothing_more: str
    counted: float
    carry: float = Field(description="What of it still counts at 'by'.")
    needs: dict[str, float | None]
    events: list[Event]
    if_nothing_more: list[Event]


class RuleChange(BaseModel):
    """What the imagined changes of it."""

    tier: dict[str, str] | None
    tier_if_nothing_more: dict[str, str] | None
    counted: float
    carry: float
    needs: dict[str, float | None]


class Chances(BaseModel):
    """The forecast."""

    p_churn: float
    temperature: float
    expected_spend: float | None
    value_at_risk: float | None
    p_next_tier: dict[str, float] | None
    p_at_least: dict[str, float] | None = Field(description="Probability of each tier or a higher one.")


class Because(BaseModel):
    """Why there is nothing to say."""

    because: str


class RuleBeside(BaseModel):
    """Without what is imagined, with it, and the difference."""

    model_config = ConfigDict(populate_by_name=True)

    without: Rule | Because
    with_: Rule | Because = Field(alias="with")
    change: RuleChange | None


class ChancesBeside(BaseModel):
    """Likewise."""

    model_config = ConfigDict(populate_by_name=True)

    without: Chances | Because
    with_: Chances | Because = Field(alias="with")
    change: Chances | None


class Now(BaseModel):
    """As things stand."""

    rule: Rule | Because
    forecast: Chances | Because


class Taken(BaseModel):
    """An imagined purchase, visit or return, with the amount that was taken for it."""

    date: dt.date
    kind: Literal["purchase", "visit", "return"]
    amount: float | None
    usual: bool = Field(description="Whether it is the member's usual basket.")


class Tried(BaseModel):
    """One trial, on the morning after its last imagined day: as if nothing had come until then, and with it."""

    as_of: dt.date
    imagined: list[Taken]
    rule: RuleBeside
    forecast: ChancesBeside
    summary: list[str]


class WhatIfAnswer(BaseModel):
    """What would become of a member; rule is exact, forecast is not."""

    customer_id: MemberField
    as_of: dt.date
    horizon_days: int
    model_version: str
    usual_basket: float | None
    usual_of_visits: int = Field(description="Visits that the usual basket is the median of.")
    now: Now
    what_ifs: list[Tried]
    what_it_takes: list[Takes]
