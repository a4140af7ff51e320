"""How a model was made, so that it can be made again at another date: what a bundle says of itself beside its trees."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from features.feature import Feature
from features.histories import Histories
from features.ledger import columns_counted
from features.operators import Floats
from features.policy import TierPolicy
from features.registry import columns_of
from training.artifact import Bundle
from training.fit import fit_forecaster
from training.labels import label
from training.learning import Learning
from training.metrics import class_log_losses, log_losses


@dataclass(frozen=True)
class Recipe:
    """Features, policy, horizon, look-back and how the trees learn; the same on the same log gives the same model."""

    features: tuple[Feature, ...]
    policy: TierPolicy | None
    horizon_days: int
    lookback_days: int
    has_amounts: bool
    time_zone: str
    learning: Learning = field(default_factory=Learning)

    @classmethod
    def of(cls, bundle: Bundle) -> Recipe:
        """The recipe of a model.

        Raises
        ------
        ConfigError
            it was written in a vocabulary that this release does not know
        """
        plain = bundle.plain
        return cls(
            features=tuple(Feature.from_dict(stored) for stored in plain["features"]),
            policy=TierPolicy.from_dict(plain["policy"]) if plain["policy"] else None,
            horizon_days=plain["horizon_days"],
            lookback_days=plain["lookback_days"],
            has_amounts=plain["has_amounts"],
            time_zone=plain["time_zone"],
            learning=Learning.from_dict(plain.get("learning") or {}),
        )

    @property
    def columns(self) -> frozenset[str]:
        """The optional columns of a log that the features and the policy read."""
        return columns_of(self.features) | (columns_counted(self.policy) if self.policy else frozenset())


@dataclass(frozen=True, eq=False)
class Losses:
    """What each member forecast at a cutoff cost: ``churn`` and, where tiers are forecast, ``next_tier``, as log loss."""

    cutoff: dt.date
    members: npt.NDArray[Any]
    churn: Floats
    next_tier: Floats | None

    @property
    def total(self) -> Floats:
        """(n_rows,) both added up."""
        return self.churn if self.next_tier is None else self.churn + self.next_tier


def refit_losses(histories: Histories, cutoff: dt.date, recipe: Recipe) -> Losses:
    """Fit a recipe on what was known at a cutoff, forecast, and compare with what the histories say came of it.

    Raises
    ------
    UnusableLogError
        too little was known then
    ConfigError, PolicyError
    """
    known = histories.before(cutoff)
    fitted = fit_forecaster(
        known,
        cutoff,
        horizon_days=recipe.horizon_days,
        lookback_days=recipe.lookback_days,
        policy=recipe.policy,
        features=recipe.features,
        learning=recipe.learning,
    )
    forecasts = fitted.forecaster.forecast(known, cutoff)
    then = label(forecasts.table, histories)
    tiers = None
    if forecasts.p_tier is not None and then.next_tier is not None:
        tiers = class_log_losses(then.next_tier, forecasts.p_tier)
    churn = log_losses(then.churned.astype(float), forecasts.p_churn)
    return Losses(cutoff, np.asarray(forecasts.table.panel.member), churn, tiers)
