from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
import simulated
from hypothesis import given
from hypothesis import strategies as st

from features.feature import Feature, Unit
from features.histories import Histories
from training import plots
from training.effects import IN, OUT, Ablation, Effect, Trial
from training.fit import Fitted
from training.forecasts import Forecasts
from training.metrics import Estimate


@pytest.fixture
def forecasts(small: Histories, small_fitted: Fitted) -> Forecasts:
    return small_fitted.forecaster.forecast(small, simulated.AS_OF, explain=True)


def test_reliability_shows_the_shares_of_equal_bins() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(600)
    y = (rng.random(600) < p).astype(float)
    (axes,) = plots.reliability(y, p).axes
    points = axes.containers[0].lines[0].get_xydata()
    order = np.argsort(p).reshape(15, 40)
    np.testing.assert_allclose(points, np.column_stack([p[order].mean(axis=1), y[order].mean(axis=1)]))


def test_reliability_in_other_words() -> None:
    (axes,) = plots.reliability(np.ones(3), np.array([0.2, 0.5, 0.9]), title="Kept?", happened="stayed").axes
    assert (axes.get_title(loc="left"), axes.get_ylabel()) == ("Kept?", "share that stayed")


@given(st.integers(0, 60), st.integers(1, 60))
def test_an_interval_holds_every_share_that_is_not_ruled_out(some: int, more: int) -> None:
    """Its ends are the shares from which the one seen is 1.96 standard deviations off."""
    count = some + more
    low, high = plots.wilson(np.array([some / count]), np.array([count]))
    assert low[0] + 1e-12 >= 0.0
    assert high[0] <= 1.0
    for end in (low[0], high[0]):
        assert abs(some / count - end) == pytest.approx(1.96 * np.sqrt(max(end * (1 - end), 0.0) / count), abs=1e-8)


@pytest.mark.parametrize("y", [np.zeros(30), np.ones(30)])
def test_reliability_of_one_outcome(y: np.ndarray) -> None:
    (axes,) = plots.reliability(y, np.full(30, 0.2)).axes
    assert np.isfinite(axes.get_ylim()).all()


def test_lift_rises_to_all_leavers() -> None:
    y = np.array([1.0, 0.0, 1.0, 0.0])
    (axes,) = plots.lift(y, {"ours": np.array([0.9, 0.1, 0.8, 0.2]), "flat": np.full(4, 0.5)}).axes
    lines = {line.get_label(): line.get_ydata() for line in axes.lines}
    assert list(lines["ours"]) == [0.5, 1.0, 1.0, 1.0]
    assert set(lines) == {"ours", "at random"}
    (tied,) = plots.lift(y, {"ours": np.array([0.9, 0.5, 0.5, 0.5])}).axes
    np.testing.assert_allclose(tied.lines[0].get_ydata(), [1 / 2, 2 / 3, 5 / 6, 1.0])
    (none,) = plots.lift(np.zeros(4), {"ours": np.array([0.9, 0.1, 0.8, 0.2])}).axes
    assert list(none.lines[0].get_ydata()) == [0.0] * 4


def test_tier_confusion_counts() -> None:
    p = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    (axes,) = plots.tier_confusion(np.array([0, 1, 1]), p, ("Low", "High")).axes
    assert [text.get_text() for text in axes.texts] == ["50%\n1", "50%\n1", "0%\n0", "100%\n1"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Low", "High"]
    (one,) = plots.tier_confusion(np.array([0]), np.ones((1, 1)), ("Only",)).axes
    assert [text.get_text() for text in one.texts] == ["100%\n1"]


def test_an_explanation_adds_up(forecasts: Forecasts) -> None:
    explanation = plots.to_explanation(forecasts)
    total = explanation.values.sum(axis=1) + explanation.base_values
    np.testing.assert_allclose(total, forecasts.log_odds, rtol=0, atol=1e-9)
    assert tuple(explanation.feature_names) == (*forecasts.table.names, "buying_rhythm", "season")
    np.testing.assert_array_equal(explanation.data[:, -2:], forecasts.terms)


def test_beeswarm_and_waterfall_name_features(forecasts: Forecasts) -> None:
    swarm = plots.beeswarm(forecasts).axes[0]
    assert swarm.get_xlabel() == "contribution to the log-odds of leaving"
    shown = {label.get_text() for label in swarm.get_yticklabels()}
    assert len(shown & set(forecasts.table.names)) >= 10
    fall = plots.waterfall(forecasts, 3).axes[0]
    assert any("recency_days" in label.get_text() for label in fall.get_yticklabels())


def test_beeswarm_of_one_member(small: Histories, small_fitted: Fitted, forecasts: Forecasts) -> None:
    position = int(forecasts.table.panel.member[0])
    alone = small_fitted.forecaster.forecast(small.select(np.array([position])), simulated.AS_OF, explain=True)
    assert len(alone.members) == 1
    assert plots.beeswarm(alone).axes


def test_who_left_by_a_features_value() -> None:
    feature = Feature("visits_7d", Unit.COUNT, "total('visits', 7)", "days with a purchase in the last week")
    x = np.array([0.0] * 40 + [1.0] * 30 + [5.0] * 30 + [np.nan] * 10)
    churned = np.array([True] * 30 + [False] * 70 + [True] * 10)
    (axes,) = plots.left_by_value(x, churned, feature).axes
    points = np.concatenate([bars.lines[0].get_xydata() for bars in axes.containers])
    np.testing.assert_allclose(points, [[0.0, 0.75], [1.0, 0.0], [5.0, 0.0]])
    assert axes.get_legend().get_texts()[0].get_text() == "10 members: not available"
    (same,) = plots.left_by_value(np.zeros(9), np.zeros(9, bool), feature).axes
    assert len(same.containers) == 1
    (none,) = plots.left_by_value(np.full(9, np.nan), np.ones(9, bool), feature).axes
    assert none.containers == []


@pytest.mark.parametrize("tier", [None, Estimate(0.001, -0.001, 0.003)])
def test_an_ablation_is_drawn_as_gains(tier: Estimate | None) -> None:
    change = Estimate(0.002, 0.001, 0.003)
    found = [Effect("2020-01-01", Trial("mix", way, ("a",), ()), change, change, tier) for way in (OUT, IN)]
    axes = plots.effects(Ablation((), (dt.date(2020, 1, 1),), 9, {}, tuple(found))).axes
    assert len(axes) == (1 if tier is None else 2)
    assert [label.get_text() for label in axes[0].get_yticklabels()] == ["mix, added", "mix, kept"]
    intervals = [list(line.get_xdata()) for line in axes[0].lines if len(line.get_xdata()) == 2]
    assert intervals[:2] == [[-0.003, -0.001], [0.001, 0.003]]
