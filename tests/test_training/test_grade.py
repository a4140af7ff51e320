from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.backtest import OURS
from training.grade import RULE, TOLERANCE, grade, grades
from training.metrics import Estimate
from training.scoreboard import CHANCE, CHURN, PAIRED, TIER, Score

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
    found = grade(figures({"base rate": rate, "RFM table": rule}, error), CHURN)
    assert found.word == word
    assert why in found.why
    assert str(found).startswith(f"churn: {word}. ")
    assert word.capitalize() in RULE


estimates = st.tuples(st.floats(-0.2, 0.2), st.floats(0.0, 0.1)).map(lambda x: Estimate(x[0], x[0] - x[1], x[0] + x[1]))


@given(estimates, estimates, st.floats(0.0, 0.2), st.floats(0.0, 0.1))
def test_a_better_forecast_has_no_worse_grade(rate: Estimate, rule: Estimate, error: float, gain: float) -> None:
    order = ["not better than a simple rule", "fair", "good"]
    before = grade(figures({"base rate": rate, "RFM table": rule}, error), CHURN)
    lifted = {
        name: Estimate(e.value + gain, e.low + gain, e.high + gain) for name, e in (("base rate", rate), ("RFM table", rule))
    }
    after = grade(figures(lifted, max(error - gain, 0.0)), CHURN)
    assert order.index(after.word) >= order.index(before.word)


def test_all_cutoffs_together_count_or_else_the_newest() -> None:
    single = figures({"base rate": BELOW}, cutoff="2020-01-01") + figures({"base rate": ABOVE}, cutoff="2020-02-01")
    assert grade(single, CHURN).word == "good"
    assert grade(single + figures({"base rate": ROUND_0}), CHURN).word == "not better than a simple rule"


def test_what_was_not_scored_is_not_graded() -> None:
    (only,) = grades([])
    assert (only.target, only.word) == (CHURN, "not known")
    assert [found.target for found in grades(figures({"base rate": ABOVE}))] == [CHURN]
    tiers = [Score("all", TIER, PAIRED, "Markov", ABOVE)]
    churn, tier = grades(figures({"base rate": ABOVE}) + tiers)
    assert (churn.word, tier.word) == ("good", "not known")
    assert json.loads(json.dumps(churn.to_dict())) == {"target": CHURN, "word": "good", "why": churn.why}
