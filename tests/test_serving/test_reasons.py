from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.feature import Feature, Unit
from features.registry import registered
from serving.reasons import plural, sentence, top_reasons, worded
from training.terms import TERMS, Term

ALL: tuple[Feature | Term, ...] = (*registered(), *TERMS)
FINITE = st.floats(-1e9, 1e9, allow_nan=False)
CONTRIBUTIONS = st.lists(st.one_of(FINITE, st.just(0.0)), min_size=len(ALL), max_size=len(ALL)).map(np.array)
VALUES = st.lists(st.one_of(FINITE, st.just(math.nan)), min_size=len(ALL), max_size=len(ALL)).map(np.array)


@given(VALUES, CONTRIBUTIONS, st.integers(0, 40))
def test_reasons_are_the_largest_contributions_of_different_families(
    values: np.ndarray, contributions: np.ndarray, most: int
) -> None:
    found = top_reasons(ALL, values, contributions, most=most, language="en")
    sizes = [abs(reason.contribution) for reason in found]
    assert sizes == sorted(sizes, reverse=True)
    moving = {feature.name: abs(c) for feature, c in zip(ALL, contributions.tolist(), strict=True) if c != 0.0}
    assert len(found) == min(most, len(moving))
    if found:
        assert sizes[0] == max(moving.values())
    family = {feature.name: feature.family or feature.name for feature in ALL}
    told = [family[reason.feature] for reason in found]
    if len(set(told)) < len(told):  # a second of one family only after one of each
        assert set(told) == {family[name] for name in moving}
    for reason in found:  # and within a family the largest
        left = {name for name in moving if family[name] == family[reason.feature]} - {other.feature for other in found}
        assert all(moving[name] <= abs(reason.contribution) for name in left)


@given(VALUES, CONTRIBUTIONS)
def test_a_reason_holds_the_value_and_the_contribution(values: np.ndarray, contributions: np.ndarray) -> None:
    found = top_reasons(ALL, values, contributions, most=len(ALL), language="zh")
    own = {feature.name: pair for feature, pair in zip(ALL, zip(values, contributions, strict=True), strict=True)}
    for reason in found:
        value, contribution = own[reason.feature]
        assert reason.contribution == contribution
        assert (reason.value is None) if math.isnan(value) else (reason.value == value)


@pytest.mark.parametrize("feature", ALL, ids=lambda feature: feature.name)
@pytest.mark.parametrize("value", [math.nan, 0.0, 1.0, 2.5, -3.0, 1234.5])
def test_every_feature_says_a_whole_sentence_in_both_languages(feature: Feature | Term, value: float) -> None:
    for contribution, en, zh in ((0.5, "raises", "上升"), (-0.5, "lowers", "下降")):
        english = sentence(feature, value, contribution, "en")
        assert english.endswith(f": {en} the risk of leaving.")
        assert english[0] == english[0].upper()
        chinese = sentence(feature, value, contribution, "zh")
        assert chinese.endswith(f"：流失风险{zh}。")
        for text in (english, chinese):
            assert "{" not in text
            assert "nan" not in text


@pytest.mark.parametrize(
    ("value", "unit", "en", "zh"),
    [
        (1.0, Unit.DAYS, "1 day", "1 天"),
        (45.0, Unit.DAYS, "45 days", "45 天"),
        (6.25, Unit.DAYS, "6.2 days", "6.2 天"),
        (0.0, Unit.MONEY, "0.00", "0.00"),
        (-12.345, Unit.MONEY, "-12.35", "-12.35"),
        (0.834, Unit.SHARE, "83 %", "83 %"),
        (0.0, Unit.SHARE, "0 %", "0 %"),
        (0.0, Unit.CHANCE, "under 1 %", "1 % 以下"),
        (0.0099, Unit.CHANCE, "under 1 %", "1 % 以下"),
        (0.01, Unit.CHANCE, "1 %", "1 %"),
        (0.18, Unit.CHANCE, "18 %", "18 %"),
        (0.99, Unit.CHANCE, "99 %", "99 %"),
        (0.9901, Unit.CHANCE, "over 99 %", "99 % 以上"),
        (1.0, Unit.CHANCE, "over 99 %", "99 % 以上"),
        (2.5, Unit.RATIO, "2.5 times", "2.5 倍"),
        (1.0, Unit.RATIO, "1.0 times", "1.0 倍"),
        (0.0, Unit.NATS, "1.0", "1.0"),
        (math.log(4.5), Unit.NATS, "4.5", "4.5"),
        (1234.5, Unit.COUNT, "1,234", "1,234"),
    ],
)
def test_values_are_worded_with_their_unit(value: float, unit: Unit, en: str, zh: str) -> None:
    assert worded(value, unit, "en") == en
    assert worded(value, unit, "zh") == zh


def test_only_one_is_singular() -> None:
    assert [plural(value) for value in (0.0, 1.0, 1.5, 2.0)] == ["s", "", "s", "s"]


@pytest.mark.parametrize(
    ("name", "value", "contribution", "en", "zh"),
    [
        (
            *("buying_rhythm", 0.18, 0.4),
            "Going by their buying rhythm alone, 18 % likely to buy in the period ahead: raises the risk of leaving.",
            "仅按购买节奏看，预测期内再次购买的可能性为 18 %：流失风险上升。",
        ),
        (
            *("buying_rhythm", 1.0, -0.4),
            "Going by their buying rhythm alone, over 99 % likely to buy in the period ahead: lowers the risk of leaving.",
            "仅按购买节奏看，预测期内再次购买的可能性为 99 % 以上：流失风险下降。",
        ),
        (
            *("season", 1.3, 0.26),
            "At this time of year members' odds of leaving are 1.3 times the usual: raises the risk of leaving.",
            "每年这个时候，会员流失的几率是平时的 1.3 倍：流失风险上升。",
        ),
    ],
)
def test_what_is_no_feature_is_told_in_words_too(name: str, value: float, contribution: float, en: str, zh: str) -> None:
    (term,) = (term for term in TERMS if term.name == name)
    assert sentence(term, value, contribution, "en") == en
    assert sentence(term, value, contribution, "zh") == zh


def test_a_term_is_a_reason_among_features() -> None:
    values, contributions = np.ones(len(ALL)), np.full(len(ALL), 0.1)
    contributions[-2:] = 0.7, -0.5
    found = top_reasons(ALL, values, contributions, most=3, language="en")
    assert [reason.feature for reason in found[:2]] == ["buying_rhythm", "season"]
