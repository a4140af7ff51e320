from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from moved import campaign

from features.errors import ConflictError
from retention.uplift.randomised import check_randomised


def test_drawn_by_chance_passes_and_seldom_fails() -> None:
    for seed in range(40):
        check_randomised(campaign(800, seed, weights=(0.5, 0.25, 0.25)).trial)


def test_what_came_after_the_treatment_is_no_covariate() -> None:
    trial = campaign(3_000, 1, moved=0.5).trial
    known = trial.covariates | {"spend_after": trial.outcomes["spend"]}
    with pytest.raises(ConflictError, match=r"differ beyond chance in 'spend_after'\. .*came after the treatment"):
        check_randomised(replace(trial, covariates=known))


def test_who_was_likely_to_leave_was_treated() -> None:
    trial = campaign(2_000, 2).trial
    risk = np.asarray(trial.covariates["p_churn"], float)
    with pytest.raises(ConflictError, match="'p_churn'"):
        check_randomised(replace(trial, arm=(np.random.default_rng(1).random(2_000) < risk).astype(np.int64)))


def test_arms_drawn_within_strata_are_alike_there() -> None:
    trial = campaign(2_000, 2).trial
    tier = (np.arange(2_000) < 600).astype(np.int64)
    arm = (np.random.default_rng(1).random(2_000) < np.where(tier == 1, 0.8, 0.3)).astype(np.int64)
    known = trial.covariates | {"tier": np.where(tier == 1, "Gold", "Base").astype(object)}
    drawn = replace(trial, arm=arm, covariates=known)
    check_randomised(replace(drawn, strata=tier, strata_names=("Base", "Gold")))
    with pytest.raises(ConflictError, match="'tier'"):
        check_randomised(drawn)
