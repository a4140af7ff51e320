"""What the purchase process says of training rows, each by a process fitted on what was known at its cutoff."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from features.feature_table import FeatureTable
from features.histories import Histories
from features.operators import Floats
from features.snapshot import to_day
from training.process import Process, Purchases, process_at
from training.season import YearBefore, year_before


@dataclass(frozen=True, eq=False)
class Foreseen:
    """``now`` is the process as known at the training's date.

    (n_rows,) ``log_none`` and ``log_some``, logs of P(no purchase) and P(a purchase) in the horizon; ``expected_spend``
    given a purchase, in currency, None without amounts. ``year`` holds the levels of the year before.
    """

    now: Process
    log_none: Floats
    log_some: Floats
    expected_spend: Floats | None
    year: YearBefore


def foresee(table: FeatureTable, known: Histories, as_of: dt.date, lookback_days: int) -> Foreseen:
    """For the rows of a table of past cutoffs, from histories as known at ``as_of``."""
    days, of = table.panel.horizon_days, Purchases.of(table)
    log_none, log_some = np.empty(len(table)), np.empty(len(table))
    expected = np.empty(len(table)) if known.has_amounts else None
    cutoffs = np.unique(table.panel.cutoff)
    for cutoff in cutoffs.tolist():
        rows = np.flatnonzero(table.panel.cutoff == cutoff)
        process, own = process_at(known, cutoff), of.select(rows)
        log_none[rows], log_some[rows] = process.log_chances(own, days)
        if expected is not None:
            expected[rows] = process.expected_spend(own, days)
    end = to_day(as_of)
    year = year_before(known, end, int(cutoffs[-1]), horizon_days=days, lookback_days=lookback_days)
    return Foreseen(process_at(known, end), log_none, log_some, expected, year)
