"""TC-CONTRIBUTIONS."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import plain_evidence as plain
import pytest

from training.checks import Evidence, Explained
from training.checks.contributions import Contributions, gaps

check = Contributions()


def explained(n: int = 40) -> Explained:
    rng = np.random.default_rng(0)
    parts, season, process = rng.normal(size=(n, 5)), rng.normal(size=n), rng.normal(size=n)
    total = -1.25 + parts.sum(axis=1) + season + process
    return Explained("log-odds of leaving", -1.25, parts, total, {"season": season, "purchase process": process})


def test_what_adds_up_is_quiet() -> None:
    found = check.run(plain.evidence(explained=(explained(), replace(explained(), name="log money"))))
    assert found.status == "ok"
    assert found.found.startswith("80 explanations add up")


@pytest.mark.parametrize(
    "fault",
    [
        {"base": -1.2500001},
        {"terms": {}},
        {"total": explained().total + np.eye(1, 40, 7)[0] * 1e-6},
        {"contributions": np.where(np.arange(40)[:, None] == 3, np.nan, explained().contributions)},
        {"contributions": explained().contributions[:-1]},
        {"contributions": explained().contributions[:, 0]},
        {"terms": {"season": np.zeros(3)}},
        {"total": np.full(40, np.inf)},
    ],
)
def test_what_does_not_add_up_fails(fault: dict[str, Any]) -> None:
    found = check.run(plain.evidence(explained=(explained(), replace(explained(), name="log money", **fault))))
    assert found.status == "failed"
    assert found.found.startswith("log money: ")
    assert "log-odds" not in found.found


def test_one_row_that_is_off_is_counted() -> None:
    part = explained()
    total = part.total.copy()
    total[7] += 0.01
    found = check.run(plain.evidence(explained=(replace(part, total=total),)))
    assert "1 of 40 rows are off" in found.found


def test_rounding_of_large_terms_is_no_fault() -> None:
    """Terms of a million that cancel: the sum's last bits are theirs."""
    part = explained()
    large = replace(part, terms={**part.terms, "up": np.full(40, 1e6), "down": np.full(40, -1e6)})
    found = gaps(large)
    assert found is not None
    assert 0 < found.max() < 1e-12


def test_a_base_may_differ_by_row() -> None:
    part = explained()
    base = np.linspace(-1, 1, 40)
    assert check.run(plain.evidence(explained=(replace(part, base=base, total=part.total + 1.25 + base),))).status == "ok"


def test_a_sound_programme_is_quiet(sound: Evidence) -> None:
    assert check.run(sound).status == "ok"


def test_without_reasons_it_does_not_apply() -> None:
    assert check.run(plain.evidence()).status == "not applicable"
    assert check.run(plain.evidence(explained=(explained(0),))).status == "not applicable"
