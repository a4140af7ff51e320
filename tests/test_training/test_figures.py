from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    cohen_kappa_score,
    f1_score,
    log_loss,
    roc_auc_score,
)

from features.operators import Floats, Integers
from training.figures import (
    DOWN,
    F1,
    KAPPA,
    LEVELS,
    UP,
    SpendForecast,
    churn_figures,
    covered,
    expected_cover,
    spend_figures,
    tier_figures,
)
from training.resampling import resampled

TIERS = 4


def tier_case(rows: int, seed: int) -> tuple[Integers, Integers, Floats, Integers]:
    rng = np.random.default_rng(seed)
    now = rng.integers(TIERS, size=rows)
    p = rng.dirichlet(np.ones(TIERS), size=rows) + 3.0 * np.eye(TIERS)[now]
    p /= p.sum(axis=1, keepdims=True)
    then = np.array([rng.choice(TIERS, p=row) for row in p])
    return now, then, p, rng.integers(rows // 2, size=rows)


def first(figures: list, members: int, rows: int) -> dict[tuple[str, str], float]:  # type: ignore[type-arg]
    return {key: float(values[0]) for key, values in resampled(members, figures, rows=rows, resamples=2).items()}


@pytest.mark.parametrize("seed", range(5))
def test_churn_against_sklearn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = rng.random(200).round(2)
    y = (rng.random(200) < p).astype(float)
    found = first(churn_figures(y, {"a": p, "flat": np.full(200, 0.5)}, np.arange(200), 200), 200, 200)
    assert found["AUC", "a"] == pytest.approx(roc_auc_score(y, p))
    assert found["PR AUC", "a"] == pytest.approx(average_precision_score(y, p))
    assert found["log loss", "a"] == pytest.approx(log_loss(y, p.clip(1e-15, 1 - 1e-15)))
    assert found["Brier", "a"] == pytest.approx(brier_score_loss(y, p))
    assert found["lift 10 %", "flat"] == pytest.approx(1.0)
    assert found["ECE", "flat"] == pytest.approx(abs(y.mean() - 0.5))


@pytest.mark.parametrize("seed", range(5))
def test_tiers_against_sklearn(seed: int) -> None:
    now, then, p, member = tier_case(120, seed)
    found = first(tier_figures(now, then, {"a": p}, member, 60), 60, 120)
    likeliest = p.argmax(axis=1)
    assert found["log loss", "a"] == pytest.approx(log_loss(then, p, labels=range(TIERS)))
    assert found["accuracy", "a"] == pytest.approx(accuracy_score(then, likeliest))
    assert found[KAPPA, "a"] == pytest.approx(cohen_kappa_score(then, likeliest, weights="quadratic"))
    assert found[F1, "a"] == pytest.approx(f1_score(then, likeliest, average="macro"))
    lower = np.array([row[:k].sum() for row, k in zip(p, now, strict=True)])
    higher = np.array([row[k + 1 :].sum() for row, k in zip(p, now, strict=True)])
    for name, some, moved, mass in ((DOWN, now > 0, then < now, lower), (UP, now < TIERS - 1, then > now, higher)):
        assert found[name, "a"] == pytest.approx(roc_auc_score(moved[some], mass[some]))


def test_resampled_tiers_are_those_of_the_rows_drawn() -> None:
    now, then, p, member = tier_case(80, 1)
    weights = np.random.default_rng(0).integers(0, 3, size=(3, 40)).astype(np.int32)
    again = [np.repeat(np.arange(80), weight[member]) for weight in weights]
    found: dict[tuple[str, str], Floats] = {}
    for figure in tier_figures(now, then, {"a": p}, member, 40):
        found |= figure(weights)
    for i, rows in enumerate(again):
        kappa = cohen_kappa_score(then[rows], p[rows].argmax(axis=1), weights="quadratic")
        assert found[KAPPA, "a"][i] == pytest.approx(kappa)
        f1 = f1_score(then[rows], p[rows].argmax(axis=1), average="macro", labels=range(TIERS), zero_division=0)
        assert found[F1, "a"][i] == pytest.approx(f1)
        assert found["log loss", "a"][i] == pytest.approx(log_loss(then[rows], p[rows], labels=range(TIERS)))


def test_where_nobody_moves_no_move_is_ranked() -> None:
    now = np.array([0, 1, 1, 0])
    found = first(tier_figures(now, now, {"a": np.full((4, 2), 0.5)}, np.arange(4), 4), 4, 4)
    assert np.isnan([found[DOWN, "a"], found[UP, "a"]]).all()
    one = first(tier_figures(now * 0, now * 0, {"a": np.ones((4, 1))}, np.arange(4), 4), 4, 4)
    assert one["accuracy", "a"] == 1.0
    assert np.isnan([one["RPS", "a"], one[KAPPA, "a"], one[UP, "a"]]).all()


def test_spend_by_hand() -> None:
    y = np.array([0.0, 10.0, 40.0])
    quantiles = np.array([[0.0, 0.0, 20.0], [5.0, 20.0, 30.0], [10.0, 20.0, 30.0]])
    ours = SpendForecast(np.array([5.0, 20.0, 20.0]), quantiles, np.array([0.7, 0.05, 0.0]))
    models = {"a": ours, "rate": SpendForecast(np.array([0.0, 10.0, 20.0]))}
    found = first(spend_figures(y, models, np.arange(3), 3), 3, 3)
    assert found["MAE", "a"] == pytest.approx(35 / 3)
    assert found["total", "a"] == pytest.approx(45 / 50)
    assert found["MAE", "rate"] == pytest.approx(20 / 3)
    assert found["pinball 0.1", "a"] == pytest.approx((0.0 + 0.5 + 3.0) / 3)
    assert found["pinball 0.5", "a"] == pytest.approx((0.0 + 5.0 + 10.0) / 3)
    assert found["pinball 0.9", "a"] == pytest.approx((2.0 + 2.0 + 9.0) / 3)
    assert found["pinball", "a"] == pytest.approx(np.mean([found[f"pinball {level:g}", "a"] for level in LEVELS]))
    assert found["in 80 % interval", "a"] == pytest.approx(2 / 3)
    assert found["of it forecast", "a"] == pytest.approx((0.9 + 0.8 + 0.8) / 3)
    assert ("pinball", "rate") not in found


@given(st.lists(st.tuples(st.floats(0.0, 0.999), st.floats(0.1, 100.0)), min_size=1, max_size=5), st.integers(0, 9))
def test_a_forecast_that_is_right_covers_what_it_says(members: list[tuple[float, float]], seed: int) -> None:
    """Spend of 0 with a probability, and exponential otherwise."""
    p_none, scale = np.array(members).T
    beyond = np.maximum((1.0 - np.array(LEVELS)) / (1.0 - p_none[:, None]), 1e-12)
    quantiles = np.where(beyond < 1.0, -np.log(np.minimum(beyond, 1.0)), 0.0) * scale[:, None]
    rng = np.random.default_rng(seed)
    each = 20_000 // len(members)
    who = np.repeat(np.arange(len(members)), each)
    y = np.where(rng.random(len(who)) < p_none[who], 0.0, rng.exponential(scale[who]))
    found = SpendForecast(y, quantiles[who], p_none[who])
    assert covered(y, found).mean() == pytest.approx(expected_cover(found).mean(), abs=0.015)
