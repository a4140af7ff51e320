"""What a campaign was worth: its difference over all who were treated, in members and in money, beside its cost."""

from __future__ import annotations

import math
from dataclasses import dataclass

from retention.effect.difference import Difference
from retention.effect.findings import ALL, Findings
from retention.effect.outcomes import RETURNED, SPEND


@dataclass(frozen=True)
class Range:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, difference: Difference, times: float) -> Range:
        """A difference a member, of so many members."""
        ends = sorted((difference.low * times, difference.high * times))
        return cls(difference.value * times, *ends)


@dataclass(frozen=True)
class Worth:
    """What came of treating ``treated`` members that would not have come otherwise; None where it is not known.

    Members of a tier that has nobody to compare them with are not among them, and neither is what they cost.

    Parameters
    ----------
    returned : members who came back
    spend : currency that they spent
    margin : what is left of it, where the share is known
    cost : of treating them
    """

    treated: int
    returned: Range | None
    spend: Range | None
    margin: Range | None
    cost: float | None

    @property
    def gain(self) -> Range | None:
        """The margin less the cost; None where either is not known."""
        if self.margin is None or self.cost is None:
            return None
        own = self.margin
        return Range(own.value - self.cost, own.low - self.cost, own.high - self.cost)


def worth(found: Findings, arm: str, cost: float | None = None, margin_share: float | None = None) -> Worth:
    """An arm's difference over all, times its members who could be compared.

    Parameters
    ----------
    cost : of treating these, currency
    margin_share : what is left of a unit of spend
    """
    treated = next((one.told.treated for one in found.found if one.arm == arm and one.by == ALL), found.sizes[arm])

    def over_all(outcome: str, times: float) -> Range | None:
        one = found.overall(outcome, arm)
        return None if one is None or not one.told.told else Range.of(one.told, times)

    return Worth(
        treated,
        over_all(RETURNED, treated),
        over_all(SPEND, treated),
        None if margin_share is None else over_all(SPEND, treated * margin_share),
        None if cost is None or math.isnan(cost) else cost,
    )
