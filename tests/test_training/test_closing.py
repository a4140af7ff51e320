from __future__ import annotations

import dataclasses

import pytest

from training.checks import Finding
from training.checks.check import Status
from training.closing import closing
from training.grade import grades
from training.metrics import Estimate
from training.proof import Proof
from training.scoreboard import ALL, PAIRED_MAE, SPEND, Score
from training.train import Trained


@pytest.fixture(scope="module")
def proof(small_trained: Trained) -> Proof:
    origins, found = small_trained.origins, small_trained.scores
    return Proof(origins, found, [], grades(found, origins))


def finding(code: str, status: Status) -> Finding:
    return Finding(code, "title", status, "text")


def said(trained: Trained, proof: Proof, *findings: Finding) -> dict[str, str]:
    """Label → text."""
    found: dict[str, str] = {}
    head, *lines = closing(trained, proof, findings).splitlines()
    assert head == "In short"
    for line in lines:
        assert len(line) <= 138
        label = line[:13].strip()
        found[label or list(found)[-1]] = f"{found.get(label or list(found)[-1], '')} {line[13:]}".strip()
    return found


def test_all_that_was_learned_is_said_and_graded(small_trained: Trained, proof: Proof) -> None:
    found = said(small_trained, proof, finding("TC-A", "ok"))
    assert list(found) == ["learned", "leaving", "next tier", "spend", "checks"]
    assert found["learned"].startswith(
        "who buys nothing in 28 days, what is spent in them and which tier is held after them;"
    )
    assert found["leaving"].startswith(f"{proof.grades[0].word}. {proof.grades[0].why} Of a leaver and a stayer")
    assert found["next tier"] == f"{proof.grades[1].word}. {proof.grades[1].why}"
    assert found["checks"] == "1 ok."
    assert not any(str(member) in " ".join(found.values()) for member in small_trained.forecasts.members)


def test_what_to_mend_is_named_by_its_code_the_gravest_first(small_trained: Trained, proof: Proof) -> None:
    found: list[tuple[str, Status]] = [("TC-A", "warning"), ("TC-B", "ok"), ("TC-C", "failed"), ("TC-D", "warning")]
    checks = said(small_trained, proof, *(Finding(code, "title", status, "text") for code, status in found))["checks"]
    assert checks == "1 failed (TC-C), 2 warnings (TC-A, TC-D), 1 ok. What to do stands above, under Checks."
    assert said(small_trained, proof)["checks"] == "none were run."


def test_nothing_held_out_is_not_known_to_be_good(small_trained: Trained) -> None:
    blind = Proof([], [], [], grades([], []))
    found = said(dataclasses.replace(small_trained, origins=(), scores=[]), blind)
    assert list(found) == ["learned", "how good", "checks"]
    assert found["how good"].startswith("not known: no horizon was held out")


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [(0.5, 2.0, "it beats that"), (-2.0, -0.5, "it is beaten by that"), (-1.0, 1.0, "it cannot be told apart from that")],
)
def test_spend_is_held_against_the_best_rule(
    small_trained: Trained, proof: Proof, low: float, high: float, word: str
) -> None:
    near, far = Estimate(0.0, low, high), Estimate(9.0, 8.0, 10.0)
    found = [score for score in proof.scores if score.target != SPEND]
    for model, error, change in (("Tiercast", 60.0, None), ("pace", 59.5, near), ("rate", 1_069.0, far)):
        found.append(Score(ALL, SPEND, "MAE", model, Estimate(error, error, error)))
        found += [Score(ALL, SPEND, PAIRED_MAE, model, change)] if change else []
    spend = said(small_trained, dataclasses.replace(proof, scores=found))["spend"]
    assert spend.startswith("off by 60.00 a member on average, where the best simple rule, 'pace', is off by 59.50: ")
    assert f"{word} rule." in spend


def test_for_whom_the_level_is_off_is_said(small_trained: Trained, proof: Proof) -> None:
    full = Proof.of(small_trained.origins)
    off = Estimate(0.2, 0.1, 0.3)
    wrong = dataclasses.replace(proof, slices=[dataclasses.replace(full.slices[1], small=False, off=off)])
    assert said(small_trained, wrong)["beware"] == wrong.off
