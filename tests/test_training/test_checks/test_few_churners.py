"""TC-FEW-CHURNERS."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import plain_evidence as plain
import pytest

from training.checks import Evidence
from training.checks.few_churners import FewChurners

check = FewChurners()


@pytest.mark.parametrize(
    ("left", "status"), [(0, "failed"), (1, "warning"), (99, "warning"), (100, "ok"), (200, "ok"), (201, "warning")]
)
def test_members_of_each_kind_are_counted(left: int, status: str) -> None:
    rows = plain.rows(300, cutoffs=1)
    assert check.run(plain.evidence(training=replace(rows, churned=rows.member < left))).status == status
    assert check.run(plain.evidence(training=replace(rows, churned=rows.member >= left))).status == status


def test_rows_of_one_member_count_once() -> None:
    rows = plain.rows(300, cutoffs=4)
    found = check.run(plain.evidence(training=replace(rows, churned=rows.member < 60)))
    assert (found.figures["rows that left"], found.figures["members that left"]) == (240, 60)
    assert found.status == "warning"
    assert "240 rows of 60 members left" in found.found


def test_a_sound_programme_is_quiet(sound: Evidence) -> None:
    assert check.run(sound).status == "ok"


def test_without_rows_it_does_not_apply() -> None:
    rows = plain.rows()
    empty = replace(rows, x=rows.x[:0], member=rows.member[:0], cutoff=rows.cutoff[:0], churned=np.empty(0, bool))
    for part in (None, replace(rows, churned=None), empty):
        assert check.run(plain.evidence(training=part)).status == "not applicable"
