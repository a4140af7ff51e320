from __future__ import annotations

import datetime as dt

import pytest
import simulated
from by_example import row

from features.errors import ConfigError, UnusableLogError
from features.histories import Histories
from training.backtest import run_backtest
from training.origins import newest_cutoffs

DAY = dt.timedelta(days=1)


def weekly(days: int, members: int = 25) -> Histories:
    rows = [row(simulated.FIRST + day * DAY, 1, 10_000) for day in range(0, days, 7)]
    return simulated.histories({f"m{i:02d}": [*rows, row(simulated.FIRST + (days - 1) * DAY, 1, 1)] for i in range(members)})


def test_the_newest_closed_horizons_a_horizon_apart(small: Histories) -> None:
    found = newest_cutoffs(small, **simulated.SPANS)
    end = small.span[1]
    assert found == [end - back * simulated.HORIZON * DAY for back in (3, 2, 1)]
    assert newest_cutoffs(small, **simulated.SPANS, most=1) == found[-1:]
    origins = run_backtest(small, found, **simulated.SPANS)
    assert all(origin.labels is not None for origin in origins)


@pytest.mark.parametrize(
    ("days", "count"), [(62, 0), (66, 1), (28 + 28 + 91 + 20, 1), (2 * 28 + 28 + 91 + 7, 2), (3 * 28 + 28 + 91 + 7, 3)]
)
def test_older_ones_only_where_a_whole_look_back_lies_before_what_they_learn_from(days: int, count: int) -> None:
    histories = weekly(days)
    if not count:
        with pytest.raises(UnusableLogError, match="needs a closed horizon to score and one before it"):
            newest_cutoffs(histories, **simulated.SPANS)
        return
    found = newest_cutoffs(histories, **simulated.SPANS)
    assert len(found) == count
    assert run_backtest(histories, found[:1], **simulated.SPANS)[0].labels is not None


def test_too_few_members_teach_nothing() -> None:
    with pytest.raises(UnusableLogError, match="at least 20 members; got 19 members from 2020-01-01"):
        newest_cutoffs(weekly(300, 19), **simulated.SPANS)


def test_where_nobody_is_left_to_forecast() -> None:
    log = simulated.before(simulated.log(), simulated.FIRST + 200 * DAY)
    log["late"] = [row(simulated.FIRST, 1, 1), row(simulated.AS_OF, 0, 0, 1)]
    with pytest.raises(UnusableLogError, match="use a longer log"):
        newest_cutoffs(simulated.histories(log), horizon_days=28, lookback_days=60)


@pytest.mark.parametrize("spans", [{"horizon_days": 0, "lookback_days": 91}, {"horizon_days": 28, "lookback_days": -1}])
def test_a_span_out_of_range_is_refused(small: Histories, spans: dict[str, int]) -> None:
    with pytest.raises(ConfigError):
        newest_cutoffs(small, **spans)
