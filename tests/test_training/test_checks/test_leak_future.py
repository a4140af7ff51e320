"""TC-LEAK-FUTURE."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import plain_evidence as plain
import pytest
import simulated

from features.feature_table import build
from features.histories import Histories
from features.operators import Floats
from features.snapshot import to_day
from training.checks import Evidence
from training.checks.evidence import Said
from training.checks.leak_future import LeakingFuture, sample

check = LeakingFuture()


def test_a_sound_programme_is_quiet(sound: Evidence) -> None:
    found = check.run(sound)
    assert found.status == "ok"
    assert found.figures["comparisons"] > 10_000


def test_a_model_of_visits_alone_is_quiet(visits_only: Histories, sound: Evidence) -> None:
    def describe(histories: Histories, cutoff: dt.date) -> Floats:
        return build(histories, [cutoff], **simulated.SPANS).x

    def forecast(histories: Histories, cutoff: dt.date) -> Said:
        return {"features": describe(histories, cutoff)}

    assert check.run(replace(sound, histories=visits_only, forecast=forecast, training=None)).status == "ok"


@pytest.mark.parametrize("what", ["rows of the next week", "the number of rows", "who is in the log", "the log's end"])
def test_a_forecast_that_reads_the_future_fails(sound: Evidence, what: str) -> None:
    """Each way in which a fit or a feature may look past its cutoff."""

    def forecast(histories: Histories, cutoff: dt.date) -> Said:
        assert sound.forecast is not None
        said = dict(sound.forecast(histories, cutoff))
        day = to_day(cutoff)
        known = {
            "rows of the next week": float(((histories.visits.day >= day) & (histories.visits.day < day + 7)).sum()),
            "the number of rows": float(len(histories.visits.day)),
            "who is in the log": float(np.log1p(histories.visits.values["gross"].max())),
            "the log's end": float(histories.end_day),
        }[what]
        return {**said, "p_churn": np.clip(said["p_churn"] + 1e-15 * known, 0, 1)}

    found = check.run(replace(sound, forecast=forecast))
    assert found.status == "failed"
    assert "p_churn" in found.found
    assert "expected_spend" not in found.found
    assert found.table[0]["cutoff"] == (simulated.AS_OF - dt.timedelta(days=28)).isoformat()


def test_an_answer_that_is_gone_or_of_another_size_fails(sound: Evidence) -> None:
    def forecast(histories: Histories, cutoff: dt.date) -> Said:
        assert sound.forecast is not None
        said = dict(sound.forecast(histories, cutoff))
        return said if histories.end_day <= to_day(cutoff) else {"p_churn": said["p_churn"][1:]}

    assert check.run(replace(sound, forecast=forecast)).status == "failed"


def test_training_rows_described_with_their_future_fail(sound: Evidence) -> None:
    rows = sound.training
    assert rows is not None
    x = rows.x.copy()
    j = rows.names.index("visits_28d")
    oldest = np.flatnonzero(rows.cutoff == rows.cutoff.min())
    x[oldest, j] += 1
    found = check.run(replace(sound, training=replace(rows, x=x)))
    assert found.status == "failed"
    assert found.found == "With another future these change: visits_28d (training rows)."
    assert found.figures["changed"] == 1


def test_a_description_of_other_members_fails(sound: Evidence) -> None:
    def describe(histories: Histories, cutoff: dt.date) -> Floats:
        assert sound.describe is not None
        return sound.describe(histories, cutoff)[1:]

    found = check.run(replace(sound, describe=describe))
    assert found.found == "With another future these change: who is described at a training cutoff."


def test_without_a_past_cutoff_it_does_not_apply(sound: Evidence) -> None:
    assert check.run(plain.evidence()).status == "not applicable"
    early = replace(sound, as_of=simulated.FIRST + dt.timedelta(days=20), training=None)
    assert check.run(early).status == "not applicable"


def test_a_sample_is_the_same_every_time() -> None:
    many = np.arange(1_000) * 3
    drawn = sample(many)
    assert len(drawn) == 200
    assert np.array_equal(drawn, sample(many))
    assert np.array_equal(drawn, np.intersect1d(drawn, many))
    assert np.array_equal(sample(many[:200]), many[:200])
