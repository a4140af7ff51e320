from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from effects import CATALOGUE

from features.errors import ConfigError, ConflictError
from retention.effect.believed import Base, as_log_odds
from retention.effect.difference import Difference
from retention.effect.findings import Findings, Found
from retention.effect.learned import Evidence, evidence, learn
from retention.effect.posterior import Belief, updated

SEEN = Evidence(
    {("call", "return"): Belief(0.1, 0.03), ("call", "spend"): Belief(6.0, 2.4), ("call", "tier"): Belief(0.1, 0.1)},
    {"call": Base(0.4, 20.0)},
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "actions.yaml"
    path.write_text(CATALOGUE, encoding="utf-8")
    return path


def test_posteriors_take_the_priors_place(file: Path) -> None:
    learned = learn(file, SEEN, "spring")
    assert [one.key for one in learned] == ["return", "spend"]  # what a tier is worth is not in this catalogue
    effect = yaml.safe_load(file.read_text(encoding="utf-8"))["actions"][0]["effect"]
    after = updated(Belief(0.05, 0.05), Belief(0.1, 0.03))
    assert effect["return"] == {
        "mean": pytest.approx(after.mean, rel=1e-5),
        "sd": pytest.approx(after.sd, rel=1e-5),
        "scale": "points",
        "source": "measured",
        "campaign": "spring",
    }
    assert effect["spend"]["scale"] == "per_member"
    assert learned[1].before is not None  # a return brings 20 / 0.4; what is spent besides is half as uncertain
    assert (learned[1].before.mean, learned[1].before.sd) == pytest.approx((2.5, 50 * 0.05 * 1.25**0.5))
    besides = updated(Belief(0.0, 1.25), Belief(6.0 - 5.0, (2.4**2 - 1.5**2) ** 0.5))
    assert learned[1].after.mean == pytest.approx(50 * after.mean + besides.mean, rel=1e-4)
    assert learned[1].after.sd == pytest.approx(((50 * after.sd) ** 2 + besides.sd**2) ** 0.5, rel=1e-4)
    text = file.read_text(encoding="utf-8")
    assert text.startswith("campaign: spring   # the first\n")
    assert text.splitlines()[9:] == CATALOGUE.splitlines()[9:]
    assert text.splitlines()[8].endswith("# a guess")


def test_a_second_campaign_adds_to_the_first_and_none_counts_twice(file: Path) -> None:
    learn(file, SEEN, "spring")
    before = file.read_text(encoding="utf-8")
    with pytest.raises(ConflictError, match="learned from once"):
        learn(file, SEEN, "spring")
    assert file.read_text(encoding="utf-8") == before
    [first, _] = learn(file, SEEN, "autumn")
    assert first.after.sd < first.before.sd if first.before else False
    assert (
        yaml.safe_load(file.read_text(encoding="utf-8"))["actions"][0]["effect"]["return"]["campaign"] == "spring + autumn"
    )


def test_a_prior_in_log_odds_stays_so(file: Path) -> None:
    text = CATALOGUE.replace("sd: 0.05}}", "sd: 0.05, scale: log_odds}}")
    file.write_text(text, encoding="utf-8")
    [found, _] = learn(file, SEEN, "spring")
    assert (found.scale, found.before) == ("log_odds", Belief(0.05, 0.05))
    assert found.measured == as_log_odds(Belief(0.1, 0.03), 0.4)
    effect = yaml.safe_load(file.read_text(encoding="utf-8"))["actions"][0]["effect"]["return"]
    assert effect["scale"] == "log_odds"
    assert effect["mean"] == pytest.approx(found.after.mean, rel=1e-5)


def test_a_tier_is_learned_where_it_is_worth_something(file: Path) -> None:
    file.write_text(CATALOGUE + "tier_is_worth: {Gold: 20}\n", encoding="utf-8")
    assert learn(file, SEEN, "spring")[-1].key == "tier"


def test_what_is_refused(file: Path) -> None:
    other = Evidence({("gift", "return"): Belief(0.1, 0.1)}, {"gift": Base(0.5, 1.0)})
    with pytest.raises(ConfigError, match="actions of the catalogue; got 'gift'"):
        learn(file, other, "spring")
    shared = CATALOGUE.replace("effect: {return: {mean: 0.01, sd: 0.01}}", "effect: *same")
    file.write_text(shared.replace("effect: {return: {mean: 0.05", "effect: &same {return: {mean: 0.05"), encoding="utf-8")
    with pytest.raises(ConfigError, match="YAML anchor"):
        learn(file, SEEN, "spring")
    file.write_text("campaign: spring\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="lists actions"):
        learn(file, SEEN, "spring")


def test_evidence_is_that_of_the_actions() -> None:
    one = Difference(0.1, 0.03, 0.04, 0.16, 0.01, 90, 30, 0.4, "t")
    few = Difference(*(float("nan"),) * 5, 90, 3, 20.0, "too few")
    rows = [("action", "call", "returned", one), ("action", "call", "spend", few), ("tier", "Gold", "returned", one)]
    found = tuple(Found("treated", outcome, by, name, own, own, own.p, 0.1) for by, name, outcome, own in rows)
    seen = evidence(Findings("hold-out", {}, frozenset(), (), (), found), "treated")
    assert seen == Evidence({("call", "return"): Belief(0.1, 0.03)}, {"call": Base(0.4, 20.0)})


def test_line_ends_stay(file: Path) -> None:
    file.write_bytes(CATALOGUE.replace("\n", "\r\n").encode())
    learn(file, SEEN, "spring")
    content = file.read_bytes()
    assert content.count(b"\r\n") == content.count(b"\n") == CATALOGUE.count("\n")
