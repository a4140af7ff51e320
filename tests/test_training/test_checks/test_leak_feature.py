"""TC-LEAK-FEATURE."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import plain_evidence as plain
import pytest

from features.operators import Floats
from training.checks import Evidence, Rows
from training.checks.leak_feature import LeakingFeature, alone_auc

check = LeakingFeature()


def with_feature(rows: Rows, values: Floats) -> Rows:
    return replace(rows, names=(*rows.names, "leak"), x=np.column_stack([rows.x, values]))


def leaks(rows: Rows) -> dict[str, Floats]:
    """Four ways to tell what nobody can know."""
    assert rows.churned is not None
    rng = np.random.default_rng(1)
    y, noise = rows.churned.astype(float), rng.normal(size=len(rows))
    return {
        "the outcome itself": y,
        "the other way round": -3.0 * y + 0.1 * noise,
        "there or missing": np.where(rows.churned, np.nan, noise),
        "neither rising nor falling": np.where(rows.churned, 0.01 * noise, np.sign(noise) * (1.0 + np.abs(noise))),
    }


@pytest.mark.parametrize(
    "how", ["the outcome itself", "the other way round", "there or missing", "neither rising nor falling"]
)
def test_a_feature_that_knows_the_outcome_fails(how: str) -> None:
    rows = plain.rows()
    found = check.run(plain.evidence(training=with_feature(rows, leaks(rows)[how])))
    assert (found.status, found.table[0]["feature"]) == ("failed", "leak")
    assert found.figures["AUC"] > 0.97
    assert "leak alone" in found.found
    assert found.fix


def test_a_feature_that_stands_far_above_all_others_is_a_warning() -> None:
    rows = plain.rows(members=800)
    assert rows.churned is not None
    strong = rows.churned + np.random.default_rng(2).normal(0, 0.45, len(rows))
    one = with_feature(rows, strong)
    assert 0.92 < alone_auc(strong, one) < 0.97
    found = check.run(plain.evidence(training=one))
    assert found.status == "warning"
    assert "leak alone" in found.found
    copied = replace(one, names=(*one.names, "copy"), x=np.column_stack([one.x, 2.0 * strong]))
    assert check.run(plain.evidence(training=copied)).status == "warning"


def test_strong_features_that_tell_of_each_other_are_quiet() -> None:
    """As recency, rates and gaps do: none is a copy, and none stands alone."""
    rows = plain.rows(members=800)
    assert rows.churned is not None
    rng = np.random.default_rng(3)
    truth = rows.churned + rng.normal(0, 0.3, len(rows))
    several = np.column_stack([truth + rng.normal(0, 0.35, len(rows)) for _ in range(3)])
    related = replace(rows, names=("a", "b", "c"), x=several)
    found = check.run(plain.evidence(training=related))
    assert found.figures["AUC"] > 0.92
    assert found.status == "ok"


def test_a_sound_programme_is_quiet(sound: Evidence) -> None:
    assert check.run(sound).status == "ok"


def test_noise_alone_is_worth_a_half() -> None:
    rows = plain.rows(members=2_000, features=2)
    assert alone_auc(rows.x[:, 1], rows) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("churned", [None, np.zeros(1200, bool), np.arange(1200) < 3])
def test_without_leavers_it_does_not_apply(churned: np.ndarray | None) -> None:
    found = check.run(plain.evidence(training=replace(plain.rows(), churned=churned)))
    assert found.status == "not applicable"


def test_features_without_a_value_or_with_one_are_worth_nothing() -> None:
    rows = plain.rows()
    for values in (np.full(len(rows), np.nan), np.ones(len(rows)), np.full(len(rows), np.inf)):
        assert alone_auc(values, rows) == pytest.approx(0.5, abs=0.05)


def test_of_many_rows_some_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = plain.rows()
    leaking = with_feature(rows, leaks(rows)["the other way round"])
    monkeypatch.setattr("training.checks.leak_feature._MOST_ROWS", 200)
    found = check.run(plain.evidence(training=leaking))
    assert found.status == "failed"
    assert check.run(plain.evidence(training=rows)).status == "ok"
