"""What would have been said at past cutoffs, and how it turned out.

At each cutoff T a forecaster is trained on what was known at T, with label windows closed by T, and forecasts every member
with a purchase in the look-back. Where the log reaches T + horizon the outcome is known and the forecast is scored.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from features.feature import Feature
from features.histories import Histories
from features.money import UNITS
from features.operators import Floats
from features.policy import TierPolicy
from features.snapshot import to_date, to_day
from training.baselines import churn_baselines, spend_baselines, tier_baselines
from training.figures import LEVELS, SpendForecast
from training.fit import fit_forecaster
from training.forecasts import Forecasts
from training.labels import Labels, label
from training.learning import DEFAULTS, Learning
from training.process_baselines import Process
from training.reach import check_reach

if TYPE_CHECKING:
    import pandas as pd

OURS = "Tiercast"


@dataclass(frozen=True)
class Origin:
    """One cutoff: the forecast, the baselines' and, where the horizon is over, the outcome.

    ``churn`` and ``tiers`` hold each rule's probabilities by name, ours first; ``tiers`` is empty where tiers are not
    available, and ``spend``, each rule's forecast of money, where amounts are not.
    """

    cutoff: dt.date
    forecasts: Forecasts
    churn: dict[str, Floats]
    tiers: dict[str, Floats]
    labels: Labels | None
    spend: dict[str, SpendForecast] = field(default_factory=dict)

    @property
    def spend_came(self) -> Floats | None:
        """(n_rows,) spend in the horizon in currency, None where it is not known."""
        return None if self.labels is None or self.labels.spend is None else self.labels.spend / float(UNITS)

    def to_pandas(self) -> pd.DataFrame:
        """customer_id, cutoff, p_churn, p_tier_<name> ..., expected_spend; null where money is not available."""
        import pandas as pd

        policy = self.forecasts.table.policy
        columns = {"customer_id": self.forecasts.members, "cutoff": self.cutoff, "p_churn": self.forecasts.p_churn}
        for k, name in enumerate(policy.tier_names if policy else ()):
            p_tier = self.forecasts.p_tier
            columns[f"p_tier_{name}"] = np.nan if p_tier is None else p_tier[:, k]
        spend = self.forecasts.expected_spend
        columns["expected_spend"] = np.nan if spend is None else spend
        return pd.DataFrame(columns)


def run_backtest(
    histories: Histories,
    cutoffs: Sequence[dt.date],
    *,
    horizon_days: int,
    lookback_days: int,
    policy: TierPolicy | None = None,
    features: Sequence[Feature] | None = None,
    learning: Learning = DEFAULTS,
    say: Callable[[str], None] = lambda _: None,
) -> list[Origin]:
    """Forecast and score each cutoff, oldest first.

    Raises
    ------
    CutoffError
        a cutoff lies outside the log
    UnusableLogError
        too little was known at a cutoff to train on
    """
    for cutoff in cutoffs:
        check_reach(histories, cutoff)
    origins = []
    for cutoff in sorted(set(cutoffs)):
        known = histories.before(cutoff)
        fitted = fit_forecaster(
            known,
            cutoff,
            horizon_days=horizon_days,
            lookback_days=lookback_days,
            policy=policy,
            features=features,
            learning=learning,
            say=lambda step, at=cutoff: say(f"{at}: {step}"),  # type: ignore[misc]
        )
        forecasts = fitted.forecaster.forecast(known, cutoff)
        process = Process.fit(known, to_day(cutoff), forecasts.table)
        churn = {OURS: forecasts.p_churn, **churn_baselines(fitted.data, forecasts.table, process)}
        tiers: dict[str, Floats] = {}
        if forecasts.p_tier is not None:
            tiers = {OURS: forecasts.p_tier, **tier_baselines(fitted.data, forecasts.table, process)}
        spend: dict[str, SpendForecast] = {}
        if forecasts.expected_spend is not None:
            spend = {OURS: _own(forecasts), **spend_baselines(fitted.data, forecasts.table, process)}
        closed = cutoff + dt.timedelta(days=horizon_days) <= to_date(histories.end_day)
        labels = label(forecasts.table, histories) if closed else None
        origins.append(Origin(cutoff, forecasts, churn, tiers, labels, spend))
    return origins


def _own(forecasts: Forecasts) -> SpendForecast:
    assert forecasts.expected_spend is not None
    return SpendForecast(forecasts.expected_spend, forecasts.spend_quantiles(LEVELS), forecasts.p_churn)
