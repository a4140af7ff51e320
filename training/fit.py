"""Fit a forecaster on what was known at a date, and keep what a report of the training needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from features.feature import Feature
from features.histories import Histories
from features.policy import TierPolicy
from training.artifact import Bundle, to_forecaster
from training.churn import FittedChurn, fit_churn
from training.dataset import Dataset, dataset
from training.forecaster import Forecaster, Settings, tables_read
from training.learning import DEFAULTS, Learning
from training.margin import fit_margin, spend_and_profit
from training.next_tier_fit import fit_next_tier
from training.spend_fit import FittedSpend, fit_spend
from training.worth import COUNTED, Worth


@dataclass(frozen=True)
class Fitted:
    """A forecaster, the bundle it is saved as, the data it was fitted on, and the parts before they were tabulated."""

    forecaster: Forecaster
    bundle: Bundle
    data: Dataset
    rounds: dict[str, int]
    churn: FittedChurn
    spend: FittedSpend | None


def fit_forecaster(
    histories: Histories,
    as_of: dt.date,
    *,
    horizon_days: int,
    lookback_days: int,
    policy: TierPolicy | None = None,
    features: Sequence[Feature] | None = None,
    learning: Learning = DEFAULTS,
    worth: Worth = COUNTED,
    say: Callable[[str], None] = lambda _: None,
) -> Fitted:
    """Train churn, spend and next tier on past cutoffs whose horizons are closed at ``as_of``.

    Parameters
    ----------
    histories : of a whole log; rows on days from ``as_of`` on are not looked at
    features : what to learn from; those registered as default that the log can give if None
    learning : how trees learn, and how many cutoffs are pooled
    worth : how value is counted: horizons ahead, discount, margin
    say : is told each step, for a progress display

    Raises
    ------
    UnusableLogError
        the log is too short or too small to learn from
    ConfigError, PolicyError
    """
    say("describing members at past cutoffs")
    data = dataset(
        histories,
        as_of,
        horizon_days=horizon_days,
        lookback_days=lookback_days,
        policy=policy,
        features=features,
        learning=learning,
    )
    return fit_on(data, as_of, has_amounts=histories.has_amounts, worth=worth, say=say)


def fit_on(
    data: Dataset,
    as_of: dt.date,
    *,
    has_amounts: bool,
    worth: Worth = COUNTED,
    say: Callable[[str], None] = lambda _: None,
) -> Fitted:
    """Train churn, spend and next tier on a dataset made for ``as_of``."""
    panel, policy = data.table.panel, data.table.policy
    if data.share < 1.0:
        say(f"learning from {data.share:.0%} of the members: more would take long and teach little")
    say(f"fitting churn on {len(data.table):,} rows of {len(data.cutoffs)} cutoffs")
    churn = fit_churn(data)
    rounds = {"churn": churn.trees.rounds}
    spend, margin = None, None
    if has_amounts:
        say("fitting spend in the horizon")
        spend = fit_spend(data)
        margin = fit_margin(*spend_and_profit(data.table), worth.margin_share)
        rounds |= {"spend_mean": spend.mean.rounds, "spend_scale": spend.log_scale.rounds}
    tiers = None
    if data.table.state is not None:
        say("fitting what the tier policy counts")
        tiers = fit_next_tier(data)
        if tiers.because:
            say(f"tiers held and needs are known, the next tier is not forecast: {tiers.because}")
    bundle = Bundle.of(
        Settings(
            panel.horizon_days,
            data.lookback_days,
            as_of,
            has_amounts,
            policy,
            panel.histories.time_zone,
            tables_read(panel.histories, policy, data.table.features),
            worth,
        ),
        data.table.features,
        data.foreseen.now,
        churn,
        spend,
        margin,
        tiers,
        data.learning,
    )
    return Fitted(to_forecaster(bundle), bundle, data, rounds, churn, spend)
