"""What came of a campaign, from the transactions since: who came back, what they spent, and whether they kept their tier.

Outcomes are counted over [as_of, as_of + horizon). What members are compared by at the start was known before as_of:
what the plan's file says of them, and what the log says before that day.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.between import last_day, net_between, sum_between
from features.errors import CutoffError, SourceError, counted
from features.histories import Histories
from features.identity import locate
from features.membership import tiers_held
from features.money import to_currency
from features.operators import Floats
from features.policy import TierPolicy
from features.snapshot import to_day
from features.tiers import gives
from retention.effect.campaign import HELD, TREATED, Campaign
from retention.trial.table import TrialTable

RETURNED: Final = "returned"
SPEND: Final = "spend"
TIER_KEPT: Final = "tier_kept"
NO_TIER: Final = "none"


def trial_of(
    campaign: Campaign, histories: Histories, policy: TierPolicy | None = None, lookback_days: int = 91
) -> TrialTable:
    """The campaign with its outcomes: arms 'hold-out' and 'treated', drawn within tiers where the file says these.

    Parameters
    ----------
    histories : of the programme, up to the outcome's end at least
    policy : of tiers; without one, none are kept
    lookback_days : before as_of, over which members are compared at the start

    Raises
    ------
    CutoffError
        the log does not reach as far as the outcome does, or begins after the treatment
    SourceError
        nobody of the campaign is in the log

    Outcomes are ``returned`` (0 or 1), ``spend`` (currency, net of returns; where the log has amounts) and ``tier_kept`` (0
    or 1; where there is a policy). Covariates are what the file has of p_churn and expected_spend, and of the log before
    as_of ``recency_days``, ``visits_before`` and ``spend_before``.
    """
    _check_span(campaign, histories)
    position = positions(campaign, histories)
    there = position >= 0
    first, end = to_day(campaign.as_of), to_day(campaign.until)

    def of_members(values: npt.NDArray[Any], missing: float = 0.0) -> Floats:
        return np.where(there, values[position], missing).astype(np.float64)

    outcomes = {RETURNED: of_members(sum_between(histories.visits, None, first, end) > 0)}
    forecast = ("p_churn", "expected_spend")
    covariates: dict[str, Floats] = {name: own for name, own in campaign.numbers.items() if name in forecast}
    last = last_day(histories.visits, first)
    covariates["recency_days"] = of_members(np.where(last >= 0, first - last, np.nan), np.nan)
    covariates["visits_before"] = of_members(sum_between(histories.visits, None, first - lookback_days, first))
    if histories.has_amounts:
        outcomes[SPEND] = of_members(to_currency(net_between(histories, first, end)))
        covariates["spend_before"] = of_members(to_currency(net_between(histories, first - lookback_days, first)))
    if policy is not None and gives(histories, policy):
        held = [tiers_held(histories, policy, date) for date in (campaign.as_of, campaign.until)]
        outcomes[TIER_KEPT] = of_members((held[1] >= held[0]) & (held[0] >= 0))
    return TrialTable(
        members=campaign.members,
        arm=campaign.treated.astype(np.int64),
        arm_names=(HELD, TREATED),
        outcomes=outcomes,
        covariates={name: values for name, values in covariates.items() if not np.isnan(values).all()},
        **strata_of(campaign),
    )


def strata_of(campaign: Campaign) -> dict[str, Any]:
    """What a campaign was drawn within, as a trial has it: the tiers of its file."""
    if "tier" not in campaign.texts:
        return {}
    names, at = np.unique(np.where(campaign.texts["tier"] == "", NO_TIER, campaign.texts["tier"]), return_inverse=True)
    return {"strata": at.astype(np.int64), "strata_names": tuple(names.tolist())}


def adjusted_by(covariates: Any) -> dict[str, tuple[str, ...]]:
    """By outcome, the one covariate that tells most of it: the forecast of it, or what the log says where there is none."""

    def first(*names: str) -> tuple[str, ...]:
        return next(((name,) for name in names if name in covariates), ())

    return {
        RETURNED: first("p_churn", "recency_days"),
        SPEND: first("expected_spend", "spend_before"),
        TIER_KEPT: first("p_churn", "recency_days"),
    }


def _check_span(campaign: Campaign, histories: Histories) -> None:
    first, end = histories.span
    if end <= campaign.as_of:
        rule = "an outcome comes after the treatment"
        got = f"a log that ends before {end}, for a treatment of {campaign.as_of}"
        raise CutoffError(rule, got, f"add the transactions from {campaign.as_of} on")
    if end < campaign.until:
        got = f"a log that ends before {end}, of {(campaign.until - end).days} days fewer"
        fix = "wait for the rest, or pass a shorter --horizon-days"
        raise CutoffError(f"an outcome is counted over the whole horizon, to {campaign.until}", got, fix)
    if first >= campaign.as_of:
        got = f"a log that begins on {first}, for a treatment of {campaign.as_of}"
        raise CutoffError("members are compared by what was known before the treatment", got, "add the earlier transactions")


def positions(campaign: Campaign, histories: Histories) -> npt.NDArray[np.int64]:
    """(n,) each member's place in the histories, -1 for who has never bought."""
    import pyarrow as pa

    position = locate(histories.members, pa.array(campaign.members.tolist()))
    if (position < 0).all():
        got = f"none of {counted(len(campaign), 'member')}"
        raise SourceError("members of a campaign are in the log", got, "check that both files write ids alike")
    return position
