from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from training import proof_plots
from training.backtest import OURS, Origin
from training.forecasts import Forecasts
from training.metrics import Estimate
from training.proof_plots import LEVELS, drawings, over_cutoffs, slice_calibration, spend_coverage
from training.scoreboard import scores
from training.slices import Slice, slices


@pytest.fixture(scope="module")
def origins(small_origins: list[Origin]) -> list[Origin]:
    return small_origins


def test_what_there_is_to_draw(origins: list[Origin], monkeypatch: pytest.MonkeyPatch) -> None:
    found, parts = scores(origins), slices(origins)
    names = ["reliability", "lift", "tiers", "tiers-kept", "cutoffs", "slices"]
    monkeypatch.setattr(Forecasts, "spend_quantiles", lambda *_: None)
    assert list(drawings(origins, found, parts)) == names

    monkeypatch.undo()
    assert list(drawings(origins, found, parts)) == [*names, "spend"]
    bare = [dataclasses.replace(origin, tiers={}) for origin in origins]
    assert "tiers" not in drawings(bare, found, parts)
    assert drawings([dataclasses.replace(origin, labels=None) for origin in origins], [], []) == {}


def test_all_cutoffs_are_in_one_picture(origins: list[Origin]) -> None:
    found = scores(origins)
    (axes,) = drawings(origins, found, [])["tiers"]().axes
    counted = sum(int(text.get_text().split("\n")[1]) for text in axes.texts)
    assert counted == sum(len(origin.forecasts.table) for origin in origins)
    (kept,) = drawings(origins, found, [])["tiers-kept"]().axes
    assert kept.get_ylabel() == "share that kept the tier"
    (lift,) = drawings(origins, found, [])["lift"]().axes
    assert "base rate" not in {line.get_label() for line in lift.lines}


def test_a_point_a_cutoff_with_its_interval(origins: list[Origin]) -> None:
    found = scores(origins)
    axes = over_cutoffs(found).axes
    assert [ax.get_title(loc="left") for ax in axes] == [
        "churn: AUC",
        "churn: log loss",
        "next tier: log loss",
        "spend: MAE",
    ]
    for ax, (target, metric) in zip(axes, proof_plots._OVER, strict=True):
        assert [label.get_text() for label in ax.get_xticklabels()] == [str(origin.cutoff) for origin in origins]
        mine = [s for s in found if (s.target, s.metric, s.model) == (target, metric, OURS) and s.cutoff != "all"]
        ours = ax.containers[0]
        assert ours.get_label() == OURS
        np.testing.assert_allclose(ours.lines[0].get_ydata(), [score.estimate.value for score in mine])
        ends = [bar[:, 1] for bar in ours.lines[2][0].get_segments()]
        np.testing.assert_allclose(ends, [[score.estimate.low, score.estimate.high] for score in mine])
        assert {"base rate", "same tier"}.isdisjoint(container.get_label() for container in ax.containers)


def test_slices_from_the_top_and_small_ones_pale() -> None:
    right = Estimate(0.01, -0.02, 0.03)
    parts = [Slice("tier", name, 120, 0.2, 0.21, right, right, 0.7, 0.02, None, name == "Gold") for name in ("Base", "Gold")]
    (axes,) = slice_calibration(parts).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["tier: Gold (120)", "tier: Base (120)"]
    bars = [line for line in axes.lines if len(line.get_xdata()) == 2 and line.get_linewidth() == 2]
    assert [list(bar.get_xdata()) for bar in bars] == [[-0.02, 0.03]] * 2
    assert [bar.get_color() for bar in bars] == [proof_plots.PALE, proof_plots.OUR_COLOR]


def test_spend_that_is_right_lies_on_the_line() -> None:
    rng = np.random.default_rng(0)
    p_none = rng.beta(1, 3, 20_000)
    y = np.where(rng.random(20_000) < p_none, -5.0, rng.exponential(10.0, 20_000))  # a return counts as no spend
    beyond = (1 - np.array(LEVELS)) / (1 - p_none[:, None])
    quantiles = np.where(beyond < 1, -10.0 * np.log(np.minimum(beyond, 1.0)), 0.0)
    (axes,) = spend_coverage(y, quantiles, p_none).axes
    given, came = axes.containers[0].lines[0].get_data()
    np.testing.assert_allclose(came, given, atol=0.012)
    assert (given > 0.2).all()
    (high,) = spend_coverage(y, quantiles * 3, p_none).axes
    assert (high.containers[0].lines[0].get_ydata() > given)[-8:].all()
