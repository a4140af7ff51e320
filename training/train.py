"""A training from end to end: measured on the newest closed horizon, then fitted on everything known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from features.errors import CutoffError, UnusableLogError
from features.feature import Feature
from features.histories import Histories
from features.policy import TierPolicy
from training.backtest import Origin, run_backtest
from training.fit import Fitted, fit_forecaster
from training.forecasts import Forecasts
from training.learning import DEFAULTS, Learning
from training.reach import check_reach
from training.scoreboard import Score, scores
from training.worth import COUNTED, Worth

HELD_OUT: Final = 2
"""Horizons that are held out by default: one says how good, two whether that holds."""


@dataclass(frozen=True)
class Trained:
    """What a training yields.

    ``origins`` are the held-out horizons that ``scores`` were taken on, oldest first, none where the log is too short for
    one; ``forecasts`` are the final model's for ``as_of``, explained.
    """

    fitted: Fitted
    as_of: dt.date
    origins: tuple[Origin, ...]
    scores: list[Score]
    forecasts: Forecasts
    span: tuple[dt.date, dt.date]

    @property
    def origin(self) -> Origin | None:
        """The newest of the held-out horizons."""
        return self.origins[-1] if self.origins else None


def run_training(
    histories: Histories,
    *,
    horizon_days: int,
    lookback_days: int,
    policy: TierPolicy | None = None,
    features: Sequence[Feature] | None = None,
    learning: Learning = DEFAULTS,
    worth: Worth = COUNTED,
    as_of: dt.date | None = None,
    held_out: int = HELD_OUT,
    say: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Train on all that is known at ``as_of`` (the day after the log's last by default).

    ``features`` are what to learn from; those registered as default that the log can give if None.

    The figures come from other models, each trained at the start of one of the newest ``held_out`` horizons, that never saw
    what they are measured on. A log too short for all of them is measured on fewer.

    Raises
    ------
    CutoffError, UnusableLogError, ConfigError, PolicyError
    """
    as_of = as_of or histories.span[1]
    check_reach(histories, as_of)
    known = histories.before(as_of)
    spans = {"horizon_days": horizon_days, "lookback_days": lookback_days}
    origins: list[Origin] = []
    for cutoff in newest_closed(as_of, horizon_days, held_out):
        try:
            origins += run_backtest(known, [cutoff], **spans, policy=policy, features=features, learning=learning, say=say)
        except (CutoffError, UnusableLogError) as error:
            say(f"no held-out figures at {cutoff}: {error}")
            break  # what is too short for this cutoff is too short for earlier ones
    origins.reverse()
    fitted = fit_forecaster(known, as_of, **spans, policy=policy, features=features, learning=learning, worth=worth, say=say)
    forecasts = fitted.forecaster.forecast(known, as_of, explain=True)
    return Trained(fitted, as_of, tuple(origins), scores(origins), forecasts, histories.span)


def newest_closed(end: dt.date, horizon_days: int, count: int) -> list[dt.date]:
    """The newest cutoffs whose horizons are over at ``end`` and do not overlap, newest first.

    >>> [str(cutoff) for cutoff in newest_closed(dt.date(2018, 1, 1), 28, 2)]
    ['2017-12-04', '2017-11-06']
    """
    return [end - dt.timedelta(days=horizon_days * k) for k in range(1, count + 1)]
