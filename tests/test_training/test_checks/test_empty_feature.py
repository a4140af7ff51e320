"""TC-EMPTY-FEATURE."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import plain_evidence as plain
import pytest

from features.histories import Histories
from features.operators import Floats
from training.checks import Evidence, Rows
from training.checks.empty_feature import EmptyFeature

check = EmptyFeature()
MISSING = np.nan


def column(rows: Rows, values: Floats | float) -> Rows:
    x = rows.x.copy()
    x[:, 1] = values
    return replace(rows, x=x)


def mostly(rows: Rows, missing: float) -> Rows:
    return column(rows, np.where(np.arange(len(rows)) < missing * len(rows), MISSING, rows.x[:, 1]))


@pytest.mark.parametrize(
    ("then", "now", "status", "kind"),
    [
        (0.0, 0.0, "ok", None),
        (0.5, 0.8, "ok", None),
        (0.2, 1.0, "failed", "gone"),
        (0.2, 0.9, "warning", "missing more often now"),
        (0.6, 1.0, "ok", None),
        (0.96, 0.96, "warning", "nearly always missing"),
        (1.0, 1.0, "warning", "nearly always missing"),
        (1.0, 0.2, "warning", "missing less often now"),
    ],
)
def test_shares_that_are_missing(then: float, now: float, status: str, kind: str | None) -> None:
    rows = plain.rows()
    found = check.run(plain.evidence(training=mostly(rows, then), scoring=mostly(rows, now)))
    assert found.status == status
    assert [row["is"] for row in found.table] == ([kind] if kind else [])
    assert [row["feature"] for row in found.table] == (["f1"] if kind else [])


@pytest.mark.parametrize("value", [0.0, -3.5, np.inf])
def test_one_value_for_all_is_a_warning(value: float) -> None:
    rows = column(plain.rows(), value)
    assert check.run(plain.evidence(training=rows)).found == "Constant: f1."
    some = column(rows, np.where(np.arange(len(rows)) % 2, MISSING, value))
    assert check.run(plain.evidence(training=some)).status == "warning"


def test_a_feature_without_returns_to_read_is_named_and_not_counted() -> None:
    rows = replace(column(plain.rows(), 0.0), idle=frozenset({"f1"}))
    found = check.run(plain.evidence(training=rows))
    assert (found.status, found.found) == ("ok", "Nothing to tell yet: f1.")
    missing = replace(column(plain.rows(), MISSING), idle=frozenset({"f1"}))
    assert check.run(plain.evidence(training=missing)).status == "ok"


def test_a_window_longer_than_the_log_is_named_and_not_counted(small: Histories) -> None:
    rows = replace(column(plain.rows(), MISSING), histories=small)
    rows = replace(rows, cutoff=np.full(len(rows), small.first_day + 200))
    assert check.run(plain.evidence(training=replace(rows, window_days={"f1": 364}))).status == "ok"
    assert check.run(plain.evidence(training=replace(rows, window_days={"f1": 91}))).status == "warning"
    assert check.run(plain.evidence(training=rows)).status == "warning"


def test_a_sound_programme_is_quiet(sound: Evidence) -> None:
    assert check.run(sound).status == "ok"


def test_a_column_that_is_not_to_be_scored_is_looked_at_in_training_alone() -> None:
    rows = plain.rows()
    other = replace(rows, names=("f0", "g1", "f2"))
    assert check.run(plain.evidence(training=rows, scoring=other)).status == "ok"


def test_with_hardly_a_row_it_does_not_apply() -> None:
    assert check.run(plain.evidence()).status == "not applicable"
    assert check.run(plain.evidence(training=plain.rows(4))).status == "not applicable"
    rows = plain.rows()
    assert check.run(plain.evidence(training=replace(rows, names=(), x=rows.x[:, :0]))).status == "not applicable"
