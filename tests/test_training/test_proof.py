from __future__ import annotations

import dataclasses
import json

import pytest

from training.backtest import Origin
from training.grade import RULE
from training.proof import Proof, to_png
from training.proof_plots import drawings
from training.slices import to_text as slices_text


@pytest.fixture(scope="module")
def proof(small_origins: list[Origin]) -> Proof:
    return Proof.of(small_origins)


def test_the_grade_comes_first_and_its_rule_with_it(proof: Proof) -> None:
    lines = proof.to_text().splitlines()
    assert lines[0].startswith("churn: ")
    assert any(line.startswith("next tier: ") for line in lines)
    assert RULE.split(".")[0] in " ".join(lines).replace("  ", " ")
    assert max(map(len, lines)) <= 140
    assert "churn, all cutoffs" in lines


def test_a_kind_whose_level_is_off_is_named(proof: Proof) -> None:
    part = proof.slices[1]
    wrong = [
        dataclasses.replace(
            part, name=f"kind {k}", small=False, off=dataclasses.replace(part.off, value=0.1 + k / 100, low=0.05, high=0.2)
        )
        for k in range(5)
    ]
    text = " ".join(dataclasses.replace(proof, slices=wrong).to_text().split())
    assert "churn's level is off for tier (kind 4): " in text
    assert text.count("forecast, 0") == 3
    assert "and 2 more." in text
    assert "is off for" not in dataclasses.replace(proof, slices=[]).to_text()


def test_without_an_outcome_there_is_no_grade_to_read(proof: Proof) -> None:
    blind = Proof.of([dataclasses.replace(origin, labels=None) for origin in proof.origins])
    assert blind.to_text().startswith("No cutoff's horizon lies inside the log")
    assert [grade.word for grade in blind.grades] == ["not known"]
    assert blind.pictures() == {}
    assert blind.to_records()["scores"] == blind.to_records()["slices"] == []


def test_records_are_plain_and_name_no_member(proof: Proof) -> None:
    records = proof.to_records()
    text = json.dumps(records, allow_nan=False)
    assert json.loads(text) == records
    assert list(records) == ["rule", "grades", "scores", "slices"]
    everything = text + proof.to_text() + slices_text(proof.slices)
    assert not any(str(member) in everything for member in proof.origins[0].forecasts.members)


def test_pictures_are_png_and_the_same_twice(proof: Proof) -> None:
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    first = proof.pictures()
    assert plt.get_fignums() == before
    again = drawings(proof.origins, proof.scores, proof.slices)
    assert to_png(again["lift"]()) == first["lift"]
    assert {"reliability", "lift", "tiers", "tiers-kept", "cutoffs", "slices"} <= first.keys()
    assert all(png.startswith(b"\x89PNG") for png in first.values())
    assert b"Software" not in to_png(plt.figure())
