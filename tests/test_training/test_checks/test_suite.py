"""All checks together: on a sound programme, on nothing, and on what is odd."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import replace

import numpy as np
import plain_evidence as plain
import pytest
import simulated

from features.daily import DailyRow
from training import checks
from training.checks import Answers, Check, Evidence, Explained, Finding, all_checks, run_checks, to_plain, worst

CODES = [
    *("TC-LEAK-FEATURE", "TC-LEAK-FUTURE", "TC-WORSE-RULE", "TC-MISCALIBRATED", "TC-UNSTABLE", "TC-SEASON", "TC-DRIFT"),
    *("TC-FEW-CHURNERS", "TC-DUPLICATES", "TC-EMPTY-FEATURE", "TC-CONTRIBUTIONS", "TC-INCOHERENT"),
]


def test_codes() -> None:
    assert [check.code for check in all_checks()] == CODES


def test_public_names() -> None:
    assert [name for name in checks.__all__ if not hasattr(checks, name)] == []
    assert checks.__all__ == sorted(checks.__all__, key=lambda name: (name.islower(), name))


def test_a_sound_programme_is_quiet(sound: Evidence) -> None:
    findings = run_checks(sound)
    assert [finding.status for finding in findings] == ["ok"] * len(CODES), [f.found for f in findings if f.status != "ok"]
    json.dumps(to_plain(findings), allow_nan=False)


def test_of_nothing_each_says_why_it_does_not_apply() -> None:
    findings = run_checks(plain.evidence())
    assert {finding.status for finding in findings} == {"not applicable"}
    assert all(len(finding.found) > 20 and not finding.fix for finding in findings)


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.code)
def test_what_is_found_is_a_sentence_and_what_to_do_is_said_when_something_is_wrong(check: Check, sound: Evidence) -> None:
    for evidence in (sound, plain.evidence(), *odd(sound)):
        found = check.run(evidence)
        assert found.code == check.code
        assert re.fullmatch(r"[A-Z0-9].*\.|[a-z_0-9].*\.", found.found), found.found
        assert bool(found.fix) == (found.status in ("warning", "failed"))
        assert not re.search(r"\bm\d{3}\b", str(found)), "no member is named"


def odd(sound: Evidence) -> list[Evidence]:
    """Evidence that makes no sense, which no check may break on."""
    training, scoring, answers = sound.training, sound.scoring, sound.answers
    assert training is not None
    assert scoring is not None
    assert answers is not None
    empty, training = training.take(np.empty(0, np.int64)), training.take(np.arange(0, len(training), 8))
    sound = replace(sound, training=training)
    visit: list[DailyRow] = [(simulated.FIRST, {"orders": 1, "gross": 0, "returned": 0})]
    back: list[DailyRow] = [(simulated.FIRST, {"orders": 0, "gross": 0, "returned": 9})]
    nan = {name: np.full(len(p), np.nan) for name, p in sound.outcomes[0].churn.items()}
    return [
        replace(sound, training=empty, scoring=empty, outcomes=()),
        replace(sound, training=replace(training, x=np.full_like(training.x, np.nan))),
        replace(
            sound, training=replace(training, x=np.full_like(training.x, np.inf), churned=np.arange(len(training)) % 3 > 0)
        ),
        replace(sound, training=replace(training, churned=np.ones(len(training), bool))),
        replace(sound, training=replace(training, names=(), x=training.x[:, :0])),
        replace(sound, scoring=replace(scoring, names=tuple(f"new_{name}" for name in scoring.names))),
        replace(sound, outcomes=tuple(replace(outcome, churn=nan) for outcome in sound.outcomes[:1])),
        replace(sound, outcomes=tuple(replace(outcome, churned=outcome.churned & False) for outcome in sound.outcomes)),
        replace(sound, histories=simulated.histories({"a": visit})),
        replace(sound, histories=simulated.histories({"a": back})),
        replace(sound, as_of=dt.date(1999, 1, 1)),
        replace(sound, as_of=dt.date(2050, 1, 1)),
        replace(sound, answers=Answers(np.array([np.nan]), np.zeros((1, 0)))),
        replace(sound, answers=replace(answers, p_churn=answers.p_churn[1:])),
        replace(sound, explained=(Explained("x", np.nan, np.zeros((1, 0)), np.zeros(1)),)),
        replace(sound, lookback_days=1),
    ]


def test_a_check_that_breaks_is_a_warning_and_stops_no_other() -> None:
    class Broken(Check):
        code, title, finds, remedy = "TC-BROKEN", "it breaks", "", "Mend it."

        def run(self, evidence: Evidence) -> Finding:
            raise KeyError("member 4711")

    findings = run_checks(plain.evidence(), [Broken(), *all_checks()])
    assert len(findings) == len(CODES) + 1
    assert worst(findings) == "warning"
    assert findings[0].found == "The check itself broke, with KeyError: what it looks for is not known."
