"""A training from end to end: measured on the newest closed horizon, then fitted on everything known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from features.errors import CutoffError, UnusableLogError
from features.feature import Feature
from features.histories import Histories
from features.policy import TierPolicy
from training.backtest import Origin, run_backtest
from training.fit import Fitted, fit_forecaster
from training.forecaster import Forecasts
from training.reach import check_reach
from training.scoreboard import Score, scores


@dataclass(frozen=True)
class Trained:
    """What a training yields.

    ``origin`` is the held-out horizon that ``scores`` were taken on, None where the log is too short for one;
    ``forecasts`` are the final model's for ``as_of``, explained.
    """

    fitted: Fitted
    as_of: dt.date
    origin: Origin | None
    scores: list[Score]
    forecasts: Forecasts
    span: tuple[dt.date, dt.date]


def run_training(
    histories: Histories,
    *,
    horizon_days: int,
    lookback_days: int,
    policy: TierPolicy | None = None,
    features: Sequence[Feature] | None = None,
    as_of: dt.date | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Train on all that is known at ``as_of`` (the day after the log's last by default).

    ``features`` are what to learn from; those registered as default that the log can give if None.

    The figures come from a second model that was trained a horizon earlier and never saw what it is measured on.

    Raises
    ------
    CutoffError, UnusableLogError, ConfigError, PolicyError
    """
    as_of = as_of or histories.span[1]
    check_reach(histories, as_of)
    known = histories.before(as_of)
    held_out = as_of - dt.timedelta(days=horizon_days)
    origin = None
    spans = {"horizon_days": horizon_days, "lookback_days": lookback_days}
    try:
        (origin,) = run_backtest(known, [held_out], **spans, policy=policy, features=features, say=say)
    except (CutoffError, UnusableLogError) as error:
        say(f"no held-out figures: {error}")
    fitted = fit_forecaster(known, as_of, **spans, policy=policy, features=features, say=say)
    forecasts = fitted.forecaster.forecast(known, as_of, explain=True)
    return Trained(fitted, as_of, origin, scores([origin]) if origin else [], forecasts, histories.span)
