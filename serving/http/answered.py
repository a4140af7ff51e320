"""Answers of the service: names, units and what each number means. The OpenAPI page shows them."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel, Field

from serving.desk.fields import MemberField


class ReasonAnswer(BaseModel):
    """Why: one feature's part."""

    feature: str = Field(examples=["recency_days"])
    value: float | None = Field(description="The feature's value in its unit; null by its null rule.")
    unit: str = Field(examples=["days"])
    contribution: float = Field(description="Log-odds added to the forecast; above 0 raises the risk.")
    sentence: str = Field(examples=["Last purchase 45 days ago: raises the risk of leaving."])


class Temperature(BaseModel):
    """The chance of buying again within the horizon, as a thermometer shows it."""

    value: float = Field(ge=0, le=100, description="100 x (1 - p_churn).")
    band: Literal["hot", "warm", "cool", "cold"]
    change: float | None = Field(description="Since a horizon earlier, by the same model; null where there was none then.")


class ExpectedSpend(BaseModel):
    """Spend in the horizon, gross or net of returns as the policy counts it; gross without one."""

    expected: float
    low: float = Field(description="1 in 10 spend less; 0 where leaving alone is likelier than that.")
    high: float = Field(description="1 in 10 spend more.")


class NextPurchase(BaseModel):
    """Days from as_of by which the next purchase has come with probability .1, .5 and .9; null where it never does."""

    low: float | None
    median: float | None
    high: float | None


class NearMiss(BaseModel):
    """A threshold that little is missing to."""

    tier: str
    kind: Literal["keep", "reach"]
    need: float = Field(description="In the policy's metric.")
    by: dt.date = Field(description="The last day on which it still counts.")
    sentence: str = Field(examples=["Needs 86.20 more by 2018-01-29 to keep Gold."])


class Forecast(BaseModel):
    """One member's forecast. Money is in the log's currency; null where the log has no amounts or no tier policy is used."""

    customer_id: MemberField
    as_of: dt.date = Field(description="What is said uses lines before this day, and nothing else.")
    horizon_days: int = Field(description="The forecast is about the days [as_of, as_of + horizon_days).")
    model_version: str
    p_churn: float = Field(ge=0, le=1, description="Probability of no purchase in the horizon.")
    temperature: Temperature
    log_odds: float = Field(description="log(p_churn / (1 - p_churn)).")
    expected_spend: ExpectedSpend | None
    expected_value: float | None = Field(
        description="Value expected over the horizons ahead that the model was trained to count, discounted."
    )
    value_at_risk: float | None = Field(description="p_churn x the value expected if the member buys in the horizon.")
    value_of: str | None = Field(description="What value is: 'margin' where costs or a margin are known, else 'spend'.")
    next_purchase_days: NextPurchase
    stage: str = Field(description="Rung of the ladder: first_purchase, repeat, loyal, advocate.")
    tier: str | None = Field(description="Tier held at as_of.")
    p_next_tier: dict[str, float] | None = Field(description="Probability of each tier at as_of + horizon_days; sums to 1.")
    needs: dict[str, float | None] | None = Field(
        description="What is still needed in the horizon for each tier at its end; null for a tier that no amount gives."
    )
    near_miss: list[NearMiss]
    reasons: list[ReasonAnswer]
    base: float | None = Field(None, description="Where the sum of contributions starts; only with contributions.")
    contributions: dict[str, float] | None = Field(
        None, description="Log-odds by feature, buying rhythm and season; only when asked for."
    )


class Forecasts(BaseModel):
    """Forecasts, in the order asked for."""

    forecasts: list[Forecast]
    unknown: list[MemberField] = Field(description="Ids that the store does not know.")
    silent: list[MemberField] = Field(description="Members without a purchase in the look-back: no forecast is made.")


class Posted(BaseModel):
    """What became of the lines, and the forecasts that follow from them."""

    stored: int = Field(description="Lines that are new, and are now on disk.")
    known: int = Field(description="Lines that had been stored before, by the same key with the same content.")
    unknown: list[MemberField] = Field(description="Members that the store does not know; their lines are not stored.")
    forecasts: list[Forecast] = Field(description="Of the members with lines, as of the day after each one's last line.")
    silent: list[MemberField] = Field(description="Members without a purchase in the look-back: no forecast is made.")


class Members(BaseModel):
    """A page of the desk's list."""

    members: list[Forecast]
    next: str | None = Field(description="Pass it as 'cursor' for the page after this one; null on the last.")


class Erased(BaseModel):
    """The receipt of an erasure; it does not say whose."""

    receipt: str
    erased_at: dt.datetime
    counts: dict[str, int] = Field(description="Rows erased, by table and file.")


class Fault(BaseModel):
    """What went wrong."""

    code: str = Field(examples=["unknown_member"])
    message: str = Field(description="The rule, what was got, and what to do.")
    details: list[dict[str, Any]] | None = Field(None, description="Each place in the request, and what is wrong there.")


class FaultAnswer(BaseModel):
    """The one shape of every error."""

    error: Fault
