"""TC-DRIFT."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import plain_evidence as plain
import pytest

from features.histories import Histories
from features.snapshot import to_day
from training.checks import Answers, Evidence, Rows
from training.checks.drift import Drift, only_ageing
from training.checks.evidence import Said

check = Drift()


def both(training: Rows | None = None, members: int = 300) -> tuple[Rows, Rows]:
    """Training rows, and rows of one population with them at the cutoff to be forecast."""
    training = training or plain.rows()
    x = np.random.default_rng(9).normal(size=(members, len(training.names)))
    return training, Rows(training.names, x, np.arange(members), np.full(members, to_day(plain.AS_OF)))


def run(training: Rows, scoring: Rows) -> tuple[str, str]:
    found = check.run(plain.evidence(training=training, scoring=scoring))
    return found.status, found.found


def moved(rows: Rows, by: float, column: int = 1) -> Rows:
    x = rows.x.copy()
    x[:, column] += by
    return replace(rows, x=x)


def test_one_population_is_quiet() -> None:
    assert run(*both()) == ("ok", "No feature lies far off.")


def test_a_feature_that_moved_is_a_warning() -> None:
    training, scoring = both()
    status, text = run(training, moved(scoring, 1.0))
    assert status == "warning"
    assert text.startswith("1 feature lies far off: f1 (PSI ")
    assert " then, " in text
    assert "f0" not in text


def test_a_feature_that_went_missing_is_a_warning() -> None:
    training, scoring = both()
    x = scoring.x.copy()
    x[::2, 2] = np.nan
    assert run(training, replace(scoring, x=x))[0] == "warning"


def test_a_small_shift_is_named_and_not_counted() -> None:
    training, scoring = both(plain.rows(2_000), 2_000)
    status, text = run(training, moved(scoring, 0.38))
    assert status == "ok"
    assert "moved a little" in text
    assert text.endswith("newest training cutoff: f1.")


def test_few_members_are_not_blamed_for_their_noise() -> None:
    for seed in range(10):
        training, _ = both(plain.rows(30, seed=seed))
        x = np.random.default_rng(100 + seed).normal(size=(25, 3))
        assert run(training, Rows(training.names, x, np.arange(25), np.full(25, 1)))[0] == "ok"


def test_what_the_newest_training_cutoff_knows_is_not_counted() -> None:
    training, scoring = both()
    newest = training.cutoff == training.cutoff.max()
    x = training.x.copy()
    x[newest, 1] += 2.0
    status, text = run(replace(training, x=x), moved(scoring, 2.0))
    assert status == "ok"
    assert "as at the newest training cutoff: f1" in text


def test_features_that_only_grow_with_age_are_named_and_not_counted() -> None:
    training, scoring = both()
    x = training.x.copy()
    x[:, 2] = (training.member % 97) + (training.cutoff - training.cutoff.min())
    aged = replace(training, x=x)
    assert only_ageing(aged) == {"f2"}
    later = scoring.x.copy()
    later[:, 2] = (scoring.member % 97) + 400.0
    status, text = run(aged, replace(scoring, x=later))
    assert status == "ok"
    assert "only as members age: f2" in text


def test_what_no_training_row_had_is_named_and_not_counted() -> None:
    """Nothing was learned from it, so no forecast moves by it (last year's season in a log of one year, say)."""
    training, scoring = both()
    x = training.x.copy()
    x[:, 2] = np.nan
    status, text = run(replace(training, x=x), scoring)
    assert status == "ok"
    assert text.endswith("new to the log, so that no forecast was learned from them: f2.")
    x[0, 2] = 0.0  # it was there for one: then something may have been learned
    assert run(replace(training, x=x), scoring)[0] == "warning"


def test_a_feature_that_is_gone_has_no_median_now() -> None:
    training, scoring = both()
    x = scoring.x.copy()
    x[:, 2] = np.nan
    assert "f2 (PSI" in (text := run(training, replace(scoring, x=x))[1])
    assert text.endswith(", now missing).")


def test_many_features_are_not_all_named() -> None:
    wide = plain.rows(features=10)
    training, scoring = both(wide)
    text = run(training, replace(scoring, x=scoring.x + 3.0))[1]
    assert text.startswith("10 of 10 features lie far off: ")
    assert text.endswith(") and 4 more.")


def test_ageing_means_all_members_and_one_direction() -> None:
    def row(values: list[float]) -> Rows:
        x = np.array(values)[:, None]
        return Rows(("f",), x, np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))

    assert only_ageing(row([1, 2, 5, 5])) == {"f"}
    assert only_ageing(row([2, 1, 5, 4])) == {"f"}
    assert only_ageing(row([1, 2, 5, 4])) == set()
    assert only_ageing(row([1, 1, 5, 5])) == set()
    assert only_ageing(row([np.nan, 1, 5, np.nan])) == set()
    assert only_ageing(row([1, 0, 0, 0.5])) == set()


def test_a_probability_that_moved_is_a_warning(sound: Evidence) -> None:
    assert sound.answers is not None
    gone = Answers(np.minimum(sound.answers.p_churn + 0.4, 1.0))
    found = check.run(replace(sound, answers=gone))
    assert found.status == "warning"
    assert found.found.startswith("The probability of leaving moved from 0.")
    assert found.figures["PSI of p_churn"] > 0.25


def test_a_sound_programme_is_quiet(sound: Evidence) -> None:
    found = check.run(sound)
    assert found.status == "ok"
    assert "tenure_days" in found.found
    assert found.figures["PSI of p_churn"] < 0.25


def test_a_newest_cutoff_without_members_leaves_p_churn_out(sound: Evidence) -> None:
    def nobody(histories: Histories, cutoff: dt.date) -> Said:
        raise AssertionError

    for part in (replace(sound, answers=None, forecast=nobody), replace(sound, lookback_days=0, forecast=nobody)):
        assert "PSI of p_churn" not in check.run(part).figures


@pytest.mark.parametrize("few", [0, 19])
def test_too_few_to_compare_does_not_apply(few: int) -> None:
    training, scoring = both(members=few)
    assert run(training, scoring)[0] == "not applicable"
    assert check.run(plain.evidence(training=training)).status == "not applicable"
    assert check.run(plain.evidence(scoring=scoring)).status == "not applicable"
