from __future__ import annotations

import dataclasses
import re

import pytest
import simulated

from features.histories import Histories
from training.metrics import Estimate
from training.model_card import ModelFacts, card_text, finding_rows, findings_text
from training.scoreboard import PAIRED, Score
from training.train import Trained

SECTIONS = [
    "What it forecasts",
    "Data",
    "For whom",
    "Meant for",
    "Not to be used for",
    "How it was measured",
    "By parts of the members",
    "Checks",
    "Known limits",
]


@pytest.fixture(scope="module")
def facts(small_trained: Trained, small: Histories) -> ModelFacts:
    return ModelFacts.of(small_trained, small, "00ff00ff00ff00ff")


def section(card: str, title: str) -> str:
    return card.split(f"## {title}\n")[1].split("\n## ", maxsplit=1)[0]


def test_a_card_has_all_its_sections(facts: ModelFacts, small_trained: Trained) -> None:
    card = card_text(facts, small_trained.scores)
    assert card.startswith(f"# Model {small_trained.fitted.bundle.version}\n")
    assert re.findall(r"^## (.*)$", card, re.MULTILINE) == SECTIONS


def test_it_tells_the_data_and_the_policy(facts: ModelFacts, small: Histories, small_trained: Trained) -> None:
    data = section(card_text(facts, []), "Data")
    assert f"transactions of {len(small):,} members, 2020-01-01 to {small.span[1]}" in data
    assert f"{len(small_trained.fitted.data.table):,} rows" in data
    assert "`00ff00ff00ff00ff`" in data
    assert f"policy: Simulated, version `{simulated.NET.version}`" in data
    assert all(name in data for name in small_trained.fitted.data.table.names)


def test_it_tells_for_whom_and_what_not_for(facts: ModelFacts, small_trained: Trained) -> None:
    card = card_text(facts, [])
    population = section(card, "For whom")
    assert f"in the 91 days before the cutoff: {len(small_trained.forecasts.members):,} on 2020-12-26" in population
    refused = section(card, "Not to be used for")
    for said in ("prices", "refusing", "credit", "other horizons than 28 days", "without a purchase in the 91 days"):
        assert said in refused


def test_figures_stand_beside_the_baselines_with_their_intervals(facts: ModelFacts, small_trained: Trained) -> None:
    figures = section(card_text(facts, small_trained.scores), "How it was measured")
    (score,) = [
        score
        for score in small_trained.scores
        if (score.cutoff, score.target, score.metric, score.model) == ("all", "next tier", PAIRED, "Markov")
    ]
    (row,) = [line for line in figures.split("**next tier, all cutoffs**")[1].splitlines() if line.startswith("| Markov |")]
    assert str(score.estimate) in row
    assert "Held-out cutoffs: 2020-10-31, 2020-11-28." in figures


def test_a_figure_that_is_none_is_said_to_be(facts: ModelFacts) -> None:
    nan = float("nan")
    scores = [
        Score("2020-11-28", "churn", "AUC", "Tiercast", Estimate(nan, nan, nan)),
        Score("2020-11-28", "churn", "ECE", "Tiercast", Estimate(0.0123, nan, nan)),
    ]
    assert "| Tiercast | not available | 0.0123 |" in card_text(facts, scores)
    assert "Not measured: the log is too short" in card_text(facts, [])


def test_slices_and_checks_are_told_or_their_lack(facts: ModelFacts) -> None:
    without = card_text(facts, [])
    assert section(without, "By parts of the members").strip() == "Not measured."
    assert section(without, "Checks").strip() == "None were run."
    slices = [
        {"slice": "tier", "part": "Gold | old", "members": 41, "ECE": 0.12345, "note": None},
        {"slice": "tier", "part": "Silver", "members": 7, "ECE": float("nan"), "note": "small"},
    ]
    findings = finding_rows([{"code": "leakage", "status": "failed", "found": "an AUC of .99", "fix": "leave it out"}])
    card = card_text(facts, [], findings=findings, slices=slices)
    assert "| tier | Gold \\| old | 41 | 0.1235 |  |" in card
    assert "| tier | Silver | 7 |  | small |" in card
    assert "- **failed** leakage: an AUC of .99 To mend it: leave it out" in card


def test_without_money_nothing_is_said_of_spend(facts: ModelFacts) -> None:
    bare = dataclasses.replace(facts, has_amounts=False, forecasts_tiers=False)
    told = section(card_text(bare, []), "What it forecasts")
    assert "spend" not in told
    assert "no next tier: the policy counts something that is not forecast" in told
    assert "tier" not in section(card_text(dataclasses.replace(bare, policy=None), []), "What it forecasts")


def test_a_short_log_is_a_limit(facts: ModelFacts) -> None:
    long = dataclasses.replace(facts, first_day=facts.first_day.replace(year=2015))
    assert "no season was seen twice" in section(card_text(facts, []), "Known limits")
    assert "no season was seen twice" not in section(card_text(long, []), "Known limits")


def test_no_member_is_named(facts: ModelFacts, small_trained: Trained, small: Histories) -> None:
    card = card_text(facts, small_trained.scores)
    assert not [member for member in small.members if member in card]


def test_findings_come_from_objects_and_mappings() -> None:
    @dataclasses.dataclass(frozen=True, slots=True)
    class Finding:
        code: str
        status: str
        found: str
        fix: str | None = None

    rows = finding_rows([Finding("season", "not applicable", "one year"), {"code": "drift", "status": "passed"}])
    assert rows == [
        {"code": "season", "status": "not applicable", "found": "one year", "fix": ""},
        {"code": "drift", "status": "passed", "found": "", "fix": ""},
    ]
    assert findings_text(rows).splitlines()[0] == "not applicable season: one year"
