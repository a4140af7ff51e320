"""The fixed bounds that a member's standing is told by: never quantiles, so that one member is scorable alone.

::

    standing:                          # in tiercast.yaml; each may be left out
      period_days: 91                  # a period: the programme's natural rhythm, a quarter by default
      periods: 4                       # periods looked back over; all of them are the window
      recency_days: [30, 91, 182, 364] # up to 30 days since the last purchase scores 5, beyond 364 scores 1
      orders_per_period: [0.5, 1, 2, 4]        # from 4 orders a period scores 5, under 0.5 scores 1
      spend_per_period: [60, 125, 250, 500]    # likewise, net spend in currency
      medium_from: 1                   # orders a period from which the frequency class is medium,
      high_from: 3                     # and high
      loyal_periods: 3                 # periods with a purchase, of all looked back over, that make a member loyal
      referrals: 1                     # referrals in the window that make a loyal member an advocate,
      satisfaction: 9                  # or a mean survey score from here on
      near_share: 0.1                  # a near miss lacks at most this share of a threshold,
      near_amount: 0                   # or this much of the policy's metric

Left out, ``loyal_periods`` is all but one, and ``recency_days`` follows the period: a third of it, it, two and four. No sum
of money is right for every currency, so ``spend_per_period`` then follows the tier policy: a half, one, two and four times
the pace of spend that reaches its second tier; without a policy on spend it is not available, and monetary is not scored.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Final, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from features.errors import ConfigError
from features.money import MAX_AMOUNT
from features.snapshot import MAX_DAYS

_Days = Annotated[int, Field(ge=0, le=MAX_DAYS, strict=True)]
_Rate = Annotated[float, Field(ge=0, lt=MAX_AMOUNT, allow_inf_nan=False)]
FourDays: TypeAlias = tuple[_Days, _Days, _Days, _Days]
FourRates: TypeAlias = tuple[_Rate, _Rate, _Rate, _Rate]
_PACES: Final = (0.5, 1.0, 2.0, 4.0)


class StandingBounds(BaseModel):
    """Validated bounds; see the module for what each means.

    >>> StandingBounds(period_days=30).recency
    (10, 30, 60, 120)
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    period_days: Annotated[int, Field(ge=1, le=3_650, strict=True)] = 91
    periods: Annotated[int, Field(ge=2, le=60, strict=True)] = 4
    recency_days: FourDays | None = None
    orders_per_period: FourRates = (0.5, 1.0, 2.0, 4.0)
    spend_per_period: FourRates | None = None
    medium_from: _Rate = 1.0
    high_from: _Rate = 3.0
    loyal_periods: Annotated[int, Field(ge=1, strict=True)] | None = None
    referrals: Annotated[int, Field(ge=1, strict=True)] = 1
    satisfaction: _Rate = 9.0
    near_share: Annotated[float, Field(ge=0, le=1)] = 0.1
    near_amount: _Rate = 0.0

    @model_validator(mode="after")
    def _ordered(self) -> StandingBounds:
        frequency = (self.medium_from, self.high_from)
        for name in ("recency_days", "orders_per_period", "spend_per_period"):
            if (four := getattr(self, name)) is not None and not _rising(four):
                raise ConfigError(f"standing.{name} rise from one to the next", str(list(four)), "sort them")
        if not _rising(frequency):
            raise ConfigError(
                "standing.high_from is above medium_from", f"{frequency[1]:g} and {frequency[0]:g}", "raise it"
            )
        if self.loyal > self.periods:
            got = f"{self.loyal} of {self.periods}"
            raise ConfigError("standing.loyal_periods is at most standing.periods", got, "lower it")
        return self

    @property
    def window_days(self) -> int:
        """Days looked back over: all periods."""
        return self.period_days * self.periods

    @property
    def loyal(self) -> int:
        """Periods with a purchase that make a member loyal."""
        return self.loyal_periods if self.loyal_periods is not None else self.periods - 1

    @property
    def recency(self) -> tuple[int, int, int, int]:
        """Days since the last purchase up to which the scores 5, 4, 3 and 2 are given."""
        period = self.period_days
        return self.recency_days or (period // 3, period, 2 * period, 4 * period)

    def spend(self, pace: float | None) -> tuple[float, float, float, float] | None:
        """Net spend a period from which the scores 2, 3, 4 and 5 are given; None where nothing tells.

        Parameters
        ----------
        pace : spend a day that reaches the policy's second tier, None without such a policy

        >>> StandingBounds().spend(pace=2.0)
        (91.0, 182.0, 364.0, 728.0)
        """
        if self.spend_per_period is not None or pace is None:
            return self.spend_per_period
        half, one, two, four = (factor * pace * self.period_days for factor in _PACES)
        return half, one, two, four


def _rising(values: tuple[float, ...]) -> bool:
    return all(low < high for low, high in pairwise(values))
