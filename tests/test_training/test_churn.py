"""The mean of two opinions, what it adds up from, and what is left where the trees find nothing."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.metrics import log_loss, roc_auc_score

from features.operators import Floats
from training.churn import ChurnModel, FittedChurn, churn_levels, fit_churn, from_dict, probability
from training.fit import Fitted
from training.season import YEAR, Season, churn_level
from training.tabulated import TabulatedTrees


@given(st.lists(st.floats(-300, 300), min_size=1))
def test_probability_is_the_logistic_function(log_odds: list[float]) -> None:
    odds = np.array(log_odds)
    np.testing.assert_allclose(probability(odds), expit(odds), rtol=1e-12)
    assert (np.diff(probability(np.sort(odds))) >= 0).all()


def asked(fitted: Fitted, model: ChurnModel | None = None, cutoff: int = 0) -> Floats:
    """Log-odds of the training rows; at a cutoff of long ago there is no season."""
    seen = fitted.data.foreseen
    return (model or fitted.forecaster.churn).log_odds(fitted.data.table.x, seen.log_none, seen.log_some, cutoff)


def back(fitted: FittedChurn, width: int) -> ChurnModel:
    return from_dict(json.loads(json.dumps(fitted.to_dict())), fitted.trees.text, width)


def test_a_fit_ranks_and_is_calibrated_on_its_rows(small_fitted: Fitted) -> None:
    p, y = probability(asked(small_fitted)), small_fitted.data.labels.churned
    assert roc_auc_score(y, p) > 0.75
    assert log_loss(y, p) < 0.85 * log_loss(y, np.full(len(y), y.mean()))
    assert p.mean() == pytest.approx(y.mean(), abs=0.03)


def test_a_fit_is_what_the_forecaster_holds(small_fitted: Fitted) -> None:
    again = fit_churn(small_fitted.data)
    model = back(again, small_fitted.data.table.x.shape[1])
    assert asked(small_fitted, model).tobytes() == asked(small_fitted).tobytes()
    assert again.to_dict() == small_fitted.churn.to_dict()


def test_it_is_the_mean_of_both_and_the_level_of_the_season(small_fitted: Fitted) -> None:
    fitted, data = small_fitted.churn, small_fitted.data
    width = data.table.x.shape[1]
    assert fitted.share == 0.5
    assert fitted.trees.rounds > 0
    moved = dataclasses.replace(fitted, season=Season(0.3, (1_000, 1_014), (0.0, 0.2)))
    trees = TabulatedTrees.one(fitted.trees.text, fitted.bias, width).score(data.table.x)
    linear = fitted.linear.log_odds(data.table.x, data.foreseen.log_none, data.foreseen.log_some)
    for cutoff, level in ((1_000 + YEAR, 0.3), (1_007 + YEAR, 0.4), (1_014 + YEAR, 0.5)):
        found = asked(small_fitted, back(moved, width), cutoff)
        np.testing.assert_allclose(found, 0.5 * (trees + linear) + level, rtol=0, atol=1e-12)


@pytest.mark.parametrize("trees", [True, False], ids=["both", "regression alone"])
def test_contributions_add_up(small_fitted: Fitted, trees: bool) -> None:
    data, width = small_fitted.data, small_fitted.data.table.x.shape[1]
    fitted = dataclasses.replace(small_fitted.churn, season=Season(0.3, (1_000, 1_014), (0.0, 0.2)))
    if not trees:
        none = dataclasses.replace(fitted.trees, text="", rounds=0)
        fitted = dataclasses.replace(fitted, trees=none, share=1.0)
    model = back(fitted, width)
    seen = data.foreseen
    found = model.contributions(data.table.x, seen.log_none, seen.log_some, 1_014 + YEAR)
    assert found.shape == (len(data.table), width + 2)
    total = model.base + found.sum(axis=1)
    np.testing.assert_allclose(total, asked(small_fitted, model, 1_014 + YEAR), rtol=0, atol=1e-12)
    assert (found[:, -1] == 0.2).all()
    assert found[:, -2].mean() == pytest.approx(0.0, abs=1e-9)
    # Over training rows, `base` is the mean; the trees' own is weighted by the counts LightGBM wrote down.
    assert found[:, :-2].sum(axis=1).mean() == pytest.approx(0.0, abs=0.02)


def test_where_trees_find_nothing_the_regression_is_the_forecast(small_fitted: Fitted) -> None:
    """Features that are the same for all: no trees, and the regression keeps to the process, which is right here."""
    data = small_fitted.data
    alike = np.ones((len(data.table), 3))
    chance = np.random.default_rng(0).random(len(alike)) < np.exp(data.foreseen.log_none)
    table = dataclasses.replace(data.table.select(data.table.features[:3]), x=alike)
    blank = dataclasses.replace(data, table=table, labels=dataclasses.replace(data.labels, churned=chance))
    fitted = fit_churn(blank)
    assert (fitted.trees.rounds, fitted.trees.text, fitted.share) == (0, "", 1.0)
    model = back(fitted, 3)
    seen = data.foreseen
    found = model.log_odds(alike, seen.log_none, seen.log_some, 0)
    alone = fitted.linear.log_odds(alike, seen.log_none, seen.log_some) + fitted.season.usual
    assert found.tolist() == pytest.approx(alone.tolist(), abs=1e-12)
    away = found - (seen.log_none - seen.log_some)
    assert np.abs(away).mean() < 0.25


def test_levels_are_those_of_each_cutoff(small_fitted: Fitted) -> None:
    data = small_fitted.data
    levels, place = churn_levels(data)
    assert levels.cutoff.tolist() == sorted(set(data.table.panel.cutoff.tolist()))
    assert levels.cutoff[place].tolist() == data.table.panel.cutoff.tolist()
    for i, cutoff in enumerate(levels.cutoff):
        rows = data.table.panel.cutoff == cutoff
        odds = (data.foreseen.log_none - data.foreseen.log_some)[rows]
        assert (levels.level[i], levels.noise[i]) == churn_level(odds, data.labels.churned[rows])


def test_churn_moves_only_as_features_declare(small_fitted: Fitted) -> None:
    data = small_fitted.data
    declared = [(i, feature.direction) for i, feature in enumerate(data.table.features) if feature.direction]
    assert declared
    rows = np.arange(0, len(data.table), len(data.table) // 50)
    seen, x = data.foreseen, data.table.x[rows]
    for i, direction in declared:
        known = data.table.x[:, i][~np.isnan(data.table.x[:, i])]
        if not len(known):
            continue
        found = []
        for value in np.quantile(known, np.linspace(0, 1, 7)):
            moved = x.copy()
            moved[:, i] = value
            found.append(small_fitted.forecaster.churn.log_odds(moved, seen.log_none[rows], seen.log_some[rows], 0))
        assert (np.diff(np.array(found), axis=0) * direction >= -1e-12).all()
