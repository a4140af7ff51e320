"""Each training row by the process of its own cutoff: what came later tells nothing."""

from __future__ import annotations

import datetime as dt

import numpy as np
import simulated

from features.feature_table import FeatureTable, build
from features.histories import Histories
from features.snapshot import to_day
from training.foreseen import Foreseen, foresee
from training.process import Purchases, process_at

CUTOFFS = [simulated.AS_OF - dt.timedelta(days=ago) for ago in (140, 84, 28)]


def described(histories: Histories) -> FeatureTable:
    return build(histories, CUTOFFS, **simulated.SPANS, features=())


def seen(histories: Histories, as_of: dt.date) -> Foreseen:
    return foresee(described(histories), histories.before(as_of), as_of, simulated.LOOKBACK)


def test_each_row_by_the_process_of_its_cutoff(small: Histories) -> None:
    table, found = described(small), seen(small, simulated.AS_OF)
    assert found.expected_spend is not None
    for cutoff in CUTOFFS:
        rows = np.flatnonzero(table.panel.cutoff == to_day(cutoff))
        assert len(rows) > 50
        process, of = process_at(small.before(cutoff), to_day(cutoff)), Purchases.of(table).select(rows)
        log_none, log_some = process.log_chances(of, simulated.HORIZON)
        assert found.log_none[rows].tolist() == log_none.tolist()
        assert found.log_some[rows].tolist() == log_some.tolist()
        assert found.expected_spend[rows].tolist() == process.expected_spend(of, simulated.HORIZON).tolist()
    assert found.now == process_at(small, to_day(simulated.AS_OF))


def test_a_longer_future_changes_no_row(small: Histories) -> None:
    then, later = seen(small, CUTOFFS[-1]), seen(small, simulated.FIRST + dt.timedelta(days=simulated.DAYS))
    assert then.now != later.now
    assert then.log_none.tobytes() == later.log_none.tobytes()
    assert then.log_some.tobytes() == later.log_some.tobytes()
    assert then.expected_spend is not None
    assert later.expected_spend is not None
    assert then.expected_spend.tobytes() == later.expected_spend.tobytes()


def test_without_amounts(visits_only: Histories, small: Histories) -> None:
    found, same = seen(visits_only, simulated.AS_OF), seen(small, simulated.AS_OF)
    assert found.expected_spend is None
    assert found.log_none.tobytes() == same.log_none.tobytes()
    assert (found.year.churn, found.year.spend) == (None, None)
    assert found.year.why == same.year.why != ""
