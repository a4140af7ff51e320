from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.backtest import OURS, Origin
from training.grade import RULE, TOLERANCE, grade, grades
from training.metrics import Estimate
from training.scoreboard import CHANCE, CHURN, PAIRED, TIER, Score, scores

ABOVE, BELOW, ROUND_0 = Estimate(0.05, 0.02, 0.08), Estimate(-0.05, -0.08, -0.02), Estimate(0.01, -0.01, 0.03)


def figures(changes: dict[str, Estimate], error: float = 0.02, chance: float = 0.01, cutoff: str = "all") -> list[Score]:
    found = [Score(cutoff, CHURN, PAIRED, model, change) for model, change in changes.items()]
    found.append(Score(cutoff, CHURN, "ECE", OURS, Estimate(error, error, error)))
    found.append(Score(cutoff, CHURN, CHANCE, OURS, Estimate(chance, np.nan, np.nan)))
    return found


@pytest.mark.parametrize(
    ("rate", "rule", "error", "word", "why"),
    [
        (ABOVE, ABOVE, 0.02, "good", "beats all 2 simple rules"),
        (ABOVE, ABOVE, 0.01 + TOLERANCE, "good", "chance alone makes 0.010"),
        (ABOVE, ABOVE, 0.05, "fair", "its level is off"),
        (ABOVE, ROUND_0, 0.02, "fair", "cannot be told apart from 'RFM table'"),
        (ABOVE, BELOW, 0.02, "not better than a simple rule", "'RFM table' is better in log loss"),
        (ROUND_0, ABOVE, 0.02, "not better than a simple rule", "'base rate', which knows no member"),
        (BELOW, BELOW, 0.02, "not better than a simple rule", "'base rate', 'RFM table' are better"),
    ],
)
def test_the_rule(rate: Estimate, rule: Estimate, error: float, word: str, why: str) -> None:
    found = grade(figures({"base rate": rate, "RFM table": rule}, error), CHURN, 400, 100)
    assert found.word == word
    assert why in found.why
    assert str(found).startswith(f"churn: {word}. ")
    assert word.capitalize() in RULE


estimates = st.tuples(st.floats(-0.2, 0.2), st.floats(0.0, 0.1)).map(lambda x: Estimate(x[0], x[0] - x[1], x[0] + x[1]))


@given(estimates, estimates, st.floats(0.0, 0.2), st.floats(0.0, 0.1))
def test_a_better_forecast_has_no_worse_grade(rate: Estimate, rule: Estimate, error: float, gain: float) -> None:
    order = ["not better than a simple rule", "fair", "good"]
    before = grade(figures({"base rate": rate, "RFM table": rule}, error), CHURN, 400, 100)
    lifted = {
        name: Estimate(e.value + gain, e.low + gain, e.high + gain) for name, e in (("base rate", rate), ("RFM table", rule))
    }
    after = grade(figures(lifted, max(error - gain, 0.0)), CHURN, 400, 100)
    assert order.index(after.word) >= order.index(before.word)


def test_all_cutoffs_together_count_or_else_the_newest() -> None:
    single = figures({"base rate": BELOW}, cutoff="2020-01-01") + figures({"base rate": ABOVE}, cutoff="2020-02-01")
    assert grade(single, CHURN, 400, 100).word == "good"
    assert grade(single + figures({"base rate": ROUND_0}), CHURN, 400, 100).word == "not better than a simple rule"


@pytest.mark.parametrize(("rows", "changed"), [(99, 50), (400, 9), (400, 391), (400, 0), (0, 0)])
def test_few_outcomes_tell_nothing(rows: int, changed: int) -> None:
    found = grade(figures({"base rate": ABOVE}), CHURN, rows, changed)
    assert found.word == "not known"
    assert f"{rows} outcomes, {changed} who left and {rows - changed} who stayed" in found.why
    assert grade(figures({"base rate": ABOVE}), CHURN, 100, 10).word == "good"


def test_what_was_not_scored_is_not_graded(small_origins: list[Origin]) -> None:
    (only,) = grades([], [])
    assert (only.target, only.word) == (CHURN, "not known")
    found = scores(small_origins)
    assert [graded.target for graded in grades(found, small_origins)] == [CHURN, TIER]
    churn_alone = [score for score in found if score.target == CHURN]
    (churn,) = grades(churn_alone, small_origins)
    assert json.loads(json.dumps(churn.to_dict())) == {"target": CHURN, "word": churn.word, "why": churn.why}
    assert grade(found, TIER, 400, 100).word != "not known"
    assert grade(churn_alone, TIER, 400, 100).why == "No outcome could be compared with a simple rule."


def test_outcomes_are_counted_over_all_cutoffs(small_origins: list[Origin]) -> None:
    found = scores(small_origins)
    stayed = [
        dataclasses.replace(o, labels=dataclasses.replace(o.labels, visits=np.ones(len(o.forecasts.table), np.int64)))
        for o in small_origins
        if o.labels is not None
    ]
    rows = sum(len(origin.forecasts.table) for origin in small_origins)
    assert f"{rows} outcomes, 0 who left" in grades(found, stayed)[0].why
    held = [o.forecasts.table.state.tier for o in stayed if o.forecasts.table.state is not None]
    kept = [
        dataclasses.replace(o, labels=dataclasses.replace(o.labels, next_tier=tier))
        for o, tier in zip(stayed, held, strict=True)
        if o.labels is not None
    ]
    assert f"0 who changed their tier and {rows} who kept it" in grades(found, kept)[1].why
