"""Spend given a purchase, as fitted, against what was spent."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from scipy.stats import spearmanr

from features.operators import Floats
from training.fit import Fitted
from training.process import Purchases
from training.spend import SpendIfAny, SpendModel, from_dict
from training.spend_fit import FittedSpend, fit_spend

DAYS = 28


def restored(fitted: FittedSpend, width: int) -> SpendModel:
    plain = json.loads(json.dumps(fitted.to_dict()))
    return from_dict(plain, fitted.mean.text, fitted.log_scale.text, width)


def of_rows(fitted: Fitted, found: FittedSpend, rows: Floats | slice) -> SpendIfAny:
    table, process = fitted.data.table, fitted.forecaster.process
    of = Purchases.of(table).select(rows)
    return restored(found, table.x.shape[1]).given(table.x[rows], process, of, 0, DAYS)


def test_a_fit_agrees_with_what_was_spent(small_fitted: Fitted) -> None:
    data = small_fitted.data
    assert data.labels.spend is not None
    assert small_fitted.spend is not None
    bought = np.flatnonzero(~data.labels.churned)
    spend = data.labels.spend[bought] / 10_000
    found = of_rows(small_fitted, small_fitted.spend, bought)
    assert found.expected().mean() == pytest.approx(spend.mean(), rel=0.1)
    for need in (20.0, 60.0, 150.0):
        forecast = found.exceeds(np.full(len(bought), need)).mean()
        assert forecast == pytest.approx((spend >= need).mean(), abs=0.06)
    assert spearmanr(found.mean, spend)[0] > 0.5  # of ranks: one in twenty sent back more than they bought


@pytest.mark.parametrize(
    ("churned", "spend"),
    [(True, 0), (False, 0), (False, -50_000), (False, 99_900)],
    ids=["no buyer", "free items only", "returned more than bought", "one price"],
)
def test_spend_of_one_kind_still_gives_a_distribution(small_fitted: Fitted, churned: bool, spend: int) -> None:
    labels = small_fitted.data.labels
    assert labels.spend is not None
    alike = dataclasses.replace(
        labels, visits=np.full_like(labels.visits, 0 if churned else 1), spend=np.full_like(labels.spend, spend)
    )
    found = fit_spend(dataclasses.replace(small_fitted.data, labels=alike))
    forecast = of_rows(small_fitted, found, slice(None))
    assert np.isfinite(forecast.expected()).all()
    assert (forecast.expected() > 0).all()
    assert np.isfinite(forecast.quantiles(np.full((len(forecast.mean), 1), 0.5))).all()
    if spend > 0:  # the log-normal part: the process keeps to what members spent before
        assert np.median(np.exp(forecast.mean)) == pytest.approx(9.99, rel=0.15)
