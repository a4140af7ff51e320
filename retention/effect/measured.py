"""A campaign measured: its outcomes, what they say, what that is worth, and what could have been seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from features.histories import Histories
from features.policy import TierPolicy
from retention.effect.campaign import HELD, TREATED, Campaign
from retention.effect.design import compared
from retention.effect.findings import Findings, findings
from retention.effect.intended import Intended
from retention.effect.outcomes import adjusted_by, trial_of
from retention.effect.planning import planned
from retention.effect.refusal import no_hold_out, not_drawn
from retention.effect.worth import Worth, worth
from retention.trial.table import TrialTable

SLICES = ("tier", "temperature_band", "action")
_BANDS: Final = ("hot", "warm", "cool", "cold")


@dataclass(frozen=True)
class Measured:
    """``worth`` is None where nothing is concluded; ``planned`` are differences that were to be found, by outcome."""

    campaign: Campaign
    findings: Findings
    worth: Worth | None = None
    planned: dict[str, float] = field(default_factory=dict)


def measure(
    campaign: Campaign,
    histories: Histories,
    policy: TierPolicy | None = None,
    intended: Intended | None = None,
    *,
    lookback_days: int = 91,
    slices: Sequence[str] = SLICES,
) -> Measured:
    """What a campaign changed, with the forecast as covariate, by tier, temperature and action.

    Parameters
    ----------
    histories : up to the end of the outcome at least
    intended : shares that were to be held out, where the file does not say; without either the sample ratio is not checked
    slices : columns of the campaign's file to tell differences by

    Raises
    ------
    CutoffError, SourceError
        the log does not hold the outcome (retention.effect.outcomes)
    UnusableLogError
        one member is held out
    """
    treated = int(campaign.treated.sum())
    if campaign.treated.all():
        refused = no_hold_out(TREATED, treated)
        return Measured(campaign, Findings(HELD, {HELD: 0, TREATED: treated}, frozenset(), (), (refused,), ()))
    trial = trial_of(campaign, histories, policy, lookback_days)
    found = findings(
        trial,
        shares=_meant(campaign, trial, intended),
        slices={name: campaign.texts[name] for name in slices if name in campaign.texts},
        adjust=adjusted_by(trial.covariates),
        orders={"tier": policy.tier_names[::-1] if policy is not None else (), "temperature_band": _BANDS},
    )
    if not campaign.drawn and intended is None:
        found = replace(found, refused=(not_drawn(TREATED), *found.refused), found=())
    if found.refused:
        return Measured(campaign, found, planned=planned(campaign, histories))
    counted, _ = compared(trial.treated(), trial.strata)
    cost = float(campaign.numbers["cost"][campaign.treated & counted].sum()) if "cost" in campaign.numbers else np.nan
    own = worth(found, TREATED, cost, None if intended is None else intended.margin_share)
    return Measured(campaign, found, own, planned(campaign, histories))


def _meant(campaign: Campaign, trial: TrialTable, intended: Intended | None) -> dict[str, tuple[float, float]] | None:
    """Shares of hold-out and treated by stratum: the file's own, or the catalogue's."""
    held = campaign.numbers.get("hold_out_share")
    if held is None or np.isnan(held).any():
        return None if intended is None else intended.shares(trial.strata_names)
    strata = np.zeros(len(trial), np.int64) if trial.strata is None else trial.strata
    mean = np.bincount(strata, held) / np.bincount(strata)
    return {
        name: (float(share), 1.0 - float(share)) for name, share in zip(trial.strata_names or ("all",), mean, strict=True)
    }
