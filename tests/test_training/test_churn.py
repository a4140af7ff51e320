from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.metrics import log_loss, roc_auc_score

from features.operators import Floats
from features.snapshot import to_day
from training.churn import ChurnModel, churn_levels, fit_churn, from_dict, probability
from training.fit import Fitted


@given(st.lists(st.floats(-300, 300), min_size=1))
def test_probability_is_the_logistic_function(log_odds: list[float]) -> None:
    odds = np.array(log_odds)
    np.testing.assert_allclose(probability(odds), expit(odds), rtol=1e-12)
    assert (np.diff(probability(np.sort(odds))) >= 0).all()


def on_its_rows(model: ChurnModel, fitted: Fitted) -> Floats:
    """Log-odds of the rows of training, as if all were forecast at the training's date."""
    data = fitted.data
    told = data.foreseen.log_none, data.foreseen.log_some, to_day(fitted.forecaster.settings.trained_as_of)
    return model.log_odds(data.table.x, *told)


def test_a_fit_ranks_and_is_calibrated_on_its_rows(small_fitted: Fitted) -> None:
    data = small_fitted.data
    p = probability(on_its_rows(small_fitted.forecaster.churn, small_fitted))
    y = data.labels.churned
    assert roc_auc_score(y, p) > 0.75
    assert log_loss(y, p) < 0.85 * log_loss(y, np.full(len(y), y.mean()))
    assert p.mean() == pytest.approx(y.mean(), abs=0.03)


def test_a_fit_is_what_the_forecaster_holds(small_fitted: Fitted) -> None:
    found = fit_churn(small_fitted.data)
    plain = json.loads(json.dumps(found.to_dict()))
    model = from_dict(plain, found.trees.text, small_fitted.data.table.x.shape[1])
    ours = on_its_rows(small_fitted.forecaster.churn, small_fitted)
    assert on_its_rows(model, small_fitted).tobytes() == ours.tobytes()


@pytest.mark.parametrize("share", [None, 0.0, 0.3, 1.0])
def test_contributions_are_of_what_is_served_whatever_the_shares(small_fitted: Fitted, share: float | None) -> None:
    model, data = small_fitted.forecaster.churn, small_fitted.data
    if share is not None:
        found = replace(small_fitted.churn, share=share)
        model = from_dict(found.to_dict(), found.trees.text, data.table.x.shape[1])
    told = data.table.x, data.foreseen.log_none, data.foreseen.log_some
    for cutoff in (to_day(small_fitted.forecaster.settings.trained_as_of), 0, 100_000):
        parts = model.contributions(*told, cutoff)
        assert parts.shape == (len(data.table), data.table.x.shape[1] + 2)
        np.testing.assert_allclose(model.base + parts.sum(axis=1), model.log_odds(*told, cutoff), rtol=0, atol=1e-9)
        assert np.ptp(parts[:, -1]) == 0.0  # the season is the same for everybody


def test_what_a_forecast_is_the_mean_of(small_fitted: Fitted) -> None:
    """Trees and regression each by its own share, at the level of the season."""
    found, data = small_fitted.churn, small_fitted.data
    width, cutoff = data.table.x.shape[1], to_day(small_fitted.forecaster.settings.trained_as_of)
    told = data.table.x, data.foreseen.log_none, data.foreseen.log_some, cutoff
    both, trees, linear = (
        from_dict(replace(found, share=share).to_dict(), found.trees.text, width).log_odds(*told)
        for share in (0.5, 0.0, 1.0)
    )
    assert found.trees.rounds > 0
    assert found.share == 0.5
    np.testing.assert_allclose(both, 0.5 * (trees + linear), rtol=0, atol=1e-9)
    assert small_fitted.forecaster.churn.log_odds(*told).tobytes() == both.tobytes()


def test_without_trees_the_regression_alone_speaks(small_fitted: Fitted) -> None:
    data = small_fitted.data
    alike = replace(data.table, x=np.zeros_like(data.table.x))
    found = fit_churn(replace(data, table=alike))
    assert (found.trees.rounds, found.share) == (0, 1.0)
    log_odds = data.foreseen.log_none - data.foreseen.log_some
    model = from_dict(found.to_dict(), "", data.table.x.shape[1])
    p = model.log_odds(alike.x, data.foreseen.log_none, data.foreseen.log_some, 0)
    assert np.corrcoef(p, log_odds)[0, 1] > 0.99


def test_levels_are_of_each_cutoff(small_fitted: Fitted) -> None:
    """At its own level a cutoff's forecast is right on average, but for the pull towards 0."""
    data = small_fitted.data
    levels, place = churn_levels(data)
    assert levels.cutoff.tolist() == sorted(set(data.table.panel.cutoff.tolist()))
    assert (levels.cutoff[place] == data.table.panel.cutoff).all()
    log_odds = data.foreseen.log_none - data.foreseen.log_some
    for i, level in enumerate(levels.level):
        at = place == i
        assert probability(log_odds[at] + level).mean() == pytest.approx(data.labels.churned[at].mean(), abs=0.01)


@pytest.mark.parametrize("log_odds", [-1e308, -710.0, 36.8, 1e308])
def test_nothing_is_certain(log_odds: float) -> None:
    (p,) = probability(np.array([log_odds]))
    assert 0.0 < p < 1.0
