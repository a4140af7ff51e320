"""The larger answers: a member's page, and what the service says of its model."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, Field

from serving.desk.fields import MemberField
from serving.forecast.temperature import BandName
from serving.http.answered import Forecast


class Event(BaseModel):
    """A morning on which the tier policy decided something."""

    date: dt.date
    tier: str = Field(description="The tier held from then on; of a warning, the one that is threatened.")
    kind: str
    reason: str = Field(examples=["1,204.50 in the 91 days before, 790.68 needed"])


class Takes(BaseModel):
    """What keeps or reaches a tier. What is null has its reason in ``because``, by name."""

    tier: str
    kind: Literal["keep", "reach"]
    by: dt.date = Field(description="The morning on which it is to be held.")
    metric: str | None = Field(description="What the policy counts.")
    need: float | None = Field(description="The least of it that gives the tier if booked on any one day up to last_day.")
    visits: int | None = Field(description="The least number of visits that does, each with the usual basket.")
    usual_basket: float | None = Field(description="Median spend of the member's own visits.")
    last_day: dt.date | None
    lost_on: dt.date | None = Field(None, description="Of the tier held: the first morning without it if nothing comes.")
    keep_by: dt.date | None = Field(None, description="The last day on which the need keeps it without a break.")
    p_unaided: float | None = Field(
        description="Probability that it or a higher one is held then with nothing done about it."
    )
    because: dict[str, str]


class Outlook(BaseModel):
    """What a tier takes by a date."""

    tier: str
    kind: Literal["keep", "reach"]
    need: float | None
    last_day: dt.date | None
    undefined: str | None
    near_miss: str | None


class TierOf(BaseModel):
    """The tier held, how it came about, and what becomes of it."""

    name: str
    history: list[Event]
    by: dt.date
    whole_numbers: bool = Field(description="Whether what the policy counts has no hundredths.")
    if_nothing_comes: list[Event]
    outlook: list[Outlook]


class LedgerDay(BaseModel):
    """A day with lines."""

    date: dt.date
    orders: int
    spend: float | None
    returned: float | None


class Ledger(BaseModel):
    """What there is of a member in the log."""

    orders: int
    shopping_days: int
    spend: float | None
    returned: float | None
    first: dt.date | None
    last: dt.date | None
    last_days: list[LedgerDay]


class Rfm(BaseModel):
    """Recency, frequency and monetary, each with its score of 1 to 5 against fixed bounds."""

    recency_days: float | None
    frequency: int
    monetary: float | None
    recency_score: int | None
    frequency_score: int | None
    monetary_score: int | None


class Contribution(BaseModel):
    """What a member brings, in currency."""

    sales: float | None
    profit: float | None
    marginal: float | None
    returned_share: float | None


class Loyalty(BaseModel):
    """How a member keeps to the shop."""

    periods: int
    repurchase_rate: float | None
    referrals: int | None
    referral_rate: float | None
    satisfaction: float | None


class StandingOf(BaseModel):
    """Who the member is to the programme, by fixed rules."""

    window_days: int
    period_days: int
    periods: int
    stage: str
    advocates: bool = Field(description="Whether anybody could be an advocate: there is an event log.")
    highest_stage: bool
    frequency_class: str | None
    rfm: Rfm
    contribution: Contribution
    loyalty: Loyalty


class Member(BaseModel):
    """All there is to say of a member."""

    customer_id: MemberField
    as_of: dt.date
    model_version: str
    joined: dt.date | None
    consent: bool | None = Field(description="To marketing; null where the store does not know.")
    summary: list[str] = Field(description="Sentences for whoever speaks with the member.")
    ledger: Ledger
    tier: TierOf | None
    standing: StandingOf
    forecast: Forecast | None
    no_forecast: str | None = Field(description="Why there is none.")
    what_it_takes: list[Takes]


class Reads(BaseModel):
    """What a model reads beside who and when."""

    columns: list[str]
    tables: list[str]


class PolicyOf(BaseModel):
    """The tier policy in force."""

    programme: str
    version: str | int | None
    tiers: list[str]


class TrainingData(BaseModel):
    """What a model learned from; the end is the day after the last."""

    data_first_day: dt.date | None
    data_end_day: dt.date | None
    members: int | None
    training_rows: int | None


class FigureOf(BaseModel):
    """A figure on days held out, with its 95 % interval."""

    value: float
    low: float | None
    high: float | None


class GenerationOf(BaseModel):
    """The batch that is served."""

    id: int
    members: int
    filled_at: dt.datetime
    temperatures: dict[BandName, int] = Field(description="Members by band, as they were when the batch was taken up.")


class Wanted(BaseModel):
    """What the registry names, and whether it is still waited for."""

    wanted: str | None
    waiting: bool


class Model(BaseModel):
    """What answers."""

    version: str
    run_id: str | None
    registered_as: str | None
    trained_as_of: dt.date
    as_of: dt.date
    horizon_days: int
    lookback_days: int
    time_zone: str
    has_amounts: bool
    value_of: str | None
    features: int
    reads: Reads
    policy: PolicyOf | None
    forecasts_next_tier: bool
    training_data: TrainingData
    held_out_cutoffs: list[dt.date]
    figures: dict[str, FigureOf] | None
    failed_checks: list[str] | None
    generation: GenerationOf
    champion: Wanted
