from __future__ import annotations

import math

from retention.effect.checks import Balance, SampleRatio
from retention.effect.refusal import no_hold_out, refusals

FAIR = Balance({"p_churn": 0.02}, 0.6)


def test_nothing_is_said_against_a_fair_trial() -> None:
    ratio = SampleRatio("all", (100, 900), (101.0, 899.0), 0.7)
    assert refusals("treated", [ratio], FAIR) == []
    assert refusals("treated", [], Balance({}, math.nan)) == []


def test_the_stratum_that_is_furthest_off_is_told() -> None:
    ratios = [SampleRatio(name, (9, 1), (1.0, 9.0), p) for name, p in (("Gold", 1e-5), ("Member", 1e-8), ("all", 1e-7))]
    [found] = refusals("treated", ratios, FAIR)
    assert found.reason == "sample_ratio"
    assert "9 members of 'Member' are in the control and 1 were meant to be (by lot, p < 0.000001)" in found.said.en


def test_a_treatment_that_followed_the_forecast_is_called_so() -> None:
    [found] = refusals("treated", [], Balance({"spend": 0.1, "p_churn": -0.8}, 0.0))
    assert found.reason == "followed"
    assert "who was treated followed 'p_churn': -0.80 standard deviations before" in found.said.en
    assert "p_churn 相差 -0.80" in found.said.zh
    assert refusals("treated", [], Balance({"p_churn": -0.8}, 0.005))[0].reason == "followed"  # a small arm
    assert refusals("treated", [], Balance({"p_churn": -0.4}, 0.005)) == []
    [other] = refusals("treated", [], Balance({"spend": 0.1}, 0.0005))
    assert other.reason == "not_alike"
    assert "(by lot, p = 0.000500)" in other.said.en


def test_nobody_held_out() -> None:
    assert "all 1,200 members were treated and nobody was held out" in no_hold_out("treated", 1200).said.en
