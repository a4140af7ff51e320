from __future__ import annotations

import numpy as np
import pytest
import simulated
from by_example import row

from features.errors import UnusableLogError
from features.histories import Histories, from_rows
from training.fit import Fitted, fit_forecaster


def test_the_same_log_gives_the_same_model(small: Histories, small_fitted: Fitted) -> None:
    again = fit_forecaster(small, simulated.AS_OF, **simulated.SPANS, policy=simulated.NET)
    assert again.bundle == small_fitted.bundle
    assert again.bundle.version == small_fitted.bundle.version


def test_another_setting_gives_another_version(small: Histories, small_fitted: Fitted) -> None:
    versions = {small_fitted.bundle.version}
    for change in ({"policy": simulated.IGNORE}, {"policy": None}, {"horizon_days": 21}):
        versions.add(
            fit_forecaster(small, simulated.AS_OF, **{**simulated.SPANS, "policy": simulated.NET, **change}).bundle.version
        )
    assert len(versions) == 4
    assert all(version.startswith(f"{simulated.AS_OF}-") for version in versions)


def test_rounds_are_those_of_the_trees(small_fitted: Fitted) -> None:
    forecaster = small_fitted.forecaster
    assert forecaster.spend is not None
    assert small_fitted.rounds == {
        "churn": forecaster.churn.trees.n_trees,
        "spend_mean": forecaster.spend.mean.n_trees,
        "spend_scale": forecaster.spend.log_scale.n_trees,
    }
    assert small_fitted.rounds["churn"] > 0


def test_each_step_is_said(small: Histories) -> None:
    said: list[str] = []
    fit_forecaster(small, simulated.AS_OF, **simulated.SPANS, say=said.append)
    assert [step.split(" on ")[0] for step in said] == [
        "describing members at past cutoffs",
        "fitting churn",
        "fitting spend in the horizon",
    ]


@pytest.mark.parametrize("everyone_stays", [True, False])
def test_with_one_outcome_only_the_rate_is_drawn_in(everyone_stays: bool) -> None:
    """Weekly shoppers, or members who came for a week and never again."""
    import datetime as dt

    days = range(0, 364, 7) if everyone_stays else range(280, 285)
    rows = [row(simulated.FIRST + dt.timedelta(days=day), 1, 10_000) for day in days]
    log = [(i, rows) for i in range(40)]
    if not everyone_stays:
        log.append((99, [row(simulated.FIRST, 1, 10_000), row(simulated.FIRST + dt.timedelta(days=363), 1, 10_000)]))
    histories = from_rows(log, has_amounts=True)
    as_of = simulated.FIRST + dt.timedelta(days=364)
    fitted = fit_forecaster(histories, as_of, **simulated.SPANS, policy=simulated.NET)
    forecasts = fitted.forecaster.forecast(histories, as_of)
    assert fitted.rounds["churn"] == 0
    assert len(forecasts.members) > 0
    assert np.isfinite(forecasts.p_churn).all()
    came_back = forecasts.members == 99
    if everyone_stays:
        assert (forecasts.p_churn < 0.02).all()
    else:
        assert (forecasts.p_churn[~came_back] > 0.95).all()
        assert came_back.sum() == 1
        assert (forecasts.p_churn[came_back] < 0.95).all()  # bought yesterday, after most of a year
    assert forecasts.expected_spend is not None
    assert np.isfinite(forecasts.expected_spend).all()
    assert forecasts.p_tier is not None
    np.testing.assert_allclose(forecasts.p_tier.sum(axis=1), 1.0)


def test_a_horizon_longer_than_the_log_is_refused(small: Histories) -> None:
    with pytest.raises(UnusableLogError, match="400 days of horizon"):
        fit_forecaster(small, simulated.AS_OF, horizon_days=400, lookback_days=91)
