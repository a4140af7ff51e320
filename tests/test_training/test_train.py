from __future__ import annotations

import datetime as dt

import pytest
import simulated

from features.errors import CutoffError, UnusableLogError
from features.histories import Histories
from training.backtest import run_backtest
from training.fit import fit_forecaster
from training.scoreboard import scores
from training.train import Trained, run_training


def test_figures_come_from_a_horizon_earlier(small: Histories, small_trained: Trained) -> None:
    held_out = simulated.AS_OF - dt.timedelta(days=simulated.HORIZON)
    earlier = held_out - dt.timedelta(days=simulated.HORIZON)
    known = small.before(simulated.AS_OF)
    origins = run_backtest(known, [earlier, held_out], **simulated.SPANS, policy=simulated.NET)
    assert [origin.cutoff for origin in small_trained.origins] == [earlier, held_out]
    assert small_trained.origin is small_trained.origins[-1]
    assert all(origin.labels is not None for origin in small_trained.origins)
    assert list(map(str, small_trained.scores)) == list(map(str, scores(origins)))  # as text: NaN is not NaN
    assert {score.cutoff for score in small_trained.scores} == {str(earlier), str(held_out), "all"}


def test_the_model_is_of_all_that_is_known(small: Histories, small_trained: Trained) -> None:
    fitted = fit_forecaster(small, simulated.AS_OF, **simulated.SPANS, policy=simulated.NET)
    assert small_trained.fitted.bundle == fitted.bundle
    assert small_trained.forecasts.as_of == small_trained.as_of == simulated.AS_OF
    assert small_trained.forecasts.contributions is not None


def test_by_default_as_of_the_day_after_the_last(small: Histories) -> None:
    trained = run_training(small, **simulated.SPANS)
    assert trained.as_of == small.span[1]
    assert len(trained.origins) == 2


def test_later_rows_change_nothing(small: Histories, small_trained: Trained) -> None:
    cut = run_training(small.before(simulated.AS_OF), **simulated.SPANS, policy=simulated.NET, as_of=simulated.AS_OF)
    assert cut.fitted.bundle == small_trained.fitted.bundle
    assert cut.scores == small_trained.scores


def test_too_short_for_figures_it_says_so_and_trains(small: Histories) -> None:
    said: list[str] = []
    as_of = simulated.FIRST + dt.timedelta(days=50)
    trained = run_training(small, **simulated.SPANS, as_of=as_of, say=said.append)
    assert (trained.origin, trained.scores) == (None, [])
    assert [step for step in said if step.startswith("no held-out figures at 2020-01-23: training needs a")]
    assert len(trained.forecasts.members) > 0


def test_a_log_long_enough_for_one_origin_has_one(small: Histories) -> None:
    said: list[str] = []
    as_of = simulated.FIRST + dt.timedelta(days=70)
    trained = run_training(small, **simulated.SPANS, as_of=as_of, say=said.append)
    assert [origin.cutoff for origin in trained.origins] == [dt.date(2020, 2, 12)]
    assert [step for step in said if step.startswith("no held-out figures at 2020-01-15")]


def test_none_are_held_out_on_request(small: Histories, small_trained: Trained) -> None:
    trained = run_training(small, **simulated.SPANS, policy=simulated.NET, as_of=simulated.AS_OF, held_out=0)
    assert (trained.origins, trained.scores) == ((), [])
    assert trained.fitted.bundle == small_trained.fitted.bundle


@pytest.mark.parametrize("days", [1, 10, 28, 29])
def test_a_log_shorter_than_the_horizon_is_refused_as_such(small: Histories, days: int) -> None:
    with pytest.raises(UnusableLogError, match="closed horizon after at least two days"):
        run_training(small, **simulated.SPANS, as_of=simulated.FIRST + dt.timedelta(days=days))


def test_a_date_out_of_reach_is_refused(small: Histories) -> None:
    for as_of in (simulated.FIRST, simulated.FIRST + dt.timedelta(days=1_000)):
        with pytest.raises(CutoffError, match=str(as_of)):
            run_training(small, **simulated.SPANS, as_of=as_of)
