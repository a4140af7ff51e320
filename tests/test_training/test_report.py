from __future__ import annotations

import base64
import dataclasses
import re
from html.parser import HTMLParser

import pytest
import simulated

from training.backtest import OURS, Origin
from training.metrics import Estimate
from training.proof import Proof
from training.report import to_html

HOSTILE = "<script>alert('x')</script> & \"Gold\""
PNG = {"reliability": b"\x89PNG one", "made up": b"\x89PNG two"}


class Page(HTMLParser):
    """Tags that are open, all that were met, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def proof(small_origins: list[Origin]) -> Proof:
    first = simulated.NET.tiers[0].model_copy(update={"name": HOSTILE})
    policy = simulated.NET.model_copy(update={"tiers": (first, *simulated.NET.tiers[1:])})
    named = []
    for origin in small_origins:
        table = dataclasses.replace(origin.forecasts.table, policy=policy)
        named.append(dataclasses.replace(origin, forecasts=dataclasses.replace(origin.forecasts, table=table)))
    return Proof.of(named)


@pytest.fixture(scope="module")
def page(proof: Proof) -> str:
    return to_html(proof, {"programme": HOSTILE, "log": "a <b> log"}, PNG)


def test_it_is_a_page_whose_tags_close(page: str) -> None:
    read = Page(page)
    assert read.open == []
    assert page.startswith("<!doctype html>")


def test_it_needs_nothing_else(page: str) -> None:
    read = Page(page)
    assert {"script", "link", "iframe", "object", "form"}.isdisjoint(tag for tag, _ in read.tags)
    sources = [attributes["src"] for tag, attributes in read.tags if "src" in attributes]
    assert [base64.b64decode(str(source).removeprefix("data:image/png;base64,")) for source in sources] == list(PNG.values())
    assert not any("href" in attributes for _, attributes in read.tags)
    assert not re.search(r"https?:|url\(|@import", page)
    assert "default-src 'none'" in page


def test_words_of_others_are_shown_and_not_obeyed(page: str) -> None:
    assert HOSTILE not in page
    text = Page(page).text
    assert text.count(HOSTILE) >= 3  # the title twice, and the tier
    assert "a <b> log" in text


def test_the_grade_and_its_rule_stand_on_top(proof: Proof, page: str) -> None:
    text = Page(page).text
    places = [text.index(f"{grade.target}: {grade.word}") for grade in proof.grades]
    assert places == sorted(places)
    assert places[-1] < text.index("Good: beats every simple rule") < text.index("Figures, with 95 % intervals")


def test_every_figure_is_in_it(proof: Proof, page: str) -> None:
    text = Page(page).text
    for score in proof.scores:
        assert score.metric in text
        assert score.model in text
    ours = [score for score in proof.scores if score.model == OURS and score.metric == "Brier"]
    assert all(f"{score.estimate.value:.4f}" in text for score in ours)
    assert text.index("churn, all cutoffs") < text.index(f"churn, cutoff {proof.origins[0].cutoff}")
    assert all(f"{part.by}: {part.name}" in text for part in proof.slices)
    small = sum(attributes.get("class") == "small" for tag, attributes in Page(page).tags if tag == "tr")
    assert small == sum(part.small for part in proof.slices) > 0


def test_what_a_reader_wants_first_is_not_folded_away(proof: Proof, page: str) -> None:
    folded = re.findall(r"<details><summary>(.*?)</summary>.*?</details>", page, re.DOTALL)
    dates = [str(origin.cutoff) for origin in proof.origins]
    assert folded == [f"{target}, cutoff {date}" for target in ("churn", "next tier", "spend") for date in dates]
    churn = page[page.index("churn, all cutoffs") :]
    columns = re.findall(r"<th>(.*?)</th>", churn[: churn.index("</thead>")])
    assert columns[:5] == ["", "log loss", "better by", "AUC", "AUC better by"]
    assert set(columns[1:]) == {score.metric for score in proof.scores if score.target == "churn"}
    assert "<details>" not in to_html(Proof.of(proof.origins[:1]), {}, {})


def test_who_is_off_stands_beside_the_grade(proof: Proof) -> None:
    part = dataclasses.replace(proof.slices[0], by="tier", name=HOSTILE, off=Estimate(0.2, 0.1, 0.3), small=False)
    text = Page(to_html(dataclasses.replace(proof, slices=[part]), {}, {})).text
    assert f"But churn's level is off for tier ({HOSTILE})" in text
    right = dataclasses.replace(part, off=Estimate(0.0, -0.1, 0.1))
    assert "level is off" not in Page(to_html(dataclasses.replace(proof, slices=[right]), {}, {})).text


def test_it_names_no_member(proof: Proof, page: str) -> None:
    text = Page(page).text
    assert not any(re.search(rf"\b{member}\b", text) for member in proof.origins[0].forecasts.members)


def test_without_an_outcome_it_says_so(proof: Proof) -> None:
    blind = Proof.of([dataclasses.replace(origin, labels=None) for origin in proof.origins])
    text = Page(to_html(blind, {}, {})).text
    assert "no outcome to score yet" in text
    assert "churn: not known" in text
    assert "Pictures" not in text
