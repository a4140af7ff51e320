"""What a campaign can be expected to see, before its outcome is known: from its arms and from what is known at its start."""

from __future__ import annotations

import numpy as np

from features.between import net_between
from features.histories import Histories
from features.money import to_currency
from features.operators import Floats
from features.snapshot import to_day
from retention.effect.campaign import Campaign
from retention.effect.outcomes import RETURNED, SPEND, positions, strata_of
from retention.effect.power import detectable, planned_error, variances


def planned(campaign: Campaign, histories: Histories) -> dict[str, float]:
    """By outcome, the least difference that is found four times out of five, without any adjusting; none without both arms.

    The variance of coming back is p(1 - p) at the tier's mean forecast, and is there where the file has p_churn; that of
    spend is what it was over as many days before as_of.

    Parameters
    ----------
    histories : known up to as_of; what comes after it is not looked at
    """
    strata = strata_of(campaign).get("strata", np.zeros(len(campaign), np.int64))
    variance: dict[str, Floats] = {}
    if "p_churn" in campaign.numbers and not np.isnan(campaign.numbers["p_churn"]).any():
        mean = np.bincount(strata, campaign.numbers["p_churn"]) / np.bincount(strata)
        variance[RETURNED] = mean * (1.0 - mean)
    if histories.has_amounts:
        first = to_day(campaign.as_of)
        position = positions(campaign, histories)
        spent = to_currency(net_between(histories, first - campaign.horizon_days, first))
        variance[SPEND] = variances(np.where(position >= 0, spent[position], 0.0), strata)
    errors = {name: planned_error(own, campaign.treated, strata) for name, own in variance.items()}
    return {name: detectable(error) for name, error in errors.items() if np.isfinite(error)}
