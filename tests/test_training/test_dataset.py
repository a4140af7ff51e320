from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
import simulated
from by_example import row

from features.errors import UnusableLogError
from features.histories import Histories
from training.dataset import MIN_MEMBERS, dataset


def test_every_label_window_is_closed_and_rows_agree(small: Histories) -> None:
    data = dataset(small, simulated.AS_OF, **simulated.SPANS, policy=simulated.NET)
    assert data.cutoffs == sorted(data.cutoffs)
    assert data.cutoffs[-1] + dt.timedelta(days=simulated.HORIZON) == simulated.AS_OF
    assert data.labels.next_tier is not None
    assert len(data.table) == len(data.labels.churned) == len(data.labels.next_tier)
    assert len(data.table) > len(np.unique(data.table.panel.member)) >= MIN_MEMBERS


def test_rows_from_the_date_on_are_not_in_it(small: Histories) -> None:
    data = dataset(small, simulated.AS_OF, **simulated.SPANS, policy=simulated.NET)
    last = data.table.panel.histories.visits.day.max()
    assert last < (simulated.AS_OF - dt.date(1970, 1, 1)).days <= small.visits.day.max()


def test_too_few_members_are_refused_and_just_enough_are_not() -> None:
    weekly = [row(simulated.FIRST + dt.timedelta(days=day), 1, 10_000) for day in range(0, 360, 7)]
    few = simulated.histories({f"m{i}": weekly for i in range(MIN_MEMBERS - 1)})
    with pytest.raises(UnusableLogError, match=f"at least {MIN_MEMBERS} members .*; got {MIN_MEMBERS - 1} with a purchase"):
        dataset(few, simulated.AS_OF, **simulated.SPANS, policy=None)
    enough = simulated.histories({f"m{i}": weekly for i in range(MIN_MEMBERS)})
    data = dataset(enough, simulated.AS_OF, **simulated.SPANS, policy=None)
    assert data.labels.next_tier is None
    assert len(np.unique(data.table.panel.member)) == MIN_MEMBERS


def test_a_large_log_is_learned_from_by_a_draw_that_newcomers_do_not_change(monkeypatch: pytest.MonkeyPatch) -> None:
    log = simulated.log()
    whole = dataset(simulated.histories(log), simulated.AS_OF, **simulated.SPANS, policy=None)
    monkeypatch.setattr("training.dataset.MOST_ROWS", len(whole.table) // 2)
    drawn = dataset(simulated.histories(log), simulated.AS_OF, **simulated.SPANS, policy=None)
    assert whole.share == 1.0
    assert 0.4 < len(drawn.table) / len(whole.table) < 0.6
    assert drawn.share == pytest.approx(0.5, abs=0.01)
    later = {**log, "0-newcomer": [row(simulated.AS_OF, 1, 10_000)]}
    again = dataset(simulated.histories(later), simulated.AS_OF, **simulated.SPANS, policy=None)
    assert again.table.members.tolist() == drawn.table.members.tolist()
