from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats  # type: ignore[import-untyped]
from trials import simulate

from retention.effect.checks import ALARM, balance, sample_ratio
from retention.trial.table import TrialTable


def trial(rng: np.random.Generator, members: int = 1000, *, chosen: str = "by lot") -> TrialTable:
    made = simulate(rng, members, 0.3)
    treated = made.treated
    if chosen != "by lot":  # the treatment follows the forecast, somewhat
        treated = rng.random(members) < np.clip(0.5 + 0.4 * (made.p_churn - made.p_churn.mean()), 0.05, 0.95)
    stage = np.where(rng.random(members) < 0.3, "loyal", "repeat").astype(object)
    known = {"p_churn": made.p_churn, "spend": made.expected_spend, "stage": stage}
    known["gaps"] = np.where(rng.random(members) < 0.1, np.nan, made.expected_spend)
    outcomes = {"returned": made.returned}
    names = ("Member", "Silver", "Gold")
    return TrialTable(
        np.arange(members), treated.astype(np.int64), ("hold-out", "treated"), outcomes, known, made.strata, names
    )


def test_the_sample_ratio_is_chi_square() -> None:
    made = replace(trial(np.random.default_rng(1)), strata=None, strata_names=())
    [found] = sample_ratio(made, (0.3, 0.7))
    test = stats.chisquare(made.sizes, np.array([0.3, 0.7]) * len(made))
    assert found.p == pytest.approx(test.pvalue)
    assert found.stratum == "all"


def test_a_small_stratum_is_counted_exactly_and_several_are_corrected() -> None:
    arm = np.array([0] * 6 + [1] * 10 + [0] * 200 + [1] * 400)
    strata = np.repeat([0, 1], [16, 600])
    made = TrialTable(np.arange(616), arm, ("c", "t"), {"y": np.ones(616)}, {}, strata, ("Gold", "Member"))
    gold, member, whole = sample_ratio(made, {"Gold": (0.05, 0.95), "Member": (1, 2)})
    assert gold.p == pytest.approx(2 * 2 * stats.binom.sf(5, 16, 0.05))  # two strata, two sides
    assert member.p == 1.0
    assert whole.counts == (206, 410)
    assert whole.p == pytest.approx(stats.chisquare([206, 410], [200.8, 415.2]).pvalue)


def test_members_lost_after_the_draw_are_seen() -> None:
    rng = np.random.default_rng(2)
    made = trial(rng, 4000)
    lost = made.where((made.arm == 1) | (rng.random(4000) > 0.15))
    assert min(one.p for one in sample_ratio(made, (0.3, 0.7))) > 0.05
    assert min(one.p for one in sample_ratio(lost, (0.3, 0.7))) < ALARM


def test_the_joint_test_is_hotellings() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(90, 3))
    arm = rng.integers(0, 2, 90)
    known = {name: x[:, i] for i, name in enumerate("abc")}
    made = TrialTable(np.arange(90), arm, ("c", "t"), {"y": np.ones(90)}, known)
    ranks = stats.rankdata(x, axis=0)
    one, none = ranks[arm == 1], ranks[arm == 0]
    gap = one.mean(0) - none.mean(0)
    pooled = (np.cov(one.T) * (len(one) - 1) + np.cov(none.T) * (len(none) - 1)) / 88
    square = len(one) * len(none) / 90 * gap @ np.linalg.solve(pooled, gap)
    assert balance(made).p == pytest.approx(stats.f.sf(square * (88 - 2) / (3 * 88), 3, 86))


def test_a_draw_by_lot_passes_and_one_by_the_forecast_does_not() -> None:
    rng = np.random.default_rng(4)
    fair = [balance(trial(rng, 300)).p for _ in range(120)]
    assert stats.kstest(fair, "uniform").pvalue > 0.01
    biased = [balance(trial(rng, 3000, chosen="by forecast")) for _ in range(10)]
    assert max(one.p for one in biased) < ALARM
    assert {one.widest for one in biased} == {"p_churn"}


def test_differences_are_in_standard_deviations_within_strata() -> None:
    made = trial(np.random.default_rng(5))
    shifted = {"x": made.arm * 0.5 + np.random.default_rng(6).normal(size=len(made)) + 100.0 * np.asarray(made.strata)}
    found = balance(replace(made, covariates=shifted))
    assert 0.3 < found.differences["x"] < 0.7


def test_nothing_known_is_nothing_checked() -> None:
    assert np.isnan(balance(replace(trial(np.random.default_rng(7)), covariates={})).p)
    same = {"x": np.ones(1000), "none": np.full(1000, np.nan)}
    assert np.isnan(balance(replace(trial(np.random.default_rng(7)), covariates=same)).p)
