"""An action of the catalogue: what it is, what it costs, whom it may go to, and what it is expected to change.

What an action changes is a normal distribution by its ``mean`` and ``sd``, a prior until a campaign was measured:

=========  ===========  =============================================================================================
effect on  scale        the mean is added to
=========  ===========  =============================================================================================
return     points       the probability of returning in the horizon (0.05: five points), cut where it would pass 0 or 1
return     log_odds     its log-odds
spend      relative     what a member who returns spends in the horizon, as a share of it
spend      absolute     the same, in currency
spend      per_member   what a member spends in the horizon, returning or not, in currency: as an experiment measures it,
                        so that what comes of returning is in it and is not counted again
tier       points       the probability of holding the present tier or a higher one at the horizon's end
=========  ===========  =============================================================================================
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from features.feature import Phrase
from features.ladder import STAGES

STAGE_NAMES: Final = tuple(stage.en.replace(" ", "_") for stage in STAGES)
BAND_NAMES: Final = ("cold", "cool", "warm", "hot")
Text = Annotated[str, Field(min_length=1, max_length=300)]
Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^\w[\w. -]*$")]
"""Safe as a part of a file's name."""
Finite = Annotated[float, Field(allow_inf_nan=False, strict=True)]
AtLeastNone = Annotated[float, Field(ge=0, allow_inf_nan=False, strict=True)]
"""Strict: 'yes' is not 1, and a text is no number."""
Stage: TypeAlias = Literal["prospect", "first_purchase", "repeat", "loyal", "advocate"]
Band: TypeAlias = Literal["cold", "cool", "warm", "hot"]
Source: TypeAlias = Literal["prior", "measured"]


class Part(BaseModel):
    """A part of the catalogue: nothing that it does not define, and no change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Words(Part):
    """A text in English and Chinese."""

    en: Text
    zh: Text

    @property
    def phrase(self) -> Phrase:
        """The two as the rest of the project holds them."""
        return Phrase(self.en, self.zh)


class Change(Part):
    """An expected change by mean and standard deviation; where from, and if measured, in which campaign."""

    mean: Finite
    sd: AtLeastNone = 0.0
    source: Source = "prior"
    campaign: str | None = None


class OnReturn(Change):
    """On the probability of returning within the horizon."""

    scale: Literal["points", "log_odds"] = "points"

    @model_validator(mode="after")
    def _is_a_chance(self) -> OnReturn:
        _refuse_above(self, 1.0 if self.scale == "points" else 10.0)
        return self


class OnSpend(Change):
    """On spend within the horizon."""

    scale: Literal["relative", "absolute", "per_member"] = "relative"

    @model_validator(mode="after")
    def _is_a_share(self) -> OnSpend:
        if self.scale == "relative":
            _refuse_above(self, 1.0)
        return self


class OnTier(Change):
    """On the probability of holding the present tier or a higher one at the horizon's end, in points."""

    scale: Literal["points"] = "points"

    @model_validator(mode="after")
    def _is_a_chance(self) -> OnTier:
        _refuse_above(self, 1.0)
        return self


class Effect(Part):
    """What an action is expected to change."""

    on_return: OnReturn | None = Field(None, alias="return")
    spend: OnSpend | None = None
    tier: OnTier | None = None

    @property
    def parts(self) -> dict[str, Change]:
        """What is said, by the key under which the catalogue says it."""
        found = {"return": self.on_return, "spend": self.spend, "tier": self.tier}
        return {name: change for name, change in found.items() if change is not None}


class Cost(Part):
    """``fixed`` a member treated, ``per_return`` for each who returns, ``per_spend`` of what they then spend; summed.

    A plain number is the fixed cost.
    """

    fixed: AtLeastNone = 0.0
    per_return: AtLeastNone = 0.0
    per_spend: Annotated[float, Field(ge=0, le=1, strict=True)] = 0.0


class Between(Part):
    """``from`` and ``to``, both within; either may be left out."""

    low: Finite | None = Field(None, alias="from")
    high: Finite | None = Field(None, alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Between:
        if self.low is not None and self.high is not None and self.low > self.high:
            raise PydanticCustomError("order", "should have 'from' not above 'to'")
        return self


class Who(Part):
    """Whom an action may go to; what is not said does not matter.

    ``p_churn`` and ``value_at_risk`` lie between bounds; ``since_contact_days``: the last contact is at least so long ago.
    """

    tiers: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)] | None = None
    bands: Annotated[tuple[Band, ...], Field(min_length=1)] | None = None
    p_churn: Between = Between()
    value_at_risk: Between = Between()
    since_contact_days: Annotated[int, Field(ge=0, le=3660, strict=True)] = 0


def _cost(written: Any) -> Any:
    return {"fixed": written} if isinstance(written, int | float) and not isinstance(written, bool) else written


class Action(Part):
    """One entry of the catalogue. ``needs_contact``: it reaches the member as marketing, so consent is needed.

    >>> words = {"en": "Call", "zh": "电话"}
    >>> Action(id="call", name=words, channel="phone", cost=3, effect={"return": {"mean": 0.05}}).cost.fixed
    3.0
    """

    id: Name
    name: Words
    benefit: Words | None = None
    channel: Name
    cost: Annotated[Cost, BeforeValidator(_cost)]
    needs_contact: bool = True
    who: Who = Who()
    effect: Effect


def _refuse_above(change: Change, most: float) -> None:
    if abs(change.mean) > most:
        raise PydanticCustomError("effect", "should have a mean from -{most} to {most}", {"most": f"{most:g}"})
