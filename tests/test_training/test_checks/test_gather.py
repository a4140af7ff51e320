from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import simulated

import features
from features.daily import DailyRow
from features.histories import Histories
from training.backtest import OURS
from training.checks import Evidence, gather
from training.checks.gather import answers, longest_window, rows
from training.train import Trained


def test_what_is_gathered_is_what_there_is(sound: Evidence, small_trained: Trained, small: Histories) -> None:
    data, forecasts = small_trained.fitted.data, small_trained.forecasts
    assert (sound.as_of, sound.horizon_days, sound.lookback_days) == (simulated.AS_OF, 28, 91)
    assert sound.histories is small
    assert sound.training is not None
    assert sound.training.x is data.table.x
    assert np.array_equal(sound.training.churned, data.labels.churned)
    assert sound.scoring is not None
    assert sound.scoring.names == forecasts.table.names
    assert [outcome.ours for outcome in sound.outcomes] == [OURS, OURS]
    assert sound.outcomes[0].cutoff < sound.outcomes[1].cutoff
    (log_odds,) = sound.explained
    assert log_odds.total is forecasts.log_odds
    assert sound.log is None


def test_cutoffs_without_an_outcome_are_left_out(small: Histories, small_trained: Trained) -> None:
    assert small_trained.origin is not None
    open_ = replace(small_trained.origin, labels=None)
    assert gather(small, small_trained.fitted, small_trained.forecasts, [open_]).outcomes == ()


def test_forecasts_without_reasons_are_not_explained(small: Histories, small_trained: Trained) -> None:
    forecasts = small_trained.fitted.forecaster.forecast(small, simulated.AS_OF)
    assert gather(small, small_trained.fitted, forecasts).explained == ()


def test_what_is_said_again_is_what_is_served(sound: Evidence, small_trained: Trained, small: Histories) -> None:
    assert sound.forecast is not None
    assert sound.describe is not None
    again = sound.forecast(small.before(simulated.AS_OF), simulated.AS_OF)
    assert np.array_equal(again["p_churn"], small_trained.forecasts.p_churn)
    assert np.array_equal(sound.describe(small, simulated.AS_OF), small_trained.forecasts.table.x, equal_nan=True)
    assert set(again) == {"features", "p_churn", "expected_spend", "p_tier"}


def test_tiers_that_spend_alone_moves_take_a_purchase(small_trained: Trained) -> None:
    found, state = answers(small_trained.forecasts), small_trained.forecasts.table.state
    assert state is not None
    assert found.need_purchase is not None
    assert np.array_equal(found.need_purchase, state.need > 0)
    assert found.keeps_secured is False


@pytest.mark.parametrize(
    ("changes", "kept", "known"), [({"returns": "ignore"}, True, True), ({"metric": "points"}, False, False)]
)
def test_what_the_policy_says_of_answers(small_trained: Trained, changes: dict[str, str], kept: bool, known: bool) -> None:
    forecasts = small_trained.forecasts
    policy = simulated.NET.model_copy(update=changes)
    found = answers(replace(forecasts, table=replace(forecasts.table, policy=policy)))
    assert (found.keeps_secured, found.need_purchase is not None) == (kept, known)


def test_without_a_policy_nothing_is_said_of_tiers(small_trained: Trained) -> None:
    forecasts = small_trained.forecasts
    bare = answers(replace(forecasts, table=replace(forecasts.table, policy=None, state=None), p_tier=None))
    assert (bare.secured, bare.need_purchase, bare.p_tier, bare.keeps_secured) == (None, None, None, False)


def test_windows_are_read_off_definitions(small_trained: Trained) -> None:
    windows = {feature.name: longest_window(feature) for feature in small_trained.fitted.data.table.features}
    assert windows["visits_91d"] == 91
    assert windows["season_visits"] == 364
    assert windows["recency_days"] == windows["visits_total"] == 0


def test_features_of_returns_are_idle_without_any(small: Histories, small_log: dict[str, list[DailyRow]]) -> None:
    kept = {
        member: [(day, {**sums, "returned": 0}) for day, sums in own if sums["orders"]] for member, own in small_log.items()
    }
    never = features.build(simulated.histories(kept), [simulated.AS_OF], **simulated.SPANS)
    assert rows(never).idle == {"returned_share"}
    assert rows(features.build(small, [simulated.AS_OF], **simulated.SPANS)).idle == frozenset()


def test_features_of_money_are_idle_without_amounts(small_log: dict[str, list[DailyRow]]) -> None:
    visits = {member: [(day, sums) for day, sums in own if sums["orders"]] for member, own in small_log.items()}
    table = rows(features.build(simulated.histories(visits, has_amounts=False), [simulated.AS_OF], **simulated.SPANS))
    assert {"spend_91d", "spend_last_visit", "returned_share"} <= table.idle
    assert not {"recency_days", "visits_91d", "visits_trend"} & table.idle
    for name in table.idle:
        assert np.isnan(table.x[:, table.names.index(name)]).all()


@pytest.mark.parametrize(
    ("duplicates", "repeated", "overlap"), [("keep", True, True), ("overlap", True, False), ("drop", False, False)]
)
def test_counts_of_the_logs_check(
    small: Histories, small_trained: Trained, duplicates: str, repeated: bool, overlap: bool
) -> None:
    log = pd.DataFrame({"customer_id": [1, 1, 2], "timestamp": ["2020-01-01"] * 3, "amount": [5.0, 5.0, 1.0]})
    usability = features.report(features.check(log, duplicates=duplicates))
    found = gather(small, small_trained.fitted, small_trained.forecasts, usability=usability).log
    assert found is not None
    assert (found.rows, found.repeated, found.overlap) == (3, 1, 0)
    assert (found.keeps_repeated, found.keeps_overlap) == (repeated, overlap)
