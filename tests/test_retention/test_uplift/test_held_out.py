from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from moved import Campaign, campaign

from features.errors import ColumnError
from retention.trial.table import TrialTable
from retention.uplift.held_out import BLOCKS, FIRST, blocks, hold_out

TREES = 12


def test_several_arms_are_as_many_pairs(moving: Campaign) -> None:
    """What is found of an arm is what is found without the third arm's members."""
    trial = moving.trial
    among, alone = (hold_out(table, arm, "returned", trees=TREES) for table, arm in ((trial, 2), (trial.against(2), 1)))
    assert among.ranked.score == pytest.approx(alone.ranked.score)
    assert np.array_equal(among.ranked.rank, alone.ranked.rank)
    assert np.array_equal(trial.members[among.at][np.isin(trial.arm[among.at], (0, 2))], trial.against(2).members[alone.at])


def test_nothing_is_learnt_from_who_is_predicted(moving: Campaign) -> None:
    """The last block's outcomes change its scores, and no prediction."""
    trial = moving.trial.against(1)
    last = blocks(trial.members) == BLOCKS - 1
    other = replace(
        trial, outcomes={"returned": np.where(last, 1.0 - trial.outcomes["returned"], trial.outcomes["returned"])}
    )
    before, after = hold_out(trial, 1, "returned", trees=TREES), hold_out(other, 1, "returned", trees=TREES)
    assert np.array_equal(before.effect, after.effect)
    assert not np.array_equal(before.score, after.score)
    assert set(before.block.tolist()) == set(range(FIRST, BLOCKS))


def test_where_nobody_differs_no_order_is_seen() -> None:
    """Each with a probability of 0.025; the benchmark has two hundred campaigns."""
    seen = 0
    for seed in range(8):
        trial = campaign(300, 50 + seed, moved=0.0, everyone=0.1, noise=0).trial
        qini = hold_out(trial, 1, "returned", trees=8).ranked.coefficient()
        seen += qini.low > 0
    assert seen <= 1


def test_arms_drawn_within_strata_are_weighed_by_their_shares(moving: Campaign) -> None:
    """Gold members return more often, and more of them are treated: nothing is added, and nothing is found."""
    rng = np.random.default_rng(11)
    gold = rng.random(2_000) < 0.5
    arm = (rng.random(2_000) < np.where(gold, 0.8, 0.2)).astype(np.int64)
    returned = (rng.random(2_000) < np.where(gold, 0.8, 0.3)).astype(float)
    known = {"noise": rng.normal(size=2_000)}
    trial = TrialTable(np.arange(2_000), arm, ("control", "mail"), {"returned": returned}, known)
    blind = hold_out(trial, 1, "returned", trees=TREES).ranked.mean()
    drawn = replace(trial, strata=gold.astype(np.int64), strata_names=("Base", "Gold"))
    found = hold_out(drawn, 1, "returned", trees=TREES).ranked.mean()
    assert blind.low > 0.1
    assert found.low < 0 < found.high


def test_blocks_are_about_even_and_salted_by_the_seed() -> None:
    ids = np.arange(6_000)
    assert (np.abs(np.bincount(blocks(ids)) - 1_000) < 100).all()
    assert np.mean(blocks(ids, 1) == blocks(ids, 2)) == pytest.approx(1 / BLOCKS, abs=0.03)
    assert blocks(np.array(["7", "8"], object)).tolist() == blocks(np.array([7, 8])).tolist()


def test_covariates_that_do_not_differ(moving: Campaign) -> None:
    with pytest.raises(ColumnError, match="differ between members"):
        hold_out(replace(moving.trial, covariates={"one": np.ones(len(moving.trial))}), 1, "returned", trees=TREES)
