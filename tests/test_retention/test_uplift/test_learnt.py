from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from moved import Campaign, campaign

from features.errors import ConfigError, UnusableLogError
from retention.uplift.learnt import Uplift, learn
from retention.uplift.policies import Money


def test_members_are_told_apart_and_it_pays(uplift: Uplift, moving: Campaign) -> None:
    assert uplift.individual
    assert "beats everyone the same" in uplift.verdict
    money = {policy.name: policy.worth.value for policy in uplift.policies}
    assert money["uplift"] == max(money.values())
    assert uplift.policies[-1].name == "most likely to leave"
    assert uplift.policies[-1].ours_more is not None
    assert uplift.policies[-1].ours_more.low > 0
    for k, arm in enumerate(uplift.arms):
        gain, error = arm.own_gains(moving.trial)
        assert np.corrcoef(gain, moving.effects[:, k])[0, 1] > 0.7
        assert np.mean(np.abs(gain - moving.effects[:, k]) < 1.96 * error) > 0.6
        assert (error >= arm.average.error).all()
        assert arm.average.low < moving.effects[:, k].mean() < arm.average.high


def test_gains_of_new_members_are_near_the_truth(uplift: Uplift, moving: Campaign) -> None:
    new = campaign(1_000, 77, weights=(0.5, 0.3, 0.2), moved=0.6, noise=0)
    gain, _ = uplift.arms[0].gains(new.trial.covariates)
    assert np.mean((gain - new.effects[:, 0]) ** 2) < 0.5 * new.effects[:, 0].var()


def test_where_nobody_differs_there_is_one_effect_for_all(nobody: Uplift) -> None:
    (arm,) = nobody.arms
    assert not nobody.individual
    assert nobody.verdict == "one effect for all: nobody is shown to be moved more than others"
    gain, error = arm.gains({"anything": np.zeros(3)})
    assert gain.tolist() == [arm.average.value] * 3
    assert error.tolist() == [arm.average.error] * 3


def test_the_effect_of_an_action_alike_for_all_is_break_even_or_not_never_told_apart() -> None:
    """At the price where treating everybody and nobody come to the same, choosing has nothing to gain."""
    trial = campaign(900, 5, moved=0.0, everyone=0.1).trial
    found = learn(trial, "returned", money=Money(40.0, (4.0,)), trees=12)
    assert not found.individual
    assert found.verdict.startswith("one effect for all: choosing members by uplift is not shown to beat")


def test_what_costs_nothing_and_harms_nobody_is_for_everyone() -> None:
    """The order is right, and of no use: choosing cannot beat treating all."""
    trial = campaign(2_000, 6, moved=0.5, everyone=0.05, noise=0).trial
    found = learn(trial, "returned", money=Money(40.0, (0.0,)), trees=12)
    assert not found.individual
    assert found.verdict.endswith("their order is better than chance, so with fewer to be treated (--at-most) it may")


def test_an_outcome_that_never_differs(moving: Campaign) -> None:
    still = replace(moving.trial, outcomes={"returned": np.ones(len(moving.trial))})
    with pytest.raises(UnusableLogError, match="the outcome 'returned' differs between members; got one value"):
        learn(still, "returned")


def test_each_treatment_has_a_cost(moving: Campaign) -> None:
    with pytest.raises(ConfigError, match="every treatment has a cost; got 1 costs"):
        learn(moving.trial, "returned", money=Money(40.0, (1.0,)))
