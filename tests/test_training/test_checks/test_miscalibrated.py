"""TC-MISCALIBRATED."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import plain_evidence as plain
import pytest

from training.checks import Evidence
from training.checks.miscalibrated import Miscalibrated

check = Miscalibrated()


@pytest.mark.parametrize("seed", range(20))
def test_forecasts_that_come_true_are_quiet(seed: int) -> None:
    sizes = (60, 300, 3_000, 20_000)
    found = check.run(plain.evidence(outcomes=(plain.outcome(sizes[seed % 4], seed=seed),)))
    assert found.status == "ok", found.found


@pytest.mark.parametrize(
    ("shift", "status"), [(0.05, "ok"), (0.4, "warning"), (-0.4, "warning"), (1.2, "failed"), (-1.5, "failed")]
)
def test_a_level_that_is_off(shift: float, status: str) -> None:
    found = check.run(plain.evidence(outcomes=(plain.outcome(5_000, shift=shift),)))
    assert found.status == status
    if status != "ok":
        assert ("fewer left than forecast" if shift > 0 else "more left than forecast") in found.found
        assert found.figures["error_low"] <= found.figures["error"] <= found.figures["error_high"]


@pytest.mark.parametrize(("stretch", "status"), [(0.6, "warning"), (1.6, "warning"), (4.0, "failed"), (-1.0, "failed")])
def test_a_model_too_sure_or_too_shy(stretch: float, status: str) -> None:
    found = check.run(plain.evidence(outcomes=(plain.outcome(5_000, stretch=stretch),)))
    assert found.status == status
    assert "lope" in found.found
    if stretch > 0:
        assert found.figures["slope"] == pytest.approx(1 / stretch, abs=0.1)


def test_an_error_that_level_and_slope_do_not_see() -> None:
    """Right on average and in slope, wrong in the middle and at both ends."""
    rng = np.random.default_rng(0)
    z = rng.uniform(-2, 2, 20_000)
    one = plain.outcome(20_000)
    bent = replace(
        one, churn={plain.OURS: plain.probability(z)}, churned=rng.random(20_000) < plain.probability(z + np.sin(3 * z))
    )
    found = check.run(plain.evidence(outcomes=(bent,)))
    assert found.status == "warning"
    assert "calibration error is" in found.found.lower()
    assert found.figures["ECE"] > 0.1 > found.figures["ECE_by_chance_99"]


def test_small_samples_are_not_blamed_for_their_noise() -> None:
    found = check.run(plain.evidence(outcomes=(plain.outcome(100, seed=3),)))
    assert found.figures["ECE"] > 0.05
    assert found.status == "ok"


def test_a_sound_programme_is_quiet(sound: Evidence) -> None:
    assert check.run(sound).status == "ok"


def test_everybody_gone_and_everybody_alike_are_looked_at() -> None:
    one = plain.outcome(500)
    alike = replace(one, churn={plain.OURS: np.full(500, one.churned.mean())})
    assert check.run(plain.evidence(outcomes=(alike,))).status == "ok"
    gone = replace(one, churned=np.ones(500, bool))
    assert check.run(plain.evidence(outcomes=(gone,))).status == "failed"


def test_what_cannot_be_measured_does_not_apply() -> None:
    assert check.run(plain.evidence()).status == "not applicable"
    assert check.run(plain.evidence(outcomes=(plain.outcome(49),))).status == "not applicable"
    bad = replace(plain.outcome(), churn={plain.OURS: np.full(2_000, np.nan)})
    assert "TC-INCOHERENT" in check.run(plain.evidence(outcomes=(bad,))).found
