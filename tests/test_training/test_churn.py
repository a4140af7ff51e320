from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.metrics import log_loss, roc_auc_score

from training.churn import ChurnModel, fit_churn, probability
from training.fit import Fitted
from training.tabulated import TabulatedTrees


@given(st.lists(st.floats(-300, 300), min_size=1))
def test_probability_is_the_logistic_function(log_odds: list[float]) -> None:
    odds = np.array(log_odds)
    np.testing.assert_allclose(probability(odds), expit(odds), rtol=1e-12)
    assert (np.diff(probability(np.sort(odds))) >= 0).all()


def test_a_fit_ranks_and_is_calibrated_on_its_rows(small_fitted: Fitted) -> None:
    data = small_fitted.data
    p = probability(small_fitted.forecaster.churn.log_odds(data.table.x))
    y = data.labels.churned
    assert roc_auc_score(y, p) > 0.75
    assert log_loss(y, p) < 0.85 * log_loss(y, np.full(len(y), y.mean()))
    assert p.mean() == pytest.approx(y.mean(), abs=0.02)


def test_a_fit_is_what_the_forecaster_holds(small_fitted: Fitted) -> None:
    boosted = fit_churn(small_fitted.data)
    x = small_fitted.data.table.x
    model = ChurnModel(TabulatedTrees(boosted.text, boosted.bias, x.shape[1]))
    assert model.log_odds(x).tobytes() == small_fitted.forecaster.churn.log_odds(x).tobytes()
    total = model.trees.base + model.contributions(x).sum(axis=1)
    np.testing.assert_allclose(total, model.log_odds(x), rtol=0, atol=1e-9)
