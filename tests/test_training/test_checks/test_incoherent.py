"""TC-INCOHERENT."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import plain_evidence as plain
import pytest

from training.checks import Answers, Evidence
from training.checks.incoherent import Incoherent

check = Incoherent()
N = 50
P_CHURN = np.linspace(0.02, 0.98, N)


def answers() -> Answers:
    """Two tiers above the first; the second is secured for every other member, and the third takes a purchase."""
    secured = np.arange(N) % 2
    p_tier = np.zeros((N, 3))
    p_tier[:, 2] = 0.5 * (1 - P_CHURN)
    p_tier[:, 1] = np.where(secured == 1, 1 - p_tier[:, 2], 0.3 * (1 - P_CHURN))
    p_tier[:, 0] = 1 - p_tier[:, 1:].sum(axis=1)
    need = np.column_stack([np.zeros(N, bool), secured == 0, np.ones(N, bool)])
    quantiles = {level: np.where(level > P_CHURN, 1.0 + 10 * (level - P_CHURN), 0.0) for level in (0.1, 0.5, 0.9)}
    return Answers(P_CHURN, p_tier, 40 * (1 - P_CHURN), secured, need, True, P_CHURN.copy(), quantiles)


def member(values: np.ndarray, number: float, at: Any = 10) -> np.ndarray:
    changed = values.copy()
    changed[at] = number
    return changed


def test_answers_that_agree_are_quiet() -> None:
    found = check.run(plain.evidence(answers=answers()))
    assert (found.status, found.found) == ("ok", f"{N} members keep all of 9 rules.")


GOOD = answers()
assert GOOD.p_tier is not None
assert GOOD.expected_spend is not None


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ({"p_churn": member(P_CHURN, 1.1)}, "p_churn is from 0 to 1"),
        ({"p_churn": member(P_CHURN, np.nan)}, "p_churn is from 0 to 1"),
        ({"p_tier": GOOD.p_tier * 1.001}, "tier probabilities sum to 1"),
        ({"p_tier": member(GOOD.p_tier, np.nan)}, "tier probabilities sum to 1"),
        ({"p_tier": GOOD.p_tier + np.array([0.0, 2.0, -2.0])}, "tier probabilities are from 0 to 1"),
        ({"p_tier": GOOD.p_tier[1:]}, "tiers have a row a member"),
        ({"p_tier": np.roll(GOOD.p_tier, -1, axis=1)}, "nothing below what is secured"),
        ({"secured": np.full(N, 2)}, "nothing below what is secured"),
        ({"need_purchase": np.ones((N, 3), bool)}, "no tier that takes a purchase is likelier than one"),
        ({"expected_spend": member(GOOD.expected_spend, -0.01)}, "expected spend is finite and at least 0"),
        ({"expected_spend": member(GOOD.expected_spend, np.inf)}, "expected spend is finite and at least 0"),
        ({"expected_spend": GOOD.expected_spend[1:]}, "expected spend is finite and at least 0"),
        ({"zero_mass": member(P_CHURN, 0.5)}, "no spend is as likely as leaving"),
        ({"zero_mass": P_CHURN[1:]}, "no spend is as likely as leaving"),
        ({"spend_quantiles": {0.1: np.ones(N), 0.9: np.zeros(N)}}, "quantiles of spend rise"),
        ({"spend_quantiles": {0.5: np.full(N, 3.0)}}, "spend is 0 up to the probability of leaving"),
        ({"spend_quantiles": {0.5: np.zeros(N)}}, "spend is 0 up to the probability of leaving"),
        ({"spend_quantiles": {0.5: np.ones(3)}}, "quantiles of spend have a row a member"),
    ],
)
def test_each_contradiction_fails(fault: dict[str, Any], rule: str) -> None:
    found = check.run(plain.evidence(answers=replace(answers(), **fault)))
    assert found.status == "failed"
    assert rule in found.found
    assert found.figures[rule] > 0


def test_one_member_is_counted() -> None:
    found = check.run(plain.evidence(answers=replace(answers(), expected_spend=member(40 * (1 - P_CHURN), -1.0))))
    assert found.found == "Of 50 members, so many break a rule: expected spend is finite and at least 0 (1)."


def test_a_secured_tier_may_be_lost_where_returns_count() -> None:
    assert GOOD.p_tier is not None
    slipped = GOOD.p_tier + np.where(np.arange(N)[:, None] % 2, [0.01, -0.01, 0.0], 0.0)
    assert check.run(plain.evidence(answers=replace(answers(), p_tier=slipped, keeps_secured=False))).status == "ok"
    assert check.run(plain.evidence(answers=replace(answers(), p_tier=slipped))).status == "failed"


def test_a_forecast_of_leaving_alone_is_looked_at() -> None:
    assert check.run(plain.evidence(answers=Answers(P_CHURN))).status == "ok"


def test_a_sound_programme_is_quiet(sound: Evidence) -> None:
    assert check.run(sound).status == "ok"


def test_without_a_forecast_it_does_not_apply() -> None:
    assert check.run(plain.evidence()).status == "not applicable"
    assert check.run(plain.evidence(answers=Answers(np.empty(0)))).status == "not applicable"
