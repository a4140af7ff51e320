from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import simulated

from features.histories import Histories
from features.vocabulary import POLICY
from training.fit import Fitted, fit_forecaster
from training.learning import Learning
from training.recipe import Recipe, refit_losses
from training.train import Trained


def test_a_model_tells_how_to_make_it_again(small: Histories, small_fitted: Fitted) -> None:
    recipe = Recipe.of(small_fitted.bundle)
    again = fit_forecaster(
        small,
        simulated.AS_OF,
        horizon_days=recipe.horizon_days,
        lookback_days=recipe.lookback_days,
        policy=recipe.policy,
        features=recipe.features,
    )
    assert again.bundle == small_fitted.bundle
    assert (recipe.has_amounts, recipe.time_zone, recipe.learning) == (True, "UTC", Learning())


def test_how_the_trees_learned_is_part_of_it(small: Histories, small_fitted: Fitted) -> None:
    told = Learning(leaves=3, cutoffs=4)
    other = fit_forecaster(small, simulated.AS_OF, **simulated.SPANS, policy=simulated.NET, learning=told)
    assert len(other.data.cutoffs) == 4 < len(small_fitted.data.cutoffs)
    recipe = Recipe.of(other.bundle)
    assert recipe.learning == told
    assert recipe == dataclasses.replace(Recipe.of(small_fitted.bundle), learning=told)
    losses = [refit_losses(small, simulated.AS_OF, each).churn.mean() for each in (recipe, Recipe.of(small_fitted.bundle))]
    assert losses[0] != losses[1]


def test_it_names_the_columns_that_it_reads(small_trained: Trained, visits_fitted: Fitted) -> None:
    recipe = Recipe.of(small_trained.fitted.bundle)
    assert recipe.columns == small_trained.fitted.forecaster.columns
    assert dataclasses.replace(recipe, features=(), policy=None).columns == frozenset()


def test_losses_are_of_all_members_forecast_then(small: Histories, small_trained: Trained) -> None:
    recipe = Recipe.of(small_trained.fitted.bundle)
    cutoff = simulated.AS_OF - dt.timedelta(days=simulated.HORIZON)
    found = refit_losses(small, cutoff, recipe)
    origin = small_trained.origins[-1]
    assert (found.cutoff, len(found.churn)) == (cutoff, len(origin.forecasts.table))
    np.testing.assert_array_equal(found.members, origin.forecasts.table.panel.member)
    assert found.next_tier is not None
    np.testing.assert_allclose(found.total, found.churn + found.next_tier)
    plain = tuple(feature for feature in recipe.features if POLICY not in feature.needs)
    without = refit_losses(small, cutoff, dataclasses.replace(recipe, policy=None, features=plain))
    assert without.next_tier is None
    assert without.total is without.churn
